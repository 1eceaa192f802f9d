// A friend in browser mode hears us although we send no camera frames, and sees black instead of our last picture. A real Chromium
// plays sound only once its <video> has a picture, and keeps the last one for as long as no other follows.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type BrowserFriend, startBrowserFriend } from "../support/goop-peer/browser-friend.ts";
import { PLUGIN_TONE_HZ } from "../support/goop-peer/deployed-bench.ts";
import { hangUpAll, type PluginProcess, startPlugin } from "../support/plugin/plugin-process.ts";

/** HTMLMediaElement.HAVE_CURRENT_DATA */
const HAVE_CURRENT_DATA = 2;
/** Black in limited range may be a few steps off. The pattern's darkest grey is 40. */
const DARK = 24;

describe("a friend in browser mode", () => {
  let plugin: PluginProcess;
  let friend: BrowserFriend;

  before(async () => {
    plugin = await startPlugin({
      label: "Plugin",
      settings: { microphone: "tone", toneHz: PLUGIN_TONE_HZ, speaker: "none" },
    });
    friend = await startBrowserFriend(plugin);
  });
  after(async () => {
    await friend?.close();
    await plugin?.stop();
  });
  afterEach(() => hangUpAll(plugin));

  const setCamera = (callId: string, on: boolean) => plugin.host.request("call.setCamera", { callId, on });

  async function assertHeard(): Promise<void> {
    await friend.hears(PLUGIN_TONE_HZ);
    const { readyState } = await friend.picture();
    assert.ok(readyState >= HAVE_CURRENT_DATA, `readyState ${readyState}`);
  }

  /** @returns the times of the next `count` frames that are dark or bright, in milliseconds of the page */
  async function timesOfFrames(count: number, isWanted: (brightness: number) => boolean): Promise<number[]> {
    const times: number[] = [];
    const deadline = performance.now() + 20_000;
    while (times.length < count) {
      const { shown } = await friend.picture();
      times.push(...shown.filter(({ brightness }) => isWanted(brightness)).map(({ atMs }) => atMs));
      assert.ok(performance.now() < deadline, `${times.length} of ${count} frames`);
    }
    return times;
  }
  const isDark = (brightness: number) => brightness <= DARK;
  const isBright = (brightness: number) => brightness > DARK;

  test("hears us in a call without video", async () => {
    await friend.isCalled("audio");
    await timesOfFrames(1, isDark);
    await assertHeard();
  });

  test('hears us in a video call while our camera is "none"', async () => {
    await plugin.host.request("settings.update", { settings: { camera: "none" } });
    try {
      await friend.isCalled("video");
      await assertHeard();
    } finally {
      await plugin.host.request("settings.update", { settings: { camera: "test-pattern" } });
    }
  });

  test("hears us when we take a video call as a voice call", async () => {
    await friend.calls("video", "audio");
    await assertHeard();
  });

  test("hears us after a navigation while our camera is off", async () => {
    const callId = await friend.isCalled("video");
    await assertHeard();
    await setCamera(callId, false);
    await friend.openPage();
    await assertHeard();
    await setCamera(callId, true);
    await timesOfFrames(3, isBright);
  });

  test("sees black within 500 ms of the usual delay when our camera goes off, and our picture afterwards", async (t) => {
    const callId = await friend.isCalled("video");
    await timesOfFrames(20, isBright);
    const seen = await friend.browser.execute(() => window.goopPage?.takeSeen() ?? []);
    const usualMs = Math.max(...seen.slice(-20).map(({ delayMs }) => delayMs));
    const offAt = await friend.browser.execute(() => performance.now());
    await setCamera(callId, false);
    const [firstDark = Number.NaN] = await timesOfFrames(1, isDark);
    const onAt = await friend.browser.execute(() => performance.now());
    await setCamera(callId, true);
    const [firstBright = Number.NaN] = await timesOfFrames(1, isBright);
    const [blackMs, backMs] = [firstDark - offAt, firstBright - onAt].map(Math.round);
    t.diagnostic(
      `black after ${blackMs} ms, camera on again after ${backMs} ms, frames ${usualMs.toFixed(0)} ms old at most`,
    );
    // A busy machine delays every frame.
    assert.ok(firstDark - offAt < usualMs + 500, `${blackMs} ms, other frames ${usualMs} ms`);
  });
});
