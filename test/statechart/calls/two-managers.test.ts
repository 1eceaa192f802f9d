// Two call managers with the product's effects and faulty signalling, whose users act at random. Both sides must agree in the end,
// and nothing may stay open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { ManagerPair } from "../support/manager-pair.ts";
import { runRandomly } from "../support/random-runs.ts";

/** The other half is in a file of its own, so that both run in parallel. */
const RUNS = 5_000;

describe("two managers", () => {
  test(`agree, or end by a timer, after ${RUNS} runs of random actions over faulty signalling`, async () => {
    const connected = await runRandomly(1, RUNS);
    // Runs without a connected call would prove nothing.
    assert.ok(connected > RUNS / 20, `only ${connected} runs ended in a call`);
  });

  test("that call each other at once end up in one call, without asking a user", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      using pair = new ManagerPair(seed, {
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
      await pair.advance(12_000);
      assert.deepEqual(pair.phases(), ["call-1 connected", "call-1 connected"], `seed ${seed}`);
      assert.deepEqual(
        bob.bench.ended.map(({ callId, end }) => [callId, end.reason, end.replacedBy]),
        [["call-2", "superseded", "call-1"]],
      );
      alice.bench.manager.send({ type: "user.toCall", callId: "call-1", event: { type: "user.hangup" } });
      await pair.advance(5_000);
      pair.assertAllOver(`seed ${seed}`);
    }
  });
});
