// Deployed Goop² hears us although we send no camera frames: its own stack holds sound until the next picture, and its page plays
// nothing before the first one. Chromium's real <video> is in test/browser/sound-without-pictures.test.ts.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type DeployedBench, PLUGIN_TONE_HZ } from "../../support/goop-peer/deployed-bench.ts";
import { useDeployedPeers } from "../../support/goop-peer/deployed-calls.ts";

const withPeer = useDeployedPeers();
/** Each time half a second of the tone. */
const LISTENINGS = 4;

/** @returns the median, the 95th percentile and the longest of the times between deliveries of our sound */
async function soundGapsMs({ peer }: DeployedBench): Promise<[number, number, number]> {
  await peer.observer.untilTone(PLUGIN_TONE_HZ);
  peer.observer.takeSoundGapsMs();
  for (let times = 0; times < LISTENINGS; times += 1) await peer.observer.untilTone(PLUGIN_TONE_HZ);
  const gaps = peer.observer.takeSoundGapsMs();
  const at = (share: number) => gaps[Math.floor(share * (gaps.length - 1))] ?? Number.NaN;
  return [at(0.5), at(0.95), at(1)];
}

async function framesOf({ plugin }: DeployedBench) {
  const { frames } = await plugin.next("call.statistics");
  return frames;
}

describe("the sound of a call without camera frames is heard", () => {
  for (const flavour of ["native", "browser", "sdk"] as const) {
    test(`${flavour}: we call without video`, async () => {
      await withPeer(flavour, {}, async (bench) => {
        await bench.pluginCalls("audio");
        await bench.assertPeerSound();
        bench.plugin.clearNotifications();
        const { sent, placeholders } = await framesOf(bench);
        assert.equal(sent, 0);
        assert.ok(placeholders !== undefined && placeholders > 0);
      });
    });

    test(`${flavour}: our camera is "none" in a video call`, async () => {
      await withPeer(flavour, {}, async (bench) => {
        const { host } = bench.plugin;
        await host.request("settings.update", { settings: { camera: "none" } });
        try {
          await bench.pluginCalls("video");
          await bench.assertPeerSound();
        } finally {
          await host.request("settings.update", { settings: { camera: "test-pattern" } });
        }
      });
    });

    test(`${flavour}: we take a video call as a voice call`, async () => {
      await withPeer(flavour, {}, async (bench) => {
        await bench.peerCalls("video", "audio");
        await bench.assertPeerSound();
      });
    });
  }

  test("native: when our camera goes off, the sound has hardly longer gaps than with it", async (t) => {
    await withPeer("native", {}, async (bench) => {
      const { callId } = await bench.pluginCalls("video");
      await bench.assertPeerVideo();
      const withCamera = await soundGapsMs(bench);
      await bench.plugin.host.request("call.setCamera", { callId, on: false });
      const without = await soundGapsMs(bench);
      await bench.plugin.host.request("call.setCamera", { callId, on: true });
      await bench.assertPeerVideo();
      const rounded = [withCamera, without].map((gaps) => gaps.map(Math.round).join("/"));
      t.diagnostic(`median/p95/longest gap: ${rounded[0]} ms with the camera, ${rounded[1]} ms without`);
      // A busy machine delays both alike. A picture a second would give gaps of a second.
      assert.ok(without[0] < withCamera[0] + 100, rounded.join(", "));
      assert.ok(without[1] < withCamera[1] + 100, rounded.join(", "));
    });
  });
});

test("our camera never opens for a friend without a video section, and both learn why", async () => {
  await withPeer("native", { captures: "audio" }, async (bench) => {
    const { callId } = await bench.peerCalls("video");
    const { calls } = await bench.plugin.host.request("call.list", {});
    const why = "the other side's Goop² called without a picture and cannot add one";
    const local = calls.find((call) => call.callId === callId)?.local;
    assert.deepEqual(local?.camera, { state: "off", why });
    assert.equal(local?.mediaLevelReason, why);
    bench.plugin.clearNotifications();
    const { captured, placeholders } = await framesOf(bench);
    assert.deepEqual([captured, placeholders], [0, 0]);
  });
});
