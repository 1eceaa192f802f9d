// The media part of the contract of every peer engine: which kinds flow, which do not, and what is counted. Run by
// peer.contract.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { PeerStatistics } from "../../plugin/peer/peer.ts";
import {
  connect,
  connected,
  feed,
  negotiate,
  type ObservedPeer,
  withoutKind,
  withRefusedKind,
} from "../support/plugin/peer-pair.ts";

export type WithPair = (
  body: (caller: ObservedPeer, callee: ObservedPeer) => Promise<void>,
) => () => Promise<void>;

export function media(withPair: WithPair): void {
  test(
    "remote sound is delivered only while receiving is on, and returns without a new negotiation",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeding = feed(caller.peer, 60);
      try {
        await callee.waitUntil(() => callee.blocks.length > 5);
        callee.peer.setAudioReceiving(false);
        const before = callee.blocks.length;
        const pictures = callee.frames.length;
        await callee.waitUntil(() => callee.frames.length > pictures + 3);
        assert.equal(callee.blocks.length, before);
        callee.peer.setAudioReceiving(true);
        await callee.waitUntil(() => callee.blocks.length > before + 5);
      } finally {
        feeding.stop();
      }
    }),
  );

  test(
    "frames and samples flow in both directions",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
      try {
        await callee.waitUntil(() => callee.frames.length > 5 && callee.blocks.some(isLoud));
        await caller.waitUntil(() => caller.frames.length > 5 && caller.blocks.some(isLoud));
      } finally {
        for (const each of feeds) each.stop();
      }
      assertGrey(callee.frames.at(-1), 60);
      assertGrey(caller.frames.at(-1), 180);
      assert.ok((callee.frames.at(-1)?.capturedAtUs ?? 0) > 1.7e15, "Unix time in microseconds");
      const received = callee.frames.at(-1)?.data;
      assert.equal(received?.byteLength, received?.buffer.byteLength, "the only view of its buffer");
    }),
  );

  test(
    "a screen takes the camera's place and gives it back, without a new negotiation",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeding = feed(caller.peer, 60);
      try {
        await callee.waitUntil(() => callee.frames.length > 5);
        for (const content of ["screen", "screen", "camera"] as const) {
          await caller.peer.setVideoContent(content);
          const before = callee.frames.length;
          await callee.waitUntil(() => callee.frames.length > before + 5);
        }
      } finally {
        feeding.stop();
      }
      assertGrey(callee.frames.at(-1), 60);
    }),
  );

  test(
    "what is sent can be set before the connection stands",
    withPair(async (caller, callee) => {
      await caller.peer.setVideoContent("screen");
      await connect(caller, callee);
      await callee.peer.setVideoContent("screen");
      const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
      try {
        await callee.waitUntil(() => callee.frames.length > 5);
        await caller.waitUntil(() => caller.frames.length > 5);
      } finally {
        for (const each of feeds) each.stop();
      }
    }),
  );

  test(
    "nothing is sent without input, and frames return with the input",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const first = feed(caller.peer, 60);
      await callee.waitUntil(() => callee.frames.length > 5 && callee.blocks.some(isLoud));
      first.stop();
      const before = await settledBytes(caller);
      const shown = callee.frames.length;
      // The frames of the other direction measure the time without frames in this one.
      const other = feed(callee.peer, 180);
      await caller.waitUntil(() => caller.frames.length > 15);
      other.stop();
      assert.deepEqual(await sentBytes(caller), before);
      assert.equal(callee.frames.length, shown);
      const second = feed(caller.peer, 120);
      await callee.waitUntil(() => callee.frames.length > shown + 5);
      second.stop();
      assertGrey(callee.frames.at(-1), 120);
    }),
  );
}

const BOTH_WAYS = { sends: true, receives: true };
const NOT_AT_ALL = { sends: false, receives: false };

/** The callee gets an offer without one kind, as from a machine without that device. */
async function connectWithout(
  kind: "audio" | "video",
  caller: ObservedPeer,
  callee: ObservedPeer,
): Promise<void> {
  const offer = await caller.peer.createOffer();
  const answer = await callee.peer.answerOffer(withoutKind(offer, kind));
  assert.deepEqual(answer.match(/^m=\w+/gm), [kind === "video" ? "m=audio" : "m=video"]);
  await caller.peer.acceptAnswer(withRefusedKind(answer, offer, kind));
  caller.sendCandidatesTo(callee.peer);
  callee.sendCandidatesTo(caller.peer);
  await connected(caller, callee);
}

export function kinds(withPair: WithPair): void {
  for (const missing of ["video", "audio"] as const) {
    test(
      `an offer without ${missing} leads to a call with the other kind only${missing === "video" ? ", until a later offer adds it" : ""}`,
      withPair(async (caller, callee) => {
        assert.equal(callee.peer.negotiatedDirections(), null);
        await connectWithout(missing, caller, callee);
        for (const { peer, directions } of [caller, callee]) {
          const there = missing === "video" ? "audio" : "video";
          assert.deepEqual(peer.negotiatedDirections(), { [missing]: NOT_AT_ALL, [there]: BOTH_WAYS });
          assert.deepEqual(directions, [peer.negotiatedDirections()]);
        }
        const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
        try {
          const count = ({ frames, blocks }: ObservedPeer) =>
            missing === "video" ? blocks.filter(isLoud).length : frames.length;
          await callee.waitUntil(() => count(callee) > 5);
          await caller.waitUntil(() => count(caller) > 5);
          if (missing === "video") assert.deepEqual([callee.frames, caller.frames], [[], []]);
          // Sections keep their order in later offers, so only the last section can be added.
          if (missing === "audio") return;
          await negotiate(caller, callee);
          for (const each of [caller, callee]) {
            assert.deepEqual(each.peer.negotiatedDirections(), { audio: BOTH_WAYS, video: BOTH_WAYS });
            assert.deepEqual(each.directions.at(-1), { audio: BOTH_WAYS, video: BOTH_WAYS });
            await each.waitUntil(() => each.frames.length > 5 && each.blocks.some(isLoud));
          }
        } finally {
          for (const each of feeds) each.stop();
        }
      }),
    );
  }

  test(
    "a callee that was offered no video adds it by an offer of its own, and the sound goes on",
    withPair(async (caller, callee) => {
      await connectWithout("video", caller, callee);
      const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
      try {
        await caller.waitUntil(() => caller.blocks.some(isLoud));
        await negotiate(callee, caller);
        assert.deepEqual(callee.peer.negotiatedDirections(), { audio: BOTH_WAYS, video: BOTH_WAYS });
        const heard = caller.blocks.length;
        for (const each of [caller, callee]) await each.waitUntil(() => each.frames.length > 5);
        await caller.waitUntil(() => caller.blocks.slice(heard).some(isLoud));
      } finally {
        for (const each of feeds) each.stop();
      }
    }),
  );

  test(
    "an offer of a peer that only receives is answered: it gets media, and none is expected of it",
    withPair(async (caller, callee) => {
      const offer = (await caller.peer.createOffer()).replaceAll("a=sendrecv", "a=recvonly");
      const answer = await callee.peer.answerOffer(offer);
      assert.deepEqual(answer.match(/^a=(send|recv)\w+/gm), ["a=sendonly", "a=sendonly"]);
      await caller.peer.acceptAnswer(answer);
      caller.sendCandidatesTo(callee.peer);
      callee.sendCandidatesTo(caller.peer);
      await connected(caller, callee);
      const sending = { sends: true, receives: false };
      assert.deepEqual(callee.peer.negotiatedDirections(), { audio: sending, video: sending });
      const receiving = { sends: false, receives: true };
      assert.deepEqual(caller.peer.negotiatedDirections(), { audio: receiving, video: receiving });
      const feeding = feed(callee.peer, 60);
      await caller.waitUntil(() => caller.frames.length > 3 && caller.blocks.some(isLoud));
      feeding.stop();
    }),
  );
}

export function figures(withPair: WithPair): void {
  test(
    "statistics count sent and received bytes",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeding = feed(caller.peer, 60);
      await callee.waitUntil(() => callee.frames.length > 5 && callee.blocks.some(isLoud));
      feeding.stop();
      const sent = await caller.peer.statistics();
      const received = await callee.peer.statistics();
      assert.ok(sent.bytesSentVideo > 0 && sent.bytesSentAudio > 0, JSON.stringify(sent));
      assert.ok(received.bytesReceivedVideo > 0 && received.bytesReceivedAudio > 0, JSON.stringify(received));
      assert.ok(received.packetsReceived > 0);
      assert.equal(received.bytesSentVideo, 0);
    }),
  );
}

function isLoud({ block }: { block: Int16Array }): boolean {
  return block.some((sample) => Math.abs(sample) > 2000);
}

function assertGrey(frame: ObservedPeer["frames"][number] | undefined, luma: number): void {
  assert.ok(frame !== undefined);
  const middle = frame.data[(frame.height >> 1) * frame.width + (frame.width >> 1)] ?? -1;
  assert.ok(Math.abs(middle - luma) < 12, `luma ${middle}, expected about ${luma}`);
}

async function sentBytes({
  peer,
}: ObservedPeer): Promise<Pick<PeerStatistics, "bytesSentVideo" | "bytesSentAudio">> {
  const { bytesSentVideo, bytesSentAudio } = await peer.statistics();
  return { bytesSentVideo, bytesSentAudio };
}

/** Waits until the encoder and the pacer have sent what they still hold. */
async function settledBytes(peer: ObservedPeer): ReturnType<typeof sentBytes> {
  let last = await sentBytes(peer);
  for (let same = 0; same < 200; ) {
    const now = await sentBytes(peer);
    same = JSON.stringify(now) === JSON.stringify(last) ? same + 1 : 0;
    last = now;
  }
  return last;
}
