// How a call is described to the host when one kind of media was not negotiated.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { describeCall } from "../../../plugin/calls/call-info.ts";
import type { Peer } from "../../../plugin/peer/peer.ts";
import type { CallInfo, MediaKind } from "../../../rpc-schema/index.ts";
import { CallBench, type CallBenchOptions, settle } from "../../support/plugin/call-bench.ts";
import { withOnlyCodec, withoutKind } from "../../support/plugin/peer-pair.ts";

const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

const NO_CALLBACKS = {
  onCandidate: () => undefined,
  onConnectionState: () => undefined,
  onNegotiated: () => undefined,
  onPathTrouble: () => undefined,
  onRefused: () => undefined,
  onVideo: () => undefined,
  onAudio: () => undefined,
};

const carolsPeer = (bench: CallBench): Promise<Peer> =>
  bench.engine.createPeer(
    { iceServers: [], maxVideoBitrateBps: 1, gatherMs: 300, placeOfPeer: () => "machine" as const },
    NO_CALLBACKS,
  );

function createBench(options: CallBenchOptions = {}): CallBench {
  const bench = new CallBench(options);
  benches.push(bench);
  return bench;
}

/** Accepts Carol's call and answers her offer, after `change`. */
async function answered(
  change: (offer: string) => string,
  media: MediaKind = "video",
  bench = createBench(),
): Promise<CallBench> {
  const carol = await carolsPeer(bench);
  bench.receiveSignal("carol", "call-1", { type: "call-request", mode: "native", mediaType: media });
  bench.manager.send({ type: "user.toCall", callId: "call-1", event: { type: "user.accept", media: null } });
  await settle();
  bench.receiveSignal("carol", "call-1", { type: "call-offer", sdp: change(await carol.createOffer()) });
  await settle();
  return bench;
}

/** Calls Carol, who is no plugin, and receives her answer, after `change`. */
async function called(change: (answer: string) => string): Promise<CallBench> {
  const bench = createBench();
  const carol = await carolsPeer(bench);
  bench.manager.send({ type: "user.start", callId: "call-1", peerId: "carol", media: "video" });
  await settle();
  bench.receiveSignal("carol", "call-1", { type: "call-ack" });
  await settle();
  const offer = bench.sent.map(({ signal }) => signal).find(({ type }) => type === "call-offer");
  assert.ok(offer?.type === "call-offer");
  const sdp = change(await carol.answerOffer(offer.sdp));
  bench.receiveSignal("carol", "call-1", { type: "call-answer", sdp });
  await settle();
  return bench;
}

function infoOf(bench: CallBench): CallInfo {
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
  const { local, remote, sending } = infoOf(bench);
  assert.deepEqual([remote.camera, remote.microphone], ["off", "on"]);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["voiceOnly", "the other side takes no picture"],
  );
  assert.deepEqual([sending.width, sending.height, sending.fps], [0, 0, 0]);
  assert.deepEqual(local.camera, { state: "off", why: "the other side takes no picture" });
});

test("audio that the other side did not offer is off, and the media level excludes our audio", async () => {
  const { local, remote } = infoOf(await answered((offer) => withoutKind(offer, "audio")));
  assert.deepEqual([remote.camera, remote.microphone], ["unknown", "off"]);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["pictureOnly", "the other side takes no voice"],
  );
});

test("a peer that only receives has camera and microphone off, and receives both kinds from us", async () => {
  const bench = await answered((offer) => offer.replaceAll("a=sendrecv", "a=recvonly"));
  const { local, remote } = infoOf(bench);
  assert.deepEqual([remote.camera, remote.microphone], ["off", "off"]);
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["pictureAndVoice", undefined]);
});

test("for a peer that only sends, there is a reason for each kind", async () => {
  const bench = await answered((offer) => offer.replaceAll("a=sendrecv", "a=sendonly"));
  const { local } = infoOf(bench);
  assert.deepEqual(
    [local.mediaLevel, local.mediaLevelReason],
    ["receiveOnly", "the other side takes no picture; the other side takes no voice"],
  );
});

test("video is accepted in a voice call, and a camera that our user switched off has no reason", async () => {
  const bench = await answered((offer) => offer, "audio");
  const { local, remote } = infoOf(bench);
  assert.equal(remote.camera, "unknown");
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["voiceOnly", undefined]);
  const voiceOnly = await answered((offer) => withoutKind(offer, "video"), "audio");
  assert.deepEqual(
    [infoOf(voiceOnly).local.mediaLevel, infoOf(voiceOnly).local.mediaLevelReason],
    ["voiceOnly", undefined],
  );
});

const REFUSED = "the picture cannot be shown: one side has H264 only, the other VP8";

test("video without a common codec leaves a voice call, and both sides learn why there is no picture", async () => {
  const bench = await answered((offer) => withOnlyCodec(offer, "video", "H264/90000"));
  const { local, remote, sending } = infoOf(bench);
  assert.deepEqual([local.mediaLevel, local.mediaLevelReason], ["voiceOnly", REFUSED]);
  assert.deepEqual([remote.camera, remote.mediaLevelReason], ["off", REFUSED]);
  assert.deepEqual([sending.width, sending.height, sending.fps], [0, 0, 0]);
  const told = bench.sent.map(({ signal }) => signal).findLast(({ type }) => type === "call-media");
  assert.ok(told?.type === "call-media");
  assert.deepEqual([told.camera, told.mediaLevel, told.why], [false, "voiceOnly", REFUSED]);
});

test("an audio call says nothing about video without a common codec", async () => {
  const bench = await answered((offer) => withOnlyCodec(offer, "video", "H264/90000"), "audio");
  const { local, remote } = infoOf(bench);
  assert.deepEqual([local.mediaLevelReason, remote.mediaLevelReason], [undefined, undefined]);
});

describe("the camera of a video call", () => {
  const cases: [string, (sdp: string) => string][] = [
    ["no video section", (sdp) => withoutKind(sdp, "video")],
    ["a rejected video section", (sdp) => sdp.replace(/^m=video \d+/m, "m=video 0")],
    ["video that is only sent", (sdp) => sdp.replaceAll("a=sendrecv", "a=sendonly")],
    ["inactive video", (sdp) => sdp.replaceAll("a=sendrecv", "a=inactive")],
    ["video without a common codec", (sdp) => withOnlyCodec(sdp, "video", "H264/90000")],
  ];
  for (const [what, change] of cases) {
    test(`never opens for an offer with ${what}`, async () => {
      const bench = await answered(change);
      assert.deepEqual(bench.cameras.opened, []);
      const { camera } = infoOf(bench).local;
      assert.equal(camera.state, "off");
      assert.match(camera.why ?? "", /picture/);
    });

    test(`never opens for an answer with ${what}`, async () => {
      const bench = await called(change);
      assert.deepEqual(bench.cameras.opened, []);
      assert.match(infoOf(bench).local.mediaLevelReason ?? "", /picture/);
    });
  }

  test("opens when a later offer takes it", async () => {
    const bench = await answered((offer) => withoutKind(offer, "video"));
    const [carol] = bench.engine.peers;
    const answer = bench.sent.map(({ signal }) => signal).find(({ type }) => type === "call-answer");
    assert.ok(carol && answer?.type === "call-answer");
    await carol.acceptAnswer(answer.sdp);
    await settle();
    assert.equal(infoOf(bench).phase, "connected");
    bench.receiveSignal("carol", "call-1", { type: "call-offer", sdp: await carol.createOffer() });
    await settle();
    assert.equal(bench.cameras.openNow.length, 1);
    assert.equal(infoOf(bench).local.mediaLevelReason, undefined);
  });

  test("opens for an offer before our answer is sent", async () => {
    const openAtAnswer: number[] = [];
    const bench: CallBench = createBench({
      send: async (_peerId, _callId, { type }) => {
        if (type === "call-answer") openAtAnswer.push(bench.cameras.opened.length);
      },
    });
    await answered((offer) => offer, "video", bench);
    assert.deepEqual(openAtAnswer, [1]);
  });

  test("opens with the accept of a plugin, before any description", async () => {
    const bench = createBench();
    bench.engine.faults.neverAnswers = true;
    bench.manager.send({ type: "user.start", callId: "call-1", peerId: "carol", media: "video" });
    await settle();
    bench.receiveSignal("carol", "call-1", { type: "call-ringing" });
    bench.receiveSignal("carol", "call-1", { type: "call-ack", mode: "native" });
    await settle();
    assert.equal(bench.cameras.openNow.length, 1);
  });
});

test("audio without a common codec ends the call with the codecs of both sides", async () => {
  const bench = await answered((offer) => withOnlyCodec(offer, "audio", "AMR-WB/16000"));
  await settle();
  const end = bench.ended[0]?.end;
  assert.equal(end?.reason, "negotiationFailed");
  assert.equal(
    end?.detail,
    "there is no common audio codec: one side has AMR-WB only, the other opus and PCMU",
  );
});
