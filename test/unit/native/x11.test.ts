// The capture of monitors and windows from a real X server, Xvfb.

import assert from "node:assert/strict";
import { after, afterEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import {
  type Capture,
  type CaptureConstraints,
  CaptureError,
  loadX11,
  SCREEN_ENDS,
} from "../../../native/index.ts";
import { startDisplay } from "../../support/browser/xvfb.ts";
import { assertNotGrown, heldResources, releasedResources } from "../../support/process/held-resources.ts";
import { type WatchedCapture, watchCapture } from "../../support/screen/watched-capture.ts";
import { startXClient } from "../../support/screen/x-client.ts";

const WIDTH = 1280;
const HEIGHT = 800;
const FULL: CaptureConstraints = { width: 1920, height: 1080, fps: 60 };
const WHITE = 0xff_ff_ff;
const BLACK = 0;
const LUMA = { white: 235, black: 16 };

const x11 = loadX11();
const display = await startDisplay(WIDTH, HEIGHT);
const client = await startXClient(display.name);
after(async () => {
  await client.end();
  await display.end();
});

/** An open capture keeps the process alive, also after a failed test. */
const open = new Set<Capture>();
afterEach(async () => {
  for (const capture of open) await capture.close();
  open.clear();
});

async function openScreen(
  id: string,
  constraints: CaptureConstraints = FULL,
  displayName = display.name,
): Promise<WatchedCapture> {
  const watched = await watchCapture((callbacks) => x11.open(displayName, id, constraints, callbacks));
  open.add(watched.capture);
  return watched;
}

async function monitorId(): Promise<string> {
  const [first] = await x11.list(display.name);
  assert.equal(first?.kind, "monitor");
  return first.id;
}

async function monitorIdBesides(name: string): Promise<string> {
  const list = await x11.list(display.name);
  return list.find(({ id }) => id.startsWith("monitor:") && id !== `monitor:${name}`)?.id ?? "";
}

const isNear = (luma: number, wanted: number) => Math.abs(luma - wanted) <= 2;

test("monitors come first, then windows with their titles", async () => {
  const window = await client.openWindow({ title: "A letter", x: 5, y: 5, width: 300, height: 200 });
  const list = await x11.list(display.name);
  assert.deepEqual(list[0], { ...list[0], kind: "monitor", width: WIDTH, height: HEIGHT });
  assert.deepEqual(list.slice(1), [
    { id: window, name: "A letter", kind: "window", isPrimary: false, width: 300, height: 200 },
  ]);
  await client.close(window);
  assert.equal((await x11.list(display.name)).length, 1);
});

test("without an X server, and for an unknown source, the failure says so", async () => {
  await assert.rejects(x11.list(":4711"), /there is no X server at ":4711"/);
  const ignore = () => undefined;
  const callbacks = { onFrame: ignore, onError: ignore };
  for (const id of ["monitor:none", "window:0x7fffff", "window:no number", "else"]) {
    await assert.rejects(
      x11.open(display.name, id, FULL, callbacks),
      (error) => error instanceof CaptureError && error.operation === SCREEN_ENDS.closed,
      id,
    );
  }
});

describe("a monitor", () => {
  test("is captured at its full size, and again when something is painted", async () => {
    const { capture, until } = await openScreen(await monitorId());
    await client.fill("root", WHITE, 100, 100, 50, 50);
    const seen = await until((frame) => isNear(frame.luma(120, 120), LUMA.white));
    assert.deepEqual([seen.width, seen.height], [WIDTH, HEIGHT]);
    assert.ok(isNear(seen.luma(99, 120), LUMA.black));
    await client.fill("root", BLACK, 100, 100, 50, 50);
    await until((frame) => isNear(frame.luma(120, 120), LUMA.black));
    await capture.close();
  });

  test("is scaled down to fit, with its aspect ratio kept", async () => {
    const { capture, until } = await openScreen(await monitorId(), { width: 640, height: 360, fps: 30 });
    await client.fill("root", WHITE, 0, 0, WIDTH / 2, HEIGHT);
    const seen = await until((frame) => isNear(frame.luma(100, 100), LUMA.white));
    assert.deepEqual([seen.width, seen.height], [576, 360]);
    assert.ok(isNear(seen.luma(280, 180), LUMA.white) && isNear(seen.luma(296, 180), LUMA.black));
    await client.fill("root", BLACK, 0, 0, WIDTH / 2, HEIGHT);
    await capture.close();
  });

  test("shows the pointer where it moves, and nothing of it where it was", async () => {
    await client.movePointer(700, 700);
    const { capture, until } = await openScreen(await monitorId());
    const isDrawn = (seen: Awaited<ReturnType<typeof until>>, x: number, y: number) => {
      for (let dy = -12; dy <= 12; dy += 1)
        for (let dx = -12; dx <= 12; dx += 1) if (!isNear(seen.luma(x + dx, y + dy), LUMA.black)) return true;
      return false;
    };
    await until((seen) => isDrawn(seen, 700, 700));
    await client.movePointer(300, 300);
    const moved = await until((seen) => isDrawn(seen, 300, 300));
    assert.equal(isDrawn(moved, 700, 700), false);
    await capture.close();
  });

  test("that nobody paints is captured far less often than one that moves", async () => {
    await client.movePointer(1000, 780);
    const { capture, until } = await openScreen(await monitorId(), { ...FULL, fps: 30 });
    await until(() => true);
    const painted = async (paint: boolean) => {
      const before = capture.counters().captured;
      for (let step = 0; step < 60; step += 1) {
        if (paint) await client.fill("root", step % 2 === 0 ? WHITE : BLACK, 10, 10, 20, 20);
        await delay(1000 / 30);
      }
      return capture.counters().captured - before;
    };
    const still = await painted(false);
    const moving = await painted(true);
    await client.fill("root", BLACK, 10, 10, 20, 20);
    assert.ok(still >= 1 && moving > 4 * still, `${still} frames while still, ${moving} while it moved`);
    await capture.close();
  });

  test("takes no frame after its close", async () => {
    const { capture, until } = await openScreen(await monitorId());
    await until(() => true);
    await capture.close();
    const { captured } = capture.counters();
    for (let step = 0; step < 10; step += 1) {
      await client.fill("root", step % 2 === 0 ? WHITE : BLACK, 10, 10, 20, 20);
    }
    assert.equal(capture.counters().captured, captured);
  });
});

describe("a window", () => {
  test("is captured without its border and without what covers it", async () => {
    const window = await client.openWindow({
      title: "Below",
      x: 50,
      y: 50,
      width: 301,
      height: 200,
      border: 7,
    });
    const { capture, until } = await openScreen(window);
    await client.fill(window, WHITE, 0, 0, 301, 200);
    const cover = await client.openWindow({ title: "Above", x: 40, y: 40, width: 400, height: 300 });
    await client.fill(cover, BLACK, 0, 0, 400, 300);
    await client.fill(window, BLACK, 10, 10, 20, 20);
    const seen = await until((frame) => isNear(frame.luma(20, 20), LUMA.black));
    assert.deepEqual([seen.width, seen.height], [300, 200]);
    assert.deepEqual([seen.luma(0, 0), seen.luma(299, 199)], [LUMA.white, LUMA.white]);
    await capture.close();
    await client.close(cover);
    await client.close(window);
  });

  test("that reaches beyond the display is captured whole", async () => {
    const window = await client.openWindow({ title: "Beyond", x: -100, y: 700, width: 300, height: 200 });
    const { capture, until } = await openScreen(window);
    await client.fill(window, WHITE, 0, 0, 300, 200);
    const seen = await until((frame) => isNear(frame.luma(10, 10), LUMA.white));
    assert.deepEqual([seen.luma(10, 190), seen.luma(290, 190)], [LUMA.white, LUMA.white]);
    await capture.close();
    await client.close(window);
  });

  test("that is hidden gives no frames, and goes on when it is shown again", async () => {
    const window = await client.openWindow({ title: "Hidden", x: 50, y: 50, width: 300, height: 200 });
    await client.hide(window);
    const { capture, until } = await openScreen(window);
    assert.equal(capture.counters().captured, 0);
    await client.show(window);
    await client.fill(window, WHITE, 0, 0, 300, 200);
    await until((frame) => isNear(frame.luma(150, 100), LUMA.white));
    await capture.close();
    await client.close(window);
  });

  test("whose border changes, or its size for a moment, goes on", async () => {
    const window = await client.openWindow({ title: "Focused", x: 50, y: 50, width: 300, height: 200 });
    const { capture, until } = await openScreen(window);
    await until(() => true);
    await client.setBorder(window, 9);
    await client.fill(window, WHITE, 0, 0, 300, 200);
    await until((frame) => isNear(frame.luma(0, 0), LUMA.white) && isNear(frame.luma(299, 199), LUMA.white));
    await client.resizeTwice(window, [400, 240], [300, 200]);
    await client.fill(window, BLACK, 0, 0, 300, 200);
    await until((frame) => isNear(frame.luma(0, 0), LUMA.black) && isNear(frame.luma(299, 199), LUMA.black));
    await capture.close();
    await client.close(window);
  });

  test("that gets another size ends its capture, which can be opened again", async () => {
    const window = await client.openWindow({ title: "Grows", x: 50, y: 50, width: 300, height: 200 });
    const first = await openScreen(window);
    await first.until(() => true);
    await client.resize(window, 400, 240);
    assert.equal((await first.ended).operation, SCREEN_ENDS.resized);
    await first.capture.close();
    const second = await openScreen(window);
    const seen = await second.until(() => true);
    assert.deepEqual([seen.width, seen.height], [400, 240]);
    await client.close(window);
    assert.equal((await second.ended).operation, SCREEN_ENDS.closed);
    await second.capture.close();
  });
});

test("twenty captures leave no descriptor and no thread", async () => {
  const id = await monitorId();
  const once = async () => {
    const { capture, until } = await openScreen(id);
    await until(() => true);
    await capture.close();
  };
  await once();
  const before = heldResources();
  for (let at = 0; at < 20; at += 1) await once();
  assertNotGrown(before, await releasedResources(before));
});

describe("with a second monitor", () => {
  test("each of both is offered, and both together", async () => {
    await client.setMonitor("Left", 0, 0, 600, 400);
    const list = await x11.list(display.name);
    assert.deepEqual(
      list.map(({ id, width, height }) => [id, width, height]).sort(),
      [
        ["display", WIDTH, HEIGHT],
        ["monitor:Left", 600, 400],
        [await monitorIdBesides("Left"), WIDTH, HEIGHT],
      ].sort(),
    );
    await client.removeMonitor("Left");
  });

  test("only what changes on the shared one makes frames", async () => {
    await client.setMonitor("Left", 0, 0, 600, 400);
    const { capture, until } = await openScreen("monitor:Left", { ...FULL, fps: 30 });
    await until(() => true);
    const before = capture.counters().captured;
    for (let step = 0; step < 30; step += 1) {
      await client.fill("root", step % 2 === 0 ? WHITE : BLACK, 700, 10, 20, 20);
      await delay(1000 / 30);
    }
    const made = capture.counters().captured - before;
    assert.ok(made <= 10, `${made} frames`);
    await client.removeMonitor("Left");
  });

  test("one that reaches beyond the display is captured as far as there is something", async () => {
    await client.setMonitor("Beyond", 900, 600, 800, 600);
    const { capture, until } = await openScreen("monitor:Beyond");
    await client.fill("root", WHITE, 900, 600, 20, 20);
    const seen = await until((frame) => isNear(frame.luma(10, 10), LUMA.white));
    assert.deepEqual([seen.width, seen.height], [WIDTH - 900, HEIGHT - 600]);
    await capture.close();
    await client.setMonitor("Beyond", WIDTH, 0, 800, 600);
    assert.equal(
      (await x11.list(display.name)).some(({ name }) => name === "Beyond"),
      false,
    );
    await client.removeMonitor("Beyond");
  });

  test("one that moves is followed, one that gets another size or goes ends its capture", async () => {
    await client.setMonitor("Left", 0, 0, 600, 400);
    const { capture, ended, until } = await openScreen("monitor:Left");
    await client.fill("root", WHITE, 650, 0, 50, 400);
    await client.setMonitor("Left", 100, 0, 600, 400);
    await until((frame) => isNear(frame.luma(575, 200), LUMA.white));
    await client.setMonitor("Left", 100, 0, 500, 400);
    assert.equal((await ended).operation, SCREEN_ENDS.resized);
    await capture.close();
    const next = await openScreen("monitor:Left");
    await client.removeMonitor("Left");
    assert.equal((await next.ended).operation, SCREEN_ENDS.closed);
  });
});

test("a display that is wider than any picture, and an odd size, are scaled with their shape", async () => {
  const wide = await startDisplay(5121, 1441);
  const [monitor] = await x11.list(wide.name);
  const { capture, until } = await openScreen(monitor?.id ?? "", FULL, wide.name);
  const { width, height } = await until(() => true);
  assert.deepEqual([width, height], [1920, 540]);
  await capture.close();
  await wide.end();
});

test("the end of the X server ends the capture", async () => {
  const other = await startDisplay(320, 240);
  const [first] = await x11.list(other.name);
  const watched = await openScreen(first?.id ?? "", FULL, other.name);
  await watched.until(() => true);
  await other.end();
  assert.equal((await watched.ended).operation, SCREEN_ENDS.display);
});
