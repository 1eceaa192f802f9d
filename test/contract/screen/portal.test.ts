// The contract of screens with the real xdg-desktop-portal and PipeWire, and what only the portal can do.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { loadX11 } from "../../../native/index.ts";
import { loadPipeWire } from "../../../native/pipewire.ts";
import type { VideoFrame } from "../../../native/types.ts";
import { createScreens } from "../../../plugin/screen/create-screens.ts";
import type { CapturedScreen, ScreenError, Screens } from "../../../plugin/screen/screens.ts";
import { within } from "../../support/camera/taken-frames.ts";
import { busAddressIn, startBus } from "../../support/desktop/private-bus.ts";
import { startPortalDesktop } from "../../support/screen/portal-desktop.ts";
import { screenContract } from "./screen.contract.ts";

const CONSTRAINTS = { width: 1920, height: 1080, fps: 30 };
const MODES = ["BGRx:320x240@30"];

const desktop = await startPortalDesktop();
const { backend } = desktop;
const folder = await mkdtemp(join(tmpdir(), "goop-choices-"));
const portalLessBus = await startBus(folder, "session");
after(async () => {
  await portalLessBus.end();
  await desktop.stop();
  await rm(folder, { recursive: true, force: true });
});

let names = 0;
const addScreen = () => {
  names += 1;
  return desktop.addScreen({ name: `screen-${names}`, modes: MODES });
};

function screensOf(busAddress: string | null = desktop.busAddress, choices?: string): Screens {
  const parts = { busAddress, loadX11, loadPipeWire, log: () => undefined };
  const screens = createScreens({ XDG_SESSION_TYPE: "wayland" }, parts);
  if (choices) screens.keepChoicesIn(choices);
  return screens;
}

screenContract("the desktop's portal", async () => {
  const screen = await addScreen();
  let dialog: Promise<void> = Promise.resolve();
  return {
    name: "portal",
    source: null,
    screens: screensOf(),
    choose() {
      dialog = backend.dialog().then(({ choose }) => choose(screen.nodeId));
    },
    // The node draws all the time.
    paint: async () => undefined,
    async takeAway() {
      await dialog;
      await screen.remove();
    },
  };
});

/** A share whose frames and end a test waits for. */
function begin(screens: Screens) {
  const withdrawal = new AbortController();
  const ended = Promise.withResolvers<ScreenError>();
  let frames = 0;
  let next = Promise.withResolvers<{ width: number; height: number; luma: number }>();
  const onFrame = ({ width, height, data }: VideoFrame) => {
    frames += 1;
    next.resolve({ width, height, luma: data[0] ?? 0 });
  };
  const request = { source: null, constraints: CONSTRAINTS, signal: withdrawal.signal };
  const sharing = screens.share(request, { onFrame, onEnded: ended.resolve });
  // A test may wait for something else first.
  sharing.catch(() => undefined);
  return {
    ...{ sharing, withdrawal },
    frames: () => frames,
    ended: () => within("the end", ended.promise),
    async nextFrame() {
      next = Promise.withResolvers();
      return within("a frame", next.promise);
    },
  };
}

async function shared(screens = screensOf()) {
  const node = await addScreen();
  const share = begin(screens);
  const dialog = await backend.dialog();
  dialog.choose(node.nodeId, "window");
  const screen = await share.sharing;
  await share.nextFrame();
  return { ...share, node, dialog, screen };
}

const closeAndCheck = async (screen: CapturedScreen) => {
  await screen.close();
  await within("the end of the session", backend.untilNoSession());
};

describe("a screen shared through the portal", { timeout: 300_000 }, () => {
  test("is asked for with both kinds, the pointer and the wish to remember; nothing comes before the choice", async () => {
    const node = await addScreen();
    const share = begin(screensOf());
    const dialog = await backend.dialog();
    assert.equal(share.frames(), 0);
    const { types, cursor_mode, persist_mode, multiple } = dialog.options;
    assert.deepEqual(
      { types, cursor_mode, persist_mode, multiple },
      {
        ...{ types: 3, cursor_mode: 2, persist_mode: 2, multiple: false },
      },
    );
    dialog.choose(node.nodeId, "window");
    const screen = await share.sharing;
    const frame = await share.nextFrame();
    assert.deepEqual([frame.width, frame.height, screen.kind], [320, 240, "window"]);
    await closeAndCheck(screen);
  });

  test("that was refused begins with the next request, and each request asks once", async () => {
    const screens = screensOf();
    const refused = begin(screens);
    (await backend.dialog()).cancel();
    await assert.rejects(refused.sharing, { reason: "cancelled" });
    const { screen } = await shared(screens);
    assert.equal(backend.sessions.size, 1);
    await closeAndCheck(screen);
  });

  test("of a window or monitor that is gone when the user has chosen it says so", async () => {
    const node = await addScreen();
    const share = begin(screensOf());
    const dialog = await backend.dialog();
    await node.remove();
    dialog.choose(node.nodeId, "window");
    await assert.rejects(within("the end", share.sharing), { reason: "closed" });
    await within("the end of the session", backend.untilNoSession());
  });

  test("does not begin when the desktop closes the session while the user chooses", async () => {
    const share = begin(screensOf());
    const dialog = await backend.dialog();
    backend.stopSharing(dialog.session);
    await assert.rejects(within("the end", share.sharing), { reason: "failed" });
  });

  test("does not begin when the desktop's choice has no stream", async () => {
    const share = begin(screensOf());
    (await backend.dialog()).chooseNothing();
    await assert.rejects(within("the end", share.sharing), { reason: "failed", message: /result of Start/ });
    await within("the end of the session", backend.untilNoSession());
  });

  test("does not begin when the user closes the dialog", async () => {
    const share = begin(screensOf());
    (await backend.dialog()).cancel();
    await assert.rejects(share.sharing, { name: "ScreenError", reason: "cancelled" });
    await within("the end of the session", backend.untilNoSession());
    assert.equal(share.frames(), 0);
  });

  test("does not begin when the desktop ends the dialog", async () => {
    const share = begin(screensOf());
    (await backend.dialog()).fail();
    await assert.rejects(share.sharing, { name: "ScreenError", reason: "failed" });
  });

  test("closes the dialog when the request is withdrawn", async () => {
    const share = begin(screensOf());
    const dialog = await backend.dialog();
    share.withdrawal.abort();
    await assert.rejects(share.sharing, { name: "ScreenError", reason: "stopped" });
    await within("the end of the dialog", dialog.closed);
  });

  test("ends when the user stops it in the desktop's own display, and no frame follows", async () => {
    const { screen, dialog, ended, frames } = await shared();
    backend.stopSharing(dialog.session);
    assert.equal((await ended()).reason, "stoppedByDesktop");
    await screen.close();
    const [taken, delivered] = [screen.counters().captured, frames()];
    await (await shared()).screen.close();
    assert.deepEqual([screen.counters().captured, frames()], [taken, delivered]);
  });

  test("ends when its node is removed", async () => {
    const { screen, node, ended } = await shared();
    await node.remove();
    assert.equal((await ended()).reason, "closed");
    await closeAndCheck(screen);
  });

  test("goes on in its new size", async () => {
    const { screen, node, nextFrame } = await shared();
    node.offer(["BGRx:400x300@30"]);
    while ((await nextFrame()).width !== 400);
    assert.deepEqual([screen.mode.width, screen.mode.height], [400, 300]);
    await closeAndCheck(screen);
  });

  test("sends the token of the last choice, which only this user can read, also after a restart", async () => {
    const first = await shared(screensOf(undefined, folder));
    await first.screen.close();
    assert.equal(first.dialog.options.restore_data, undefined);
    const path = join(folder, "screen-restore-token");
    assert.match(await readFile(path, "utf8"), /^\S+\n$/);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    const second = await shared(screensOf(undefined, folder));
    await second.screen.close();
    assert.ok(Array.isArray(second.dialog.options.restore_data));
  });

  test("is chosen again after a stop of a moment ago", async () => {
    const screens = screensOf();
    const first = await shared(screens);
    first.withdrawal.abort();
    await first.screen.close();
    const second = await shared(screens);
    await second.screen.close();
    assert.equal(second.dialog.options.restore_data, undefined);
  });

  test("ends when the portal crashes, and another one can be used", async () => {
    const { screen, ended } = await shared();
    await desktop.crashPortal();
    const error = await ended();
    assert.deepEqual([error.reason, error.message], ["failed", "the desktop's portal has ended"]);
    await screen.close();
    await desktop.startPortal();
    await (await shared()).screen.close();
  });

  test("ends when PipeWire ends", async () => {
    const { screen, ended } = await shared();
    await desktop.daemon.crash();
    assert.equal((await ended()).reason, "failed");
    await screen.close();
    await desktop.daemon.start();
  });
});

describe("where the portal cannot share screens", { timeout: 120_000 }, () => {
  test("a Wayland desktop offers nothing, and says why", async () => {
    const nowhere = "unix:path=/nowhere/bus";
    const emptyBus = busAddressIn(folder);
    for (const busAddress of [null, nowhere, emptyBus]) {
      const offer = await screensOf(busAddress).offer();
      assert.ok(offer.chooser === "none" && offer.why !== "", `${busAddress}`);
      await assert.rejects(begin(screensOf(busAddress)).sharing, { name: "ScreenError", reason: "failed" });
    }
  });

  test("a backend without screens is none, and the offer says so", async () => {
    backend.types = 0;
    try {
      await desktop.crashPortal();
      await desktop.startPortal();
      const offer = await screensOf().offer();
      assert.ok(offer.chooser === "none");
      assert.match(offer.why, /offers no screens/);
    } finally {
      backend.types = 3;
    }
  });
});
