// Oddities of deployed Goop² in calls with the plugin: each alone, and all of them at once.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { callBothWays, useDeployedPeers } from "../../support/goop-peer/deployed-calls.ts";
import type { Flavour } from "../../support/goop-peer/goop-peer.ts";
import { EVERY_QUIRK, type Quirks } from "../../support/goop-peer/quirks.ts";

const withPeer = useDeployedPeers();

describe("one oddity of deployed Goop² at a time", () => {
  const oddities: readonly [string, Flavour, Partial<Quirks>][] = [
    ["messages are reordered", "native", { unordered: true }],
    ["every message arrives twice", "browser", { duplicates: true }],
    ["acknowledgements get lost", "native", { loseAckOfEvery: 3 }],
    ["a call begins unencrypted and continues encrypted", "native", { sealing: "switching" }],
    ["identity is sealed too", "browser", { sealing: "sealed", sealsIdentity: true }],
    ["sdpMid is empty and there is no username fragment", "native", { emptySdpMid: true }],
    ["candidates arrive before their description", "browser", { candidatesFirst: true }],
    ["early candidates are lost", "browser", { losesEarlyCandidates: true }],
    ["an acknowledgement names no mode", "browser", { ackWithoutMode: true }],
    ["a request has constraints and nothing else", "native", { constraintsRequest: true }],
    ["call-reconnect arrives at any time", "browser", { reconnectAtAnyTime: true }],
    ["mq.ack floods", "native", { mqAcksPerMessage: 30 }],
    ["requests arrive again after the end", "browser", { ghostRequests: true }],
    ["hang-ups arrive three times", "native", { hangups: 3, snakeCaseHangup: true }],
    ["local events leak", "browser", { localTopicsLeak: true }],
  ];
  for (const [what, flavour, quirks] of oddities) {
    test(`${what} (${flavour})`, () => withPeer(flavour, quirks, callBothWays));
  }
});

describe("all oddities at once", () => {
  for (const flavour of ["native", "browser"] as const) {
    test(flavour, () => withPeer(flavour, EVERY_QUIRK, callBothWays));
  }
});

describe("limits of deployed Goop²", () => {
  for (const [captures, flavour, quirks] of [
    // Its user hears nothing, because an offer without video leaves no place for pictures. This listens before its WebM.
    ["audio", "native", { soundWaitsFor: "nothing" }],
    ["video", "browser", {}],
  ] as const) {
    test(`an offer with ${captures} alone, because nothing else was captured (${flavour})`, async () => {
      await withPeer(flavour, { captures, ...quirks }, async (bench) => {
        const { callId, call } = await bench.peerCalls();
        if (captures === "audio") await Promise.all([bench.assertPeerSound(), bench.assertPluginSound()]);
        else await Promise.all([bench.assertPeerVideo(), bench.assertPluginVideo(callId)]);
        await bench.end(callId, call, "peer");
      });
    });
  }

  test("an audio call in which the camera runs (native)", async () => {
    await withPeer("native", {}, async (bench) => {
      const { callId, call } = await bench.peerCalls("audio");
      await Promise.all([bench.assertPeerSound(), bench.assertPluginSound()]);
      await bench.end(callId, call, "plugin");
      bench.assertWireIsAsDescribed();
    });
  });

  for (const flavour of ["native", "browser"] as const) {
    test(`a callee that missed the hang-up receives another one when it accepts (${flavour})`, async () => {
      await withPeer(flavour, {}, async ({ peer, plugin }) => {
        const { callId } = await plugin.host.request("call.start", {
          peerId: peer.node.peerId,
          media: "video",
        });
        const ring = await peer.nextRing();
        await plugin.host.request("call.hangup", { callId });
        await peer.node.log.until((log) => log.callPayloads(callId, "call-hangup").length === 1);
        const call = await ring.accept();
        assert.equal(await call.ended, "remote hung up");
      });
    });
  }
});
