// The part of the contract of every peer engine about descriptions without a common codec. Run by peer.contract.ts.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerError } from "../../../plugin/peer/peer.ts";
import {
  connected,
  feed,
  negotiate,
  type ObservedPeer,
  withOnlyCodec,
} from "../../support/plugin/peer-pair.ts";
import type { WithPair } from "../peer-media.contract.ts";

const BOTH_WAYS = { sends: true, receives: true };
const NOT_AT_ALL = { sends: false, receives: false };
const REFUSED = /^the picture cannot be shown: one side has H264 only, the other .*VP8/;

export function codecs(withPair: WithPair): void {
  for (const direction of ["sendrecv", "sendonly", "recvonly", "inactive"]) {
    test(
      `a ${direction} video offer in H264 only leads to a call with sound, and both know that there is no picture`,
      withPair(async (caller, callee) => {
        const offer = withOnlyCodec(await caller.peer.createOffer(), "video", "H264/90000");
        const [audio = "", video = ""] = offer.split(/^(?=m=video)/m);
        const answer = await callee.peer.answerOffer(audio + video.replace("a=sendrecv", `a=${direction}`));
        assert.deepEqual(answer.match(/^m=\w+ \d+/gm), ["m=audio 9", "m=video 0"]);
        await caller.peer.acceptAnswer(answer);
        caller.sendCandidatesTo(callee.peer);
        callee.sendCandidatesTo(caller.peer);
        await connected(caller, callee);
        const { videoRefused = "", ...directions } = callee.peer.negotiatedDirections() ?? {};
        assert.match(videoRefused, REFUSED);
        assert.deepEqual(directions, { audio: BOTH_WAYS, video: NOT_AT_ALL });
        assert.deepEqual(caller.peer.negotiatedDirections(), { audio: BOTH_WAYS, video: NOT_AT_ALL });
        const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
        await Promise.all([hears(caller), hears(callee)]).finally(() => {
          for (const each of feeds) each.stop();
        });
        assert.deepEqual([callee.frames, caller.frames], [[], []]);
      }),
    );

    test(
      `a ${direction} video answer in H264 only leads to a call with sound`,
      withPair(async (caller, callee) => {
        const answer = await callee.peer.answerOffer(await caller.peer.createOffer());
        const [audio = "", video = ""] = withOnlyCodec(answer, "video", "H264/90000").split(/^(?=m=video)/m);
        await caller.peer.acceptAnswer(audio + video.replace("a=sendrecv", `a=${direction}`));
        const { videoRefused = "", ...directions } = caller.peer.negotiatedDirections() ?? {};
        assert.match(videoRefused, REFUSED);
        assert.deepEqual(directions, { audio: BOTH_WAYS, video: NOT_AT_ALL });
        caller.sendCandidatesTo(callee.peer);
        callee.sendCandidatesTo(caller.peer);
        await connected(caller, callee);
        const feeding = feed(callee.peer, 180);
        await hears(caller).finally(() => feeding.stop());
      }),
    );
  }

  test(
    "a later offer in a common codec brings the picture",
    withPair(async (caller, callee) => {
      const offer = withOnlyCodec(await caller.peer.createOffer(), "video", "H264/90000");
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(offer));
      caller.sendCandidatesTo(callee.peer);
      callee.sendCandidatesTo(caller.peer);
      await connected(caller, callee);
      await negotiate(caller, callee);
      for (const { peer } of [caller, callee])
        assert.deepEqual(peer.negotiatedDirections(), { audio: BOTH_WAYS, video: BOTH_WAYS });
      const feeds = [feed(caller.peer, 60), feed(callee.peer, 180)];
      await Promise.all([caller, callee].map((each) => each.waitUntil(() => each.frames.length > 3))).finally(
        () => {
          for (const each of feeds) each.stop();
        },
      );
    }),
  );

  test(
    "audio without Opus goes on with another codec that both sides have, in an offer and in its answer",
    withPair(async (caller, callee) => {
      const answer = await callee.peer.answerOffer(withPcmuOnly(await caller.peer.createOffer()));
      await caller.peer.acceptAnswer(answer);
      caller.sendCandidatesTo(callee.peer);
      callee.sendCandidatesTo(caller.peer);
      await connected(caller, callee);
      assert.deepEqual(callee.peer.negotiatedDirections(), { audio: BOTH_WAYS, video: BOTH_WAYS });
      const feeding = feed(caller.peer, 60);
      await hears(callee).finally(() => feeding.stop());
    }),
  );

  test(
    "audio without a common codec is refused with the codecs of both sides, and the peer still works",
    withPair(async (caller, callee) => {
      const offer = await caller.peer.createOffer();
      const isClear = (cause: unknown) => {
        assert.ok(cause instanceof PeerError);
        assert.match(
          cause.message,
          /^there is no common audio codec: one side has AMR-WB only, the other opus/,
        );
        return true;
      };
      await assert.rejects(callee.peer.answerOffer(withOnlyCodec(offer, "audio", "AMR-WB/16000")), isClear);
      const answer = await callee.peer.answerOffer(offer);
      await assert.rejects(caller.peer.acceptAnswer(withOnlyCodec(answer, "audio", "AMR-WB/16000")), isClear);
      await caller.peer.acceptAnswer(answer);
    }),
  );
}

function hears(peer: ObservedPeer): Promise<void> {
  return peer.waitUntil(() => peer.blocks.some(({ block }) => block.some((sample) => sample > 2000)));
}

/** With the payload type that the engine itself gives to PCMU (RFC 3551 section 6), so that its answer fits the whole offer. */
function withPcmuOnly(offer: string): string {
  return withOnlyCodec(offer, "audio", "PCMU/8000")
    .replace(/^(m=audio .*) 102\r$/m, "$1 0\r")
    .replace("a=rtpmap:102 PCMU", "a=rtpmap:0 PCMU");
}
