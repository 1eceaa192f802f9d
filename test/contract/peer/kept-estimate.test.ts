// What a change of the negotiated terms leaves of the estimate, on either side, in the engine.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { createWrtcEngine } from "../../../plugin/peer/wrtc-engine.ts";
import { connect, feed, negotiate, type ObservedPeer, observePeer } from "../../support/plugin/peer-pair.ts";

type Change = (caller: ObservedPeer, callee: ObservedPeer) => Promise<void>;

const CHANGES: Readonly<Record<string, Change>> = {
  "other sound packets": async (caller, callee) => {
    await Promise.all([caller, callee].map(({ peer }) => peer.setSoundPackets("repeated")));
  },
  "an offer of the caller": (caller, callee) => negotiate(caller, callee),
  "an offer of the callee": (caller, callee) => negotiate(callee, caller),
  "an ICE restart": (caller, callee) => negotiate(caller, callee, true),
};

/** libwebrtc starts at 300 kb/s. */
const MEASURED_BPS = 600_000;
const SETTLE_MS = 1_500;
const KEPT_SHARE = 0.5;
/** A machine that is busy in the wrong moment makes packets late, which lowers an estimate too. A fault lowers it each time. */
const CONNECTIONS = 3;

const estimatesOf = (sides: readonly ObservedPeer[]) =>
  Promise.all(sides.map(async ({ peer }) => (await peer.statistics()).availableSendBps ?? 0));

/** @returns the estimates of both sides before and after the change */
async function estimatesAround(change: Change): Promise<{ before: number[]; after: number[] }> {
  const engine = createWrtcEngine();
  const sides = [await observePeer(engine), await observePeer(engine)] as const;
  const feeds = sides.map(({ peer }) => feed(peer, 60));
  try {
    await connect(...sides);
    await delay(SETTLE_MS);
    const before = await estimatesOf(sides);
    await change(...sides);
    await delay(SETTLE_MS);
    return { before, after: await estimatesOf(sides) };
  } finally {
    for (const { stop } of feeds) stop();
    for (const { peer } of sides) peer.close();
  }
}

test("the answer allows the other side to number its packets wherever its offer did", async () => {
  const engine = createWrtcEngine();
  const [caller, callee] = [await observePeer(engine), await observePeer(engine)];
  try {
    const offer = await caller.peer.createOffer();
    const answer = await callee.peer.answerOffer(offer);
    const numbersOf = (sdp: string) => sdp.match(/^(m=\w+|a=extmap:\d+ .*transport-wide-cc.*)/gm);
    assert.equal(numbersOf(offer)?.length, 4);
    assert.deepEqual(numbersOf(answer), numbersOf(offer));
  } finally {
    for (const { peer } of [caller, callee]) peer.close();
  }
});

describe("the estimate on a near path", { timeout: 90_000 }, () => {
  for (const [name, change] of Object.entries(CHANGES)) {
    test(`both sides keep it through ${name}`, async () => {
      const tries: string[] = [];
      for (let connection = 0; connection < CONNECTIONS; connection += 1) {
        const { before, after } = await estimatesAround(change);
        const isKept = before.every(
          (bps, index) => bps > MEASURED_BPS && (after[index] ?? 0) > KEPT_SHARE * bps,
        );
        if (isKept) return;
        tries.push(`${before.join(" and ")}, then ${after.join(" and ")}`);
      }
      assert.fail(`${tries.join("; ")} bit/s`);
    });
  }
});
