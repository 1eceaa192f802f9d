// Frames of a phone that is held upright or turned in mid-call, from a real Chromium page. The upright frames bear stamps, which can be
// read in upright frames only.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { PNG } from "pngjs";
import "../support/process/exit-at-end.ts";
import { createWrtcEngine } from "../../plugin/peer/wrtc-engine.ts";
import type { PluginNotificationParams } from "../../rpc-schema/index.ts";
import { rotationContract } from "../contract/peer/rotation.contract.ts";
import type { Browser } from "../support/browser/browser.ts";
import { startChromium } from "../support/browser/chromium.ts";
import { type GoopHttp, startGoopHttp } from "../support/goop-peer/goop/goop-http.ts";
import { type GoopNode, startGoopNode } from "../support/goop-peer/goop-node.ts";
import { SENSOR } from "../support/goop-peer/page/turning-camera.ts";
import { untilPluginStamps } from "../support/goop-peer/plugin-observer.ts";
import { observePeer } from "../support/plugin/peer-pair.ts";
import { hangUpAll, type PluginProcess, startPlugin } from "../support/plugin/plugin-process.ts";

const SWITCHES = [
  "--allow-loopback-in-peer-connection",
  "--disable-features=WebRtcHideLocalIpsWithMdns",
  "--autoplay-policy=no-user-gesture-required",
];
const GATHER_MS = 5_000;
const STAMPS = 4;

let node: GoopNode;
let goopHttp: GoopHttp;
let browser: Browser;
const ends: (() => Promise<unknown>)[] = [];

before(async () => {
  node = await startGoopNode({ label: "Greta", quirks: { sealing: "sealed" } });
  ends.unshift(() => node.stop());
  goopHttp = await startGoopHttp(node, { mode: "browser" });
  ends.unshift(() => goopHttp.stop());
  browser = await startChromium({ args: SWITCHES });
  ends.unshift(() => browser.close());
});
after(async () => {
  for (const end of ends) await end();
});

rotationContract("wrtc engine, from Chromium", async (body) => {
  await browser.open(`${goopHttp.url}/?bare=1`);
  await browser.waitFor(() => window.turningPeer !== undefined);
  const receiver = await observePeer(createWrtcEngine(), 1_500_000, GATHER_MS);
  try {
    const offer = await browser.execute(() => window.turningPeer?.offer());
    const answer = await receiver.peer.answerOffer(offer ?? "");
    await browser.execute((sdp) => window.turningPeer?.accept(sdp), answer);
    await body({
      receiver,
      turn: (rotation) => browser.execute((held) => window.turningPeer?.turn(held), rotation),
    });
  } finally {
    receiver.peer.close();
  }
});

describe("a phone that is turned during a call", () => {
  let plugin: PluginProcess;

  before(async () => {
    plugin = await startPlugin({ label: "Plugin" });
    ends.unshift(() => plugin.stop());
    await node.dial(plugin.address);
    await plugin.next("contacts.changed", ({ contacts }) => contacts.some(({ label }) => label === "Greta"));
    await browser.open(`${goopHttp.url}/?turning=1`);
    await browser.waitFor(() => window.goopPage !== undefined);
  });
  afterEach(() => hangUpAll(plugin));

  async function pageCalls(): Promise<string> {
    plugin.clearNotifications();
    const callId = await browser.execute((peerId) => window.goopPage?.start(peerId, "video"), plugin.peerId);
    assert.ok(callId);
    await plugin.next("call.incoming", (call) => call.callId === callId);
    await plugin.host.request("call.accept", { callId });
    await plugin.next("call.changed", (call) => call.callId === callId && call.phase === "connected");
    return callId;
  }

  /** Waits for a JPEG frame of this size. Chromium may send a smaller one, with the same shape, at first. */
  async function untilJpeg(callId: string, [width, height]: readonly [number, number]): Promise<void> {
    const { host } = plugin;
    const { promise, resolve } = Promise.withResolvers<void>();
    const off = host.onNotification("frame", (frame: PluginNotificationParams<"frame">) => {
      host.notify("frames.ack", { stream: frame.stream, seq: frame.seq });
      if (frame.width === width && frame.height === height) resolve();
    });
    const { stream } = await host.request("frames.subscribe", { callId, source: "remote", format: "jpeg" });
    await promise;
    off();
    await host.request("frames.unsubscribe", { stream });
  }

  test("is seen upright in frames, snapshot and statistics, with the size that goes with it", async () => {
    const callId = await pageCalls();
    for (const rotation of [90, 0, 270, 180, 90] as const) {
      await browser.execute((held) => window.goopPage?.turn(held), rotation);
      const size =
        rotation % 180 === 0
          ? ([SENSOR.width, SENSOR.height] as const)
          : ([SENSOR.height, SENSOR.width] as const);
      await untilJpeg(callId, size);
      const stamps = await untilPluginStamps(plugin, callId, STAMPS);
      assert.ok(stamps.every(({ width }) => width === size[0]));
      const snapshot = await plugin.host.request("call.snapshot", { callId, source: "remote" });
      assert.deepEqual([snapshot.width, snapshot.height], size);
      const png = PNG.sync.read(
        Buffer.from(snapshot.dataUrl.slice(snapshot.dataUrl.indexOf(",") + 1), "base64"),
      );
      assert.deepEqual([png.width, png.height], size);
      plugin.clearNotifications();
      await plugin.next(
        "call.statistics",
        (one) => one.receiveWidth === size[0] && one.receiveHeight === size[1],
      );
    }
  });
});
