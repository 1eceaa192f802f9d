// A call in which one kind of media was not negotiated on: what the host is told of it.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { describeCall } from "../../../plugin/calls/call-info.ts";
import type { CallInfo, MediaKind } from "../../../rpc-schema/index.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";
import { withoutKind } from "../../support/plugin/peer-pair.ts";

const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

/** Carol's call is accepted and her offer answered, which was changed on its way. */
async function answered(change: (offer: string) => string, media: MediaKind = "video"): Promise<CallBench> {
  const bench = new CallBench();
  benches.push(bench);
  const callbacks = {
    onCandidate: () => undefined,
    onConnectionState: () => undefined,
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

function told(bench: CallBench): CallInfo {
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

test("a picture that the other side did not offer is off there, and none of ours is said to arrive", async () => {
  const bench = await answered((offer) => withoutKind(offer, "video"));
  bench.receiveSignal("carol", "call-1", { type: "call-media", microphone: true, camera: true });
  const { local, remote, sending } = told(bench);
  assert.deepEqual([remote.camera, remote.microphone], ["off", "on"]);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["voiceOnly", "the other side takes no picture"],
  );
  assert.deepEqual([sending.width, sending.height, sending.fps], [0, 0, 0]);
});

test("a voice that the other side did not offer is off there", async () => {
  const { local, remote } = told(await answered((offer) => withoutKind(offer, "audio")));
  assert.deepEqual([remote.camera, remote.microphone], ["unknown", "off"]);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["pictureOnly", "the other side takes no voice"],
  );
});

test("somebody who can only receive has camera and microphone off, and gets all of ours", async () => {
  const bench = await answered((offer) => offer.replaceAll("a=sendrecv", "a=recvonly"));
  const { local, remote } = told(bench);
  assert.deepEqual([remote.camera, remote.microphone], ["off", "off"]);
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["pictureAndVoice", undefined]);
});

test("somebody who takes nothing is told of, with both kinds", async () => {
  const bench = await answered((offer) => offer.replaceAll("a=sendrecv", "a=sendonly"));
  const { local } = told(bench);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["receiveOnly", "the other side takes no picture and no voice"],
  );
});

test("a picture in a voice call is taken, and what our user switched off is no fault of the other side", async () => {
  const bench = await answered((offer) => offer, "audio");
  const { local, remote } = told(bench);
  assert.equal(remote.camera, "unknown");
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["voiceOnly", undefined]);
  const voiceOnly = await answered((offer) => withoutKind(offer, "video"), "audio");
  assert.deepEqual(
    [told(voiceOnly).local.mediaLevel, told(voiceOnly).local.mediaLevelReason],
    ["voiceOnly", undefined],
  );
});
