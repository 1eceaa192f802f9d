// Random runs of two users over faulty signalling, one for each seed. In every run both sides must agree, no call may hang, and
// nothing may stay open.

import assert from "node:assert/strict";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { ManagerPair, randomFaults } from "./manager-pair.ts";

const STEPS = 20;
/** Longer than all delays of the charts in sequence. */
const SETTLING_MS = 200_000;
const NO_FAULTS = { loss: 0, duplication: 0, reordering: 0, delayMs: 5 };

/** @returns the number of runs that ended in a connected call */
export async function runRandomly(firstSeed: number, lastSeed: number): Promise<number> {
  let connected = 0;
  for (let seed = firstSeed; seed <= lastSeed; seed += 1) connected += await randomRun(seed);
  return connected;
}

async function randomRun(seed: number): Promise<0 | 1> {
  const random = seededRandom(seed);
  using pair = new ManagerPair(seed, randomFaults(random));
  await pair.begin();
  for (let step = 0; step < STEPS; step += 1) {
    pair.act(random);
    await pair.advance(random.pick([20, 300, 3_000]));
    pair.assertDevicesFitCalls(`seed ${seed}, step ${step}`);
  }
  for (const { peerId } of pair.sides) pair.network.setOnline(peerId, true);
  pair.network.setFaults(NO_FAULTS);
  await pair.advance(SETTLING_MS);
  const [here, there] = pair.phases();
  assert.equal(here, there, `seed ${seed}: both sides see the same`);
  assert.match(`${here}`, /^(call-\d+ connected)?$/, `seed ${seed}: no call hangs on the way`);
  const { bench } = random.pick(pair.sides);
  for (const { callId } of bench.calls()) {
    bench.manager.send({ type: "user.toCall", callId, event: { type: "user.hangup" } });
  }
  await pair.advance(2_000);
  pair.assertAllOver(`seed ${seed}: at the end`);
  pair.assertEndsAgree(`seed ${seed}: at the end`);
  return here === "" ? 0 : 1;
}
