// The contract of every peer engine, real or fake. Run by peer-fake.test.ts and peer-wrtc.test.ts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type PeerEngine, PeerError } from "../../plugin/peer/peer.ts";
import {
  connect,
  connected,
  feed,
  greyFrame,
  negotiate,
  type ObservedPeer,
  observePeer,
  toneBlock,
} from "../support/plugin/peer-pair.ts";
import { codecs } from "./peer/codecs.contract.ts";
import { soundPackets } from "./peer/sound-packets.contract.ts";
import { figures, kinds, media, type WithPair } from "./peer-media.contract.ts";

type Pair = [caller: ObservedPeer, callee: ObservedPeer];

export function peerContract(name: string, createEngine: () => PeerEngine): void {
  const withPair = (body: (caller: ObservedPeer, callee: ObservedPeer) => Promise<void>) => async () => {
    const engine = createEngine();
    const pair: Pair = [await observePeer(engine), await observePeer(engine)];
    try {
      await body(...pair);
    } finally {
      for (const each of pair) each.peer.close();
    }
  };
  const withEngine = (body: (engine: PeerEngine) => Promise<void>) => () => body(createEngine());
  const parts = {
    connecting,
    candidates,
    media,
    kinds,
    codecs,
    figures,
    soundPackets,
    renegotiation,
    misuse,
    ends,
  };
  for (const [part, tests] of Object.entries(parts))
    describe(`${name}: ${part}`, () => tests(withPair, withEngine));
}

type WithEngine = (body: (engine: PeerEngine) => Promise<void>) => () => Promise<void>;

function connecting(withPair: WithPair): void {
  test(
    "an offer, its answer and the candidates of both sides establish a connection",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      // An engine can be connected before it reports `connecting`.
      for (const { states } of [caller, callee]) {
        assert.deepEqual(
          states.filter((state) => state !== "connecting"),
          ["connected"],
        );
      }
    }),
  );

  test(
    "candidates that arrive before any description wait for it",
    withPair(async (caller, callee) => {
      const offer = await caller.peer.createOffer();
      await caller.waitUntil(() => caller.candidates.length > 0);
      caller.sendCandidatesTo(callee.peer);
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(offer));
      // The callee sends none to the caller, so the early candidates must have been kept.
      await connected(caller, callee);
    }),
  );

  test(
    "candidates that arrive before the answer wait for it",
    withPair(async (caller, callee) => {
      const answer = await callee.peer.answerOffer(await caller.peer.createOffer());
      await callee.waitUntil(() => callee.candidates.length > 0);
      callee.sendCandidatesTo(caller.peer);
      await caller.peer.acceptAnswer(answer);
      await connected(caller, callee);
    }),
  );
}

function candidates(withPair: WithPair, withEngine: WithEngine): void {
  test(
    "no candidate is reported before its description was returned",
    withPair(async (caller) => {
      const offering = caller.peer.createOffer();
      let earlyCandidates = -1;
      await offering.then(() => {
        earlyCandidates = caller.candidates.length;
      });
      assert.equal(earlyCandidates, 0);
      await caller.waitUntil(() => caller.candidates.length > 0);
    }),
  );

  test(
    "unusable candidates do not disturb the call",
    withPair(async (caller, callee) => {
      for (const candidate of [
        "",
        "not a candidate",
        "candidate:1 1 udp 5 nobody-at-home.local 9 typ host",
      ]) {
        caller.peer.addCandidate({ candidate, sdpMid: "", sdpMLineIndex: 0 });
        callee.peer.addCandidate({ candidate, sdpMid: null, sdpMLineIndex: null });
      }
      await connect(caller, callee);
    }),
  );

  test(
    "descriptions that waited for candidates contain them, so the candidates need not be sent",
    withEngine(async (engine) => {
      const [caller, callee] = [
        await observePeer(engine, 1_500_000, 5_000),
        await observePeer(engine, 1_500_000, 5_000),
      ];
      try {
        const offer = await caller.peer.createOffer();
        assert.match(offer, /^a=candidate:.* typ host/m);
        const answer = await callee.peer.answerOffer(offer);
        assert.match(answer, /^a=candidate:.* typ host/m);
        await caller.peer.acceptAnswer(answer);
        await connected(caller, callee);
        assert.ok(caller.candidates.length > 0, "they are reported all the same");
        const again = await caller.peer.createOffer();
        assert.deepEqual(candidateLines(again), candidateLines(offer));
      } finally {
        for (const { peer } of [caller, callee]) peer.close();
      }
    }),
  );

  test(
    "a description may contain candidates with a name of the local network",
    withPair(async (caller, callee) => {
      const local = "a=candidate:1 1 udp 5 0c1a2b3c-nobody.local 9 typ host\r\n";
      const offer = await caller.peer.createOffer();
      const named = offer.replace(/^a=mid:0\r\n/m, (line) => `${line}${local}`);
      assert.notEqual(named, offer);
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(named));
      caller.sendCandidatesTo(callee.peer);
      await connected(caller, callee);
    }),
  );

  test(
    "an offer has both kinds before any media was sent",
    withPair(async (caller) => {
      const offer = await caller.peer.createOffer();
      assert.deepEqual(offer.match(/^m=\w+/gm), ["m=audio", "m=video"]);
    }),
  );
}

function renegotiation(withPair: WithPair): void {
  test(
    "a second offer on a connected peer is answered, and the frames continue",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeding = feed(caller.peer, 60);
      try {
        await callee.waitUntil(() => callee.frames.length > 3);
        for (const [from, to] of [
          [caller, callee],
          [callee, caller],
        ] as const) {
          await negotiate(from, to);
          const shown = callee.frames.length;
          await callee.waitUntil(() => callee.frames.length > shown + 3);
        }
      } finally {
        feeding.stop();
      }
    }),
  );

  test(
    "an offer that restarts ICE has new credentials and keeps the call",
    withPair(async (caller, callee) => {
      const first = await caller.peer.createOffer();
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(first));
      caller.sendCandidatesTo(callee.peer);
      callee.sendCandidatesTo(caller.peer);
      await connected(caller, callee);
      const second = await caller.peer.createOffer({ iceRestart: true });
      assert.notEqual(fragment(second), fragment(first));
      const gathered = caller.candidates.length;
      await caller.waitUntil(() => caller.candidates.length > gathered);
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(second));
      const feeding = feed(caller.peer, 60);
      await callee.waitUntil(() => callee.frames.length > 3);
      feeding.stop();
    }),
  );

  test(
    "an own offer is rolled back when a remote offer is answered on a connected peer",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      await callee.peer.createOffer({ iceRestart: true });
      await negotiate(caller, callee, true);
      const feeding = feed(callee.peer, 60);
      await caller.waitUntil(() => caller.frames.length > 3);
      feeding.stop();
    }),
  );
}

function misuse(withPair: WithPair): void {
  test(
    "a malformed description is refused with a PeerError, and the peer still works",
    withPair(async (caller, callee) => {
      await assert.rejects(callee.peer.answerOffer("nonsense"), PeerError);
      await assert.rejects(
        callee.peer.answerOffer("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=oops"),
        PeerError,
      );
      const offer = await caller.peer.createOffer();
      await assert.rejects(caller.peer.acceptAnswer("nonsense"), PeerError);
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(offer));
    }),
  );

  test(
    "an answer without an offer is refused with a PeerError",
    withPair(async (caller, callee) => {
      const answer = await callee.peer.answerOffer(await caller.peer.createOffer());
      await caller.peer.acceptAnswer(answer);
      await assert.rejects(
        caller.peer.acceptAnswer(answer),
        /signalling state is stable; expected have-local-offer/,
      );
      await assert.rejects(callee.peer.acceptAnswer(answer), PeerError);
    }),
  );

  test(
    "a view into a larger buffer is refused",
    withPair(async (caller) => {
      const whole = greyFrame(60);
      const larger = new Uint8Array(whole.data.byteLength + 16);
      const view = larger.subarray(16);
      assert.throws(() => caller.peer.sendVideo({ ...whole, data: view }), /expected a buffer of its own/);
      assert.throws(() => caller.peer.sendVideo({ ...whole, width: 319 }), PeerError);
      assert.throws(
        () => caller.peer.sendAudio(new Int16Array(960).subarray(480)),
        /expected a buffer of its own/,
      );
      assert.throws(() => caller.peer.sendAudio(new Int16Array(441)), /441 samples; expected 480/);
    }),
  );
}

function ends(withPair: WithPair): void {
  test(
    "close is idempotent, and no callback follows it",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeding = feed(caller.peer, 60);
      await callee.waitUntil(() => callee.frames.length > 3);
      callee.peer.close();
      const calls = callee.callbackCount();
      callee.peer.close();
      callee.peer.addCandidate({ candidate: "candidate:1 1 udp 5 127.0.0.1 9 typ host", sdpMLineIndex: 0 });
      callee.peer.sendVideo(greyFrame(1));
      callee.peer.sendAudio(toneBlock(0));
      await assert.rejects(callee.peer.createOffer(), /closed/);
      const bytes = (await callee.peer.statistics()).bytesSentVideo;
      assert.equal(typeof bytes, "number");
      // The caller's own statistics pass through the engine's threads, so everything in flight has arrived.
      for (let turn = 0; turn < 20; turn++) await caller.peer.statistics();
      feeding.stop();
      assert.equal(callee.callbackCount(), calls);
    }),
  );

  test(
    "closing during a negotiation ends it with a PeerError",
    withPair(async (caller) => {
      const offering = caller.peer.createOffer();
      caller.peer.close();
      const outcome = await offering.then(
        () => "made",
        (cause: unknown) => cause,
      );
      assert.ok(outcome === "made" || outcome instanceof PeerError);
      assert.equal(caller.callbackCount(), 0);
    }),
  );
}

function candidateLines(sdp: string): string[] {
  return (sdp.match(/^a=candidate:.*$/gm) ?? []).toSorted();
}

function fragment(sdp: string): string | undefined {
  return /^a=ice-ufrag:(\S+)/m.exec(sdp)?.[1];
}
