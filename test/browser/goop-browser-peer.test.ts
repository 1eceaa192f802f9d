// Chromium as a browser-mode peer of the plugin, with its real RTCPeerConnection: its page is the reference viewer's, its
// messages go through the reference peer's node. Pictures by their stamps and voices by their pitch, at both ends.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { PEER_TONE_HZ, PLUGIN_TONE_HZ, startBenchPlugin } from "../support/goop-peer/deployed-bench.ts";
import { type GoopHttp, startGoopHttp } from "../support/goop-peer/goop/goop-http.ts";
import { type GoopNode, startGoopNode } from "../support/goop-peer/goop-node.ts";
import { isTone } from "../support/goop-peer/observer.ts";
import { untilPluginStamps } from "../support/goop-peer/plugin-observer.ts";
import { findDeviations } from "../support/goop-peer/wire/wire-rules.ts";
import { hangUpAll, type PluginProcess } from "../support/plugin/plugin-process.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../support/sound/pulse.ts";

const SWITCHES = [
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
];
const PICTURES = 10;
/** Older than this, what is seen would be of another call; a machine under load may show what is seconds old. */
const LIVE_MS = 20_000;
/** A bin of the page's analyser is 1.5 Hz wide. */
const NEAR_HZ = 3;

describe("Chromium as a browser-mode peer", () => {
  let pulse: Pulse;
  let plugin: PluginProcess;
  let node: GoopNode;
  let viewer: GoopHttp;
  let browser: Browser;
  const ends: (() => Promise<unknown>)[] = [];

  before(async () => {
    pulse = await startPulse();
    ends.unshift(() => pulse.stop());
    plugin = await startBenchPlugin(pulse);
    ends.unshift(() => plugin.stop());
    node = await startGoopNode({ label: "Greta", quirks: { sealing: "sealed" } });
    ends.unshift(() => node.stop());
    viewer = await startGoopHttp(node, { mode: "browser" });
    ends.unshift(() => viewer.stop());
    browser = await startChromium({ args: SWITCHES });
    ends.unshift(() => browser.close());
    await node.dial(plugin.address);
    await plugin.next("contacts.changed", ({ contacts }) => contacts.some(({ label }) => label === "Greta"));
    await openPage();
  });
  after(async () => {
    for (const end of ends) await end();
  });
  afterEach(() => hangUpAll(plugin));

  /** Also loads it anew. */
  async function openPage(): Promise<void> {
    await browser.open(`${viewer.url}/?tone=${PEER_TONE_HZ}`);
    await browser.waitFor(() => window.goopPage !== undefined);
  }

  async function assertSeeAndHear(callId: string): Promise<void> {
    await untilPageSees(PICTURES);
    const stamps = await untilPluginStamps(plugin, callId, PICTURES);
    assert.deepEqual(
      stamps.filter(({ ageMs }) => ageMs < 0 || ageMs > LIVE_MS),
      [],
    );
    await browser.waitForSource(
      `() => Math.abs(window.goopPage.heard().hz - ${PLUGIN_TONE_HZ}) < ${NEAR_HZ}`,
    );
    await untilPluginHears();
  }

  async function untilPageSees(count: number): Promise<void> {
    await browser.execute(() => void window.goopPage?.takeSeen());
    await browser.waitForSource(`() => new Set(window.goopSeen
      .filter(({ delayMs }) => delayMs > 0 && delayMs < ${LIVE_MS})
      .map(({ sequence }) => sequence)).size >= ${count}`);
  }

  async function untilPluginHears(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if (isTone(await pulse.record(500), PULSE_RATE, PEER_TONE_HZ)) return;
    }
    assert.fail(`the plugin plays something else than ${PEER_TONE_HZ} Hz`);
  }

  const isConnected = (callId: string) => (call: { callId: string; phase: string }) =>
    call.callId === callId && call.phase === "connected";

  async function pageCalls(): Promise<string> {
    plugin.clearNotifications();
    const callId = await browser.execute((peerId) => window.goopPage?.start(peerId, "video"), plugin.peerId);
    assert.ok(callId);
    await plugin.next("call.incoming", (call) => call.callId === callId);
    await plugin.host.request("call.accept", { callId });
    await plugin.next("call.changed", isConnected(callId));
    return callId;
  }

  async function pluginCalls(): Promise<string> {
    plugin.clearNotifications();
    const { callId } = await plugin.host.request("call.start", { peerId: node.peerId, media: "video" });
    await browser.waitForSource(`() => window.goopPage.rings.some((ring) => ring.channelId === "${callId}")`);
    await browser.execute((channel) => window.goopPage?.accept(channel), callId);
    await plugin.next("call.changed", isConnected(callId));
    return callId;
  }

  test("it calls the plugin, both see and hear each other, and the plugin hangs up", async () => {
    const callId = await pageCalls();
    await assertSeeAndHear(callId);
    await plugin.host.request("call.hangup", { callId });
    await browser.waitFor(() => window.goopPage?.state() === "remote hung up");
    assert.deepEqual(findDeviations(node.log.streams), []);
  });

  test("the plugin calls it, both see and hear each other, and the page hangs up", async () => {
    const callId = await pluginCalls();
    await assertSeeAndHear(callId);
    await browser.execute(() => window.goopPage?.hangup());
    const { reason, endedBy } = await plugin.next("call.ended", (end) => end.callId === callId);
    assert.deepEqual([reason, endedBy], ["hungUp", "remote"]);
    assert.deepEqual(findDeviations(node.log.streams), []);
  });

  for (const [name, begin] of [
    ["which called", pageCalls],
    ["which was called", pluginCalls],
  ] as const) {
    test(`a page ${name} is loaded anew in mid-call, and picture and sound come back`, async (t) => {
      const callId = await begin();
      await untilPageSees(PICTURES);
      const leftAt = performance.now();
      await openPage();
      await untilPageSees(1);
      const backMs = performance.now() - leftAt;
      await untilPluginStamps(plugin, callId, 1);
      const thereMs = performance.now() - leftAt;
      t.diagnostic(
        `picture back after ${backMs.toFixed(0)} ms in the page, ${thereMs.toFixed(0)} ms in the plugin`,
      );
      await assertSeeAndHear(callId);
      assert.deepEqual(await browser.execute(() => window.goopPage?.complaints), []);
      await plugin.host.request("call.hangup", { callId });
      await browser.waitFor(() => window.goopPage?.state() === "remote hung up");
    });
  }
});
