import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerError } from "../../../plugin/peer/peer.ts";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import { toMono } from "../../../plugin/peer/wrtc-remote-media.ts";
import { stubWrtc } from "../../support/fakes/stub-wrtc.ts";

const OPTIONS = {
  iceServers: [],
  maxVideoBitrateBps: 1_000_000,
  gatherMs: 0,
  placeOfPeer: () => "machine" as const,
};
const IGNORE = {
  onCandidate: () => undefined,
  onConnectionState: () => undefined,
  onNegotiated: () => undefined,
  onPathTrouble: () => undefined,
  onRefused: () => undefined,
  onVideo: () => undefined,
  onAudio: () => undefined,
};

test("an engine without its binary fails with the platform and the expected package", async () => {
  const engine = createWrtcEngine(() => {
    throw new Error("Could not find wrtc binary");
  });
  await assert.rejects(engine.createPeer(OPTIONS, IGNORE), (cause: unknown) => {
    assert.ok(cause instanceof PeerError);
    assert.match(
      cause.message,
      /cannot load .* on linux-\w+, Node v\d+.*Could not find wrtc binary; expected/,
    );
    return true;
  });
});

test("the engine is loaded once, and not before the first peer", async () => {
  const stub = stubWrtc();
  let loads = 0;
  const engine = createWrtcEngine(() => {
    loads++;
    return stub.module;
  });
  assert.equal(loads, 0);
  for (let made = 0; made < 2; made++) (await engine.createPeer(OPTIONS, IGNORE)).close();
  assert.equal(loads, 1);
});

test("a state that the engine's event came too early for is reported all the same", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const stub = stubWrtc();
  const states: string[] = [];
  const peer = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, {
    ...IGNORE,
    onConnectionState: (state) => void states.push(state),
  });
  for (const state of ["connected", "connected", "disconnected", "connected"]) {
    stub.connectionState = state;
    t.mock.timers.tick(1_000);
  }
  peer.close();
  stub.connectionState = "failed";
  t.mock.timers.tick(1_000);
  assert.deepEqual(states, ["connected", "disconnected", "connected"]);
});

test("an offer while a remote offer is being answered is refused, naming the state", async () => {
  const stub = stubWrtc();
  const peer = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, IGNORE);
  stub.signalingState = "have-remote-offer";
  await assert.rejects(
    peer.createOffer(),
    /createOffer: the signalling state is have-remote-offer; expected stable/,
  );
  peer.close();
});

test("a second negotiation step during another is refused, naming the first", async () => {
  const stub = stubWrtc();
  stub.stuck.add("setRemote offer");
  const peer = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, IGNORE);
  const answering = assert.rejects(peer.answerOffer("v=0"), /the peer was closed/);
  await assert.rejects(peer.createOffer(), /createOffer: answerOffer is still in progress/);
  peer.close();
  await answering;
});

test("an engine that does not answer causes an error after a deadline", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  for (const stuck of ["createOffer", "setLocal offer", "getStats"]) {
    const stub = stubWrtc();
    stub.stuck.add(stuck);
    const peer = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, IGNORE);
    const step = stuck === "getStats" ? peer.statistics() : peer.createOffer();
    const refused = assert.rejects(step, /: the engine took longer than 5000 ms/);
    // The second awaited call happens some promise turns after the first.
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(5000);
    await refused;
    peer.close();
  }
});

test("a remote offer that cannot be answered is rolled back", async () => {
  const stub = stubWrtc();
  const connection = stub.module.RTCPeerConnection;
  class Refusing extends connection {
    override createAnswer = () => {
      stub.signalingState = "have-remote-offer";
      return Promise.reject(new Error("no common codec"));
    };
  }
  const peer = await createWrtcEngine(() => ({ ...stub.module, RTCPeerConnection: Refusing })).createPeer(
    OPTIONS,
    IGNORE,
  );
  await assert.rejects(peer.answerOffer("v=0"), /createAnswer: no common codec/);
  assert.equal(stub.calls.at(-1), "setRemote rollback");
  peer.close();
});

test("close stops the tracks before the connection", async () => {
  const stub = stubWrtc();
  const peer = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, IGNORE);
  peer.close();
  peer.close();
  // One video track is the camera's, the other the screen's.
  assert.deepEqual(stub.calls, ["stop audio track", "stop video track", "stop video track", "close"]);
});

test("stereo becomes the mean of both channels, and mono stays unchanged", () => {
  const mono = Int16Array.of(1, 2, 3);
  assert.equal(toMono({ samples: mono, channelCount: 1 }), mono);
  const stereo = { samples: Int16Array.of(100, 300, -32768, -32768, 32767, 32767), channelCount: 2 };
  assert.deepEqual(toMono(stereo), Int16Array.of(200, -32768, 32767));
});

test("the video limit is set on the transceiver when we offer, and as a bandwidth line when we answer", async () => {
  const media = "a=rtpmap:96 VP8/90000\r\n";
  const video = `v=0\r\nm=video 9 X 96\r\nc=IN IP4 0.0.0.0\r\n${media}`;
  const stub = stubWrtc();
  const answering = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, IGNORE);
  await answering.answerOffer(video);
  const offering = await createWrtcEngine(() => stub.module).createPeer(OPTIONS, IGNORE);
  await offering.createOffer();
  stub.signalingState = "have-local-offer";
  await offering.acceptAnswer(video);
  assert.deepEqual(
    stub.remote.map(({ sdp }) => sdp),
    [video.replace(media, `b=AS:1000\r\n${media}`), video],
  );
  for (const peer of [answering, offering]) peer.close();
});
