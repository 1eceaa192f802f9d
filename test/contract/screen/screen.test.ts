// The contract of screens: the fake with a list and with a dialog, and windows of a real X server.

import assert from "node:assert/strict";
import { after, afterEach, test } from "node:test";
import { loadX11 } from "../../../native/index.ts";
import { createScreens } from "../../../plugin/screen/create-screens.ts";
import type { CapturedScreen, ScreenError, Screens } from "../../../plugin/screen/screens.ts";
import { startDisplay } from "../../support/browser/xvfb.ts";
import { FAKE_SCREEN, FakeScreens } from "../../support/fakes/fake-screens.ts";
import { startXClient } from "../../support/screen/x-client.ts";
import { type ScreenSubject, screenContract } from "./screen.contract.ts";

function fake(chooser: "host" | "desktop"): ScreenSubject {
  const screens = new FakeScreens();
  if (chooser === "desktop") screens.nextOffer = { chooser };
  return {
    name: chooser,
    source: chooser === "desktop" ? null : FAKE_SCREEN.id,
    screens,
    choose: () => screens.choose(),
    async paint() {
      for (const screen of screens.shared) screen.emitFrame();
    },
    async takeAway() {
      for (const screen of screens.openNow) screen.endBySelf("closed", "the window was closed");
    },
  };
}

screenContract("the fake with a list", async () => fake("host"));
screenContract("the fake with a dialog", async () => fake("desktop"));

const display = await startDisplay(800, 600);
const client = await startXClient(display.name);
after(async () => {
  await client.end();
  await display.end();
});
const noPipeWire = () => {
  throw new Error("libpipewire is missing");
};
const parts = { busAddress: null, loadX11, loadPipeWire: noPipeWire, log: () => undefined };
const onX11 = () => createScreens({ DISPLAY: display.name }, parts);
let colour = 0;

screenContract("X11", async () => {
  const window = await client.openWindow({ title: "A letter", x: 10, y: 10, width: 320, height: 240 });
  let isThere = true;
  return {
    name: "X11",
    source: window,
    screens: onX11(),
    choose: () => undefined,
    async paint() {
      colour = (colour + 0x40_40_40) & 0xff_ff_ff;
      if (isThere) await client.fill(window, colour, 0, 0, 320, 240);
    },
    async takeAway() {
      isThere = false;
      await client.close(window);
    },
  };
});

const open = new Set<CapturedScreen>();
afterEach(async () => {
  for (const screen of open) await screen.close();
  open.clear();
});

/** Shares a source of an X display, and waits for frames of a size. */
async function shareOnX11(source: string, screens: Screens = onX11()) {
  const sizes: string[] = [];
  let wake = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<ScreenError>();
  const hidden = { true: Promise.withResolvers<void>(), false: Promise.withResolvers<void>() };
  const { signal } = new AbortController();
  const screen = await screens.share(
    { source, constraints: { width: 1920, height: 1080, fps: 30 }, signal },
    {
      onFrame({ width, height }) {
        sizes.push(`${width}x${height}`);
        wake.resolve();
      },
      onHidden: (isHidden) => hidden[`${isHidden}`].resolve(),
      onEnded: ended.resolve,
    },
  );
  open.add(screen);
  return {
    screen,
    sizes,
    ended: ended.promise,
    hidden: hidden.true.promise,
    shown: hidden.false.promise,
    async framesOf(size: string) {
      while (sizes.at(-1) !== size) {
        wake = Promise.withResolvers();
        await Promise.race([wake.promise, ended.promise.then((error) => assert.fail(error))]);
      }
    },
  };
}

test("a window that changes its size goes on with the new one, and the counters go on too", async () => {
  const window = await client.openWindow({ title: "Grows", x: 10, y: 10, width: 320, height: 240 });
  const { screen, sizes, framesOf } = await shareOnX11(window);
  await framesOf("320x240");
  await client.resize(window, 400, 300);
  await framesOf("400x300");
  assert.deepEqual([screen.mode.width, screen.mode.height], [400, 300]);
  assert.ok(screen.counters().captured >= sizes.length);
  assert.equal(screen.name, "Grows");
  await client.close(window);
});

test("a window that is minimised is not captured and says so, and so does its return", async () => {
  const window = await client.openWindow({ title: "Minimised", x: 10, y: 10, width: 320, height: 240 });
  const { screen, framesOf, hidden, shown } = await shareOnX11(window);
  await framesOf("320x240");
  await client.hide(window);
  await hidden;
  const { captured } = screen.counters();
  await client.show(window);
  await shown;
  assert.ok(screen.counters().captured > captured);
  await client.close(window);
});

test("a monitor that changes its size goes on with the new one, and one that is removed is closed", async () => {
  await client.setMonitor("Beside", 0, 0, 400, 300);
  const { framesOf, ended } = await shareOnX11("monitor:Beside");
  await framesOf("400x300");
  await client.setMonitor("Beside", 100, 0, 300, 200);
  await framesOf("300x200");
  await client.removeMonitor("Beside");
  const { reason, message } = await ended;
  assert.deepEqual([reason, /the monitor is not there/.test(message)], ["closed", true]);
});

test("the end of the X server ends what is shared, and says so", async () => {
  const other = await startDisplay(320, 240);
  const { framesOf, ended } = await shareOnX11(
    "monitor:screen",
    createScreens({ DISPLAY: other.name }, parts),
  );
  await framesOf("320x240");
  await other.end();
  const { reason, message } = await ended;
  assert.deepEqual([reason, /the X server has gone/.test(message)], ["failed", true]);
});

test("where nothing can be shared, the offer says what is missing", async () => {
  const missing = () => {
    throw new Error("libxcb-shm0 is missing");
  };
  const offerOf = (env: object, load = loadX11) => createScreens(env, { ...parts, loadX11: load }).offer();
  const offer = await offerOf({ DISPLAY: display.name }, missing);
  assert.ok(offer.chooser === "none");
  assert.match(offer.why, /^libxcb-shm0 is missing; there is no session bus/);
  for (const env of [{}, { DISPLAY: ":4711" }, { DISPLAY: display.name, WAYLAND_DISPLAY: "wayland-0" }]) {
    const none = await offerOf(env);
    assert.ok(none.chooser === "none" && none.why.length > 0, JSON.stringify(env));
  }
});
