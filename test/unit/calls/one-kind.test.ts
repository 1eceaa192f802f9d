// How a call is described to the host when one kind of media was not negotiated.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { describeCall } from "../../../plugin/calls/call-info.ts";
import type { CallInfo, MediaKind } from "../../../rpc-schema/index.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";
import { withOnlyCodec, withoutKind } from "../../support/plugin/peer-pair.ts";

const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

/** Accepts Carol's call and answers her offer, after `change`. */
async function answered(change: (offer: string) => string, media: MediaKind = "video"): Promise<CallBench> {
  const bench = new CallBench();
  benches.push(bench);
  const callbacks = {
    onCandidate: () => undefined,
    onConnectionState: () => undefined,
    onNegotiated: () => undefined,
    onVideo: () => undefined,
    onAudio: () => undefined,
  };
  const carol = await bench.engine.createPeer(
    { iceServers: [], maxVideoBitrateBps: 1, gatherMs: 300 },
    callbacks,
  );
  bench.receiveSignal("carol", "call-1", { type: "call-request", mode: "native", mediaType: media });
  bench.manager.send({ type: "user.toCall", callId: "call-1", event: { type: "user.accept", media: null } });
  await settle();
  bench.receiveSignal("carol", "call-1", { type: "call-offer", sdp: change(await carol.createOffer()) });
  await settle();
  return bench;
}

function describe(bench: CallBench): CallInfo {
  const [call] = bench.calls();
  if (!call) throw new Error("there is no call");
  const media = bench.environment.mediaOf(call.callId);
  const sending = media.sendFormat();
  const negotiated = media.peer?.negotiatedDirections() ?? null;
  return describeCall(call, {
    createdAt: 0,
    connectedAt: null,
    quality: "unknown",
    peerLabel: "",
    negotiated,
    sending,
  });
}

test("video that the other side did not offer is off, and the media level excludes our video", async () => {
  const bench = await answered((offer) => withoutKind(offer, "video"));
  bench.receiveSignal("carol", "call-1", { type: "call-media", microphone: true, camera: true });
  const { local, remote, sending } = describe(bench);
  assert.deepEqual([remote.camera, remote.microphone], ["off", "on"]);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["voiceOnly", "the other side takes no picture"],
  );
  assert.deepEqual([sending.width, sending.height, sending.fps], [0, 0, 0]);
});

test("audio that the other side did not offer is off, and the media level excludes our audio", async () => {
  const { local, remote } = describe(await answered((offer) => withoutKind(offer, "audio")));
  assert.deepEqual([remote.camera, remote.microphone], ["unknown", "off"]);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["pictureOnly", "the other side takes no voice"],
  );
});

test("a peer that only receives has camera and microphone off, and receives both kinds from us", async () => {
  const bench = await answered((offer) => offer.replaceAll("a=sendrecv", "a=recvonly"));
  const { local, remote } = describe(bench);
  assert.deepEqual([remote.camera, remote.microphone], ["off", "off"]);
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["pictureAndVoice", undefined]);
});

test("for a peer that only sends, the reason names both kinds", async () => {
  const bench = await answered((offer) => offer.replaceAll("a=sendrecv", "a=sendonly"));
  const { local } = describe(bench);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["receiveOnly", "the other side takes no picture and no voice"],
  );
});

test("video is accepted in a voice call, and a camera that our user switched off has no reason", async () => {
  const bench = await answered((offer) => offer, "audio");
  const { local, remote } = describe(bench);
  assert.equal(remote.camera, "unknown");
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["voiceOnly", undefined]);
  const voiceOnly = await answered((offer) => withoutKind(offer, "video"), "audio");
  assert.deepEqual(
    [describe(voiceOnly).local.mediaLevel, describe(voiceOnly).local.mediaLevelReason],
    ["voiceOnly", undefined],
  );
});

const REFUSED = "the picture cannot be shown: one side has H264 only, the other VP8";

test("video without a common codec leaves a voice call, and both sides learn why there is no picture", async () => {
  const bench = await answered((offer) => withOnlyCodec(offer, "video", "H264/90000"));
  const { local, remote, sending } = describe(bench);
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["voiceOnly", REFUSED]);
  assert.deepEqual([remote.camera, remote.mediaLevelReason], ["off", REFUSED]);
  assert.deepEqual([sending.width, sending.height, sending.fps], [0, 0, 0]);
  const told = bench.sent.map(({ signal }) => signal).findLast(({ type }) => type === "call-media");
  assert.ok(told?.type === "call-media");
  assert.deepEqual([told.camera, told.mediaLevel, told.why], [false, "voiceOnly", REFUSED]);
});

test("an audio call says nothing about video without a common codec", async () => {
  const bench = await answered((offer) => withOnlyCodec(offer, "video", "H264/90000"), "audio");
  const { local, remote } = describe(bench);
  assert.deepEqual([local.mediaLevelReason, remote.mediaLevelReason], [undefined, undefined]);
});

test("audio without a common codec ends the call with the codecs of both sides", async () => {
  const bench = await answered((offer) => withOnlyCodec(offer, "audio", "AMR-WB/16000"));
  await settle();
  const end = bench.ended[0]?.end;
  assert.equal(end?.reason, "negotiationFailed");
  assert.equal(end?.detail, "there is no common audio codec: one side has AMR-WB only, the other opus");
});
