// Two desks with the product's effects, joined by signalling that loses, repeats and reorders, used by people who do
// anything at any time. Whatever happens, both sides end in agreement, and nothing stays open.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { seededRandom } from "../support/seeded-random.ts";
import { DeskPair, wildFaults } from "./support/desk-pair.ts";

const RUNS = 240;
const STEPS = 30;
/** Longer than every wait of the charts one after the other. */
const SETTLING_MS = 200_000;
const NO_FAULTS = { loss: 0, duplication: 0, reordering: 0, delayMs: 5 };

async function wildRun(seed: number): Promise<{ connected: number }> {
  const random = seededRandom(seed);
  const pair = new DeskPair(seed, wildFaults(random));
  await pair.begin();
  for (let step = 0; step < STEPS; step += 1) {
    pair.act(random);
    await pair.passes(random.pick([20, 300, 3_000]), 300);
    pair.assertDevicesFitCalls(`seed ${seed}, step ${step}`);
  }
  for (const { peerId } of pair.sides) pair.network.setOnline(peerId, true);
  pair.network.setFaults(NO_FAULTS);
  await pair.passes(SETTLING_MS, 2_000);
  const [here, there] = pair.phases();
  assert.equal(here, there, `seed ${seed}: both sides see the same`);
  assert.match(`${here}`, /^(call-\d+ connected)?$/, `seed ${seed}: no call hangs on the way`);
  const { bench } = random.pick(pair.sides);
  for (const { callId } of bench.calls()) {
    bench.desk.send({ type: "user.toCall", callId, event: { type: "user.hangup" } });
  }
  await pair.passes(2_000, 500);
  pair.assertAllOver(`seed ${seed}: at the end`);
  return { connected: here === "" ? 0 : 1 };
}

describe("two desks", () => {
  test(`agree, or end by a timer, after ${RUNS} runs of people doing anything over bad signalling`, async () => {
    let connected = 0;
    for (let seed = 1; seed <= RUNS; seed += 1) connected += (await wildRun(seed)).connected;
    // Runs that never get as far as a call would show nothing.
    assert.ok(connected > RUNS / 20, `only ${connected} runs ended in a call`);
  });

  test("that call each other at the same moment end up in one call, without a question to anybody", async () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const pair = new DeskPair(seed, { reordering: 0.5, reorderMs: 1_500, duplication: 0.3, delayMs: 20 });
      await pair.begin();
      const random = seededRandom(seed);
      const [alice, bob] = pair.sides;
      if (!alice || !bob) assert.fail("two sides");
      pair.start(alice, bob.peerId, random);
      pair.start(bob, alice.peerId, random);
      await pair.passes(12_000, 100);
      assert.deepEqual(pair.phases(), ["call-1 connected", "call-1 connected"], `seed ${seed}`);
      assert.deepEqual(
        bob.bench.ended.map(({ callId, end }) => [callId, end.reason, end.replacedBy]),
        [["call-2", "superseded", "call-1"]],
      );
      alice.bench.desk.send({ type: "user.toCall", callId: "call-1", event: { type: "user.hangup" } });
      await pair.passes(5_000, 500);
      pair.assertAllOver(`seed ${seed}`);
    }
  });
});
