// The contract of screens: the fake with a list and with a dialog, and windows of a real X server.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { loadX11 } from "../../../native/index.ts";
import { createScreens } from "../../../plugin/screen/create-screens.ts";
import { startDisplay } from "../../support/browser/xvfb.ts";
import { FAKE_SCREEN, FakeScreens } from "../../support/fakes/fake-screens.ts";
import { settle } from "../../support/plugin/call-bench.ts";
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
const onX11 = () => createScreens({ DISPLAY: display.name }, loadX11);
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

test("a window that changes its size goes on with the new one, and the counters go on too", async () => {
  const window = await client.openWindow({ title: "Grows", x: 10, y: 10, width: 320, height: 240 });
  const sizes: string[] = [];
  let wake = Promise.withResolvers<void>();
  const screen = await onX11().share(
    {
      source: window,
      constraints: { width: 1920, height: 1080, fps: 30 },
      signal: new AbortController().signal,
    },
    {
      onFrame({ width, height }) {
        sizes.push(`${width}x${height}`);
        wake.resolve();
      },
      onEnded: (error) => assert.fail(error),
    },
  );
  try {
    await wake.promise;
    await client.resize(window, 400, 300);
    while (sizes.at(-1) !== "400x300") {
      wake = Promise.withResolvers();
      await wake.promise;
    }
    assert.deepEqual([screen.mode.width, screen.mode.height], [400, 300]);
    assert.ok(screen.counters().captured >= sizes.length);
    assert.equal(screen.name, "Grows");
  } finally {
    await screen.close();
    await client.close(window);
  }
  await settle();
});

test("where nothing can be shared, the offer says what is missing", async () => {
  const missing = () => {
    throw new Error("libxcb-shm0 is missing");
  };
  const offerOf = (env: object, load: typeof loadX11 = loadX11) => createScreens(env, load).offer();
  assert.deepEqual(await offerOf({ DISPLAY: display.name }, missing), {
    chooser: "none",
    why: "libxcb-shm0 is missing",
  });
  for (const env of [{}, { DISPLAY: ":4711" }, { DISPLAY: display.name, WAYLAND_DISPLAY: "wayland-0" }]) {
    const offer = await offerOf(env);
    assert.ok(offer.chooser === "none" && offer.why.length > 0, JSON.stringify(env));
  }
});
