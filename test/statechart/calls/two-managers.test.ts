// Two managers with the product's effects, joined by signalling that loses, repeats and reorders, used by people who do
// anything at any time. Whatever happens, both sides end in agreement, and nothing stays open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { ManagerPair } from "../support/manager-pair.ts";
import { runWildly } from "../support/wild-runs.ts";

/** The other half has a file of its own, so that both run at a time. */
const RUNS = 5_000;

describe("two managers", () => {
  test(`agree, or end by a timer, after ${RUNS} runs of people doing anything over bad signalling`, async () => {
    const connected = await runWildly(1, RUNS);
    // Runs that never get as far as a call would show nothing.
    assert.ok(connected > RUNS / 20, `only ${connected} runs ended in a call`);
  });

  test("that call each other at the same moment end up in one call, without a question to anybody", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const pair = new ManagerPair(seed, {
        reordering: 0.5,
        reorderMs: 1_500,
        duplication: 0.3,
        delayMs: 20,
      });
      await pair.begin();
      const random = seededRandom(seed);
      const [alice, bob] = pair.sides;
      if (!alice || !bob) assert.fail("two sides");
      pair.start(alice, bob.peerId, random);
      pair.start(bob, alice.peerId, random);
      await pair.passes(12_000);
      assert.deepEqual(pair.phases(), ["call-1 connected", "call-1 connected"], `seed ${seed}`);
      assert.deepEqual(
        bob.bench.ended.map(({ callId, end }) => [callId, end.reason, end.replacedBy]),
        [["call-2", "superseded", "call-1"]],
      );
      alice.bench.manager.send({ type: "user.toCall", callId: "call-1", event: { type: "user.hangup" } });
      await pair.passes(5_000);
      pair.assertAllOver(`seed ${seed}`);
    }
  });
});
