// Chromium as a browser-mode peer of the plugin, with its real RTCPeerConnection. Its page is that of the reference peer, whose
// node carries the messages. Both ends verify video by its stamps and sound by its pitch.

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
const FRAMES = 10;
/** An older frame would belong to another call. A machine under load can show frames that are seconds old. */
const LIVE_MS = 20_000;
/** One bin of the page's analyser is 1.5 Hz wide. */
const NEAR_HZ = 3;

describe("Chromium as a browser-mode peer", () => {
  let pulse: Pulse;
  let plugin: PluginProcess;
  let node: GoopNode;
  let goopHttp: GoopHttp;
  let browser: Browser;
  const ends: (() => Promise<unknown>)[] = [];

  before(async () => {
    pulse = await startPulse();
    ends.unshift(() => pulse.stop());
    plugin = await startBenchPlugin(pulse);
    ends.unshift(() => plugin.stop());
    node = await startGoopNode({ label: "Greta", quirks: { sealing: "sealed" } });
    ends.unshift(() => node.stop());
    goopHttp = await startGoopHttp(node, { mode: "browser" });
    ends.unshift(() => goopHttp.stop());
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

  /** Loads the page, or reloads it. */
  async function openPage(query = ""): Promise<void> {
    await browser.open(`${goopHttp.url}/?tone=${PEER_TONE_HZ}${query}`);
    await browser.waitFor(() => window.goopPage !== undefined);
  }

  async function assertSeeAndHear(callId: string): Promise<void> {
    await untilPageSees(FRAMES);
    const stamps = await untilPluginStamps(plugin, callId, FRAMES);
    assert.deepEqual(
      stamps.filter(({ ageMs }) => ageMs < 0 || ageMs > LIVE_MS),
      [],
    );
    await browser.waitForSource(
      `() => Math.abs(window.goopPage.loudestTone().hz - ${PLUGIN_TONE_HZ}) < ${NEAR_HZ}`,
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
    assert.fail(`the plugin does not play a tone of ${PEER_TONE_HZ} Hz`);
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

  test("the page calls the plugin, both see and hear each other, and the plugin hangs up", async () => {
    const callId = await pageCalls();
    await assertSeeAndHear(callId);
    await plugin.host.request("call.hangup", { callId });
    await browser.waitFor(() => window.goopPage?.state() === "remote hung up");
    assert.deepEqual(findDeviations(node.log.streams), []);
  });

  test("the plugin calls the page, both see and hear each other, and the page hangs up", async () => {
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
    test(`a page ${name} is reloaded during the call, and video and sound return`, async (t) => {
      const callId = await begin();
      await untilPageSees(FRAMES);
      const leftAt = performance.now();
      await openPage();
      await untilPageSees(1);
      const pageMs = performance.now() - leftAt;
      await untilPluginStamps(plugin, callId, 1);
      const pluginMs = performance.now() - leftAt;
      t.diagnostic(
        `video returned after ${pageMs.toFixed(0)} ms in the page and ${pluginMs.toFixed(0)} ms in the plugin`,
      );
      await assertSeeAndHear(callId);
      assert.deepEqual(await browser.execute(() => window.goopPage?.complaints), []);
      await plugin.host.request("call.hangup", { callId });
      await browser.waitFor(() => window.goopPage?.state() === "remote hung up");
    });
  }

  test("a page that offers H264 only is heard and hears, and the plugin's host learns why there is no picture", async () => {
    await openPage("&video=H264");
    const callId = await pageCalls();
    await browser.waitForSource(
      `() => Math.abs(window.goopPage.loudestTone().hz - ${PLUGIN_TONE_HZ}) < ${NEAR_HZ}`,
    );
    await untilPluginHears();
    const { calls } = await plugin.host.request("call.list", {});
    const { local, remote } = calls.find((call) => call.callId === callId) ?? assert.fail("no call");
    const why = /^the picture cannot be shown: one side has H264 only, the other .*VP8/;
    assert.match(local.mediaLevelReason ?? "", why);
    assert.match(remote.mediaLevelReason ?? "", why);
    assert.deepEqual([local.mediaLevel, remote.camera], ["voiceOnly", "off"]);
    assert.deepEqual(await browser.execute(() => window.goopPage?.complaints), []);
    await plugin.host.request("call.hangup", { callId });
    await browser.waitFor(() => window.goopPage?.state() === "remote hung up");
  });
});
