// The packets of sent sound: the part of the peers' contract that negotiates within one engine.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, feed, negotiate } from "../../support/plugin/peer-pair.ts";
import type { WithPair } from "../peer-media.contract.ts";

export function soundPackets(withPair: WithPair): void {
  test(
    "the packets of sound cannot change before the first negotiation, nor during one",
    withPair(async (caller, callee) => {
      await assert.rejects(caller.peer.setSoundPackets("long"), /nothing was negotiated|signalling state/);
      const answer = await callee.peer.answerOffer(await caller.peer.createOffer());
      await assert.rejects(caller.peer.setSoundPackets("long"), /signalling state is have-local-offer/);
      await caller.peer.acceptAnswer(answer);
      await caller.peer.setSoundPackets("long");
    }),
  );

  test(
    "the packets of sound change on both sides of a call, whose media and negotiations go on",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const feeds = [caller, callee].map(({ peer }) => feed(peer, 90));
      const flows = async () => {
        const counts = [caller, callee].map(({ blocks, frames }) => [blocks.length, frames.length]);
        for (const [index, side] of [caller, callee].entries()) {
          const [blocks = 0, frames = 0] = counts[index] ?? [];
          await side.waitUntil(() => side.blocks.length > blocks + 20 && side.frames.length > frames + 3);
        }
      };
      for (const kind of ["long", "repeated", "short", "long"] as const) {
        await Promise.all([caller, callee].map(({ peer }) => peer.setSoundPackets(kind)));
        await flows();
      }
      await negotiate(callee, caller);
      await negotiate(caller, callee, true);
      await flows();
      for (const { stop } of feeds) stop();
      for (const { states } of [caller, callee]) assert.ok(!states.includes("failed"), states.join());
    }),
  );

  test(
    "a negotiation that begins while the packets change waits for it",
    withPair(async (caller, callee) => {
      await connect(caller, callee);
      const change = caller.peer.setSoundPackets("long");
      const offer = await caller.peer.createOffer();
      await change;
      await caller.peer.acceptAnswer(await callee.peer.answerOffer(offer));
    }),
  );
}
