// One run of two people who do anything over signalling that fails, repeated for many seeds, and what must be true of
// every one of them: both sides agree, nothing hangs, nothing stays open.

import assert from "node:assert/strict";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { ManagerPair, wildFaults } from "./manager-pair.ts";

const STEPS = 20;
/** Longer than every wait of the charts one after the other. */
const SETTLING_MS = 200_000;
const NO_FAULTS = { loss: 0, duplication: 0, reordering: 0, delayMs: 5 };

/** @returns how many of the runs ended in a call that was connected */
export async function runWildly(firstSeed: number, lastSeed: number): Promise<number> {
  let connected = 0;
  for (let seed = firstSeed; seed <= lastSeed; seed += 1) connected += await wildRun(seed);
  return connected;
}

async function wildRun(seed: number): Promise<0 | 1> {
  const random = seededRandom(seed);
  const pair = new ManagerPair(seed, wildFaults(random));
  await pair.begin();
  for (let step = 0; step < STEPS; step += 1) {
    pair.act(random);
    await pair.passes(random.pick([20, 300, 3_000]));
    pair.assertDevicesFitCalls(`seed ${seed}, step ${step}`);
  }
  for (const { peerId } of pair.sides) pair.network.setOnline(peerId, true);
  pair.network.setFaults(NO_FAULTS);
  await pair.passes(SETTLING_MS);
  const [here, there] = pair.phases();
  assert.equal(here, there, `seed ${seed}: both sides see the same`);
  assert.match(`${here}`, /^(call-\d+ connected)?$/, `seed ${seed}: no call hangs on the way`);
  const { bench } = random.pick(pair.sides);
  for (const { callId } of bench.calls()) {
    bench.manager.send({ type: "user.toCall", callId, event: { type: "user.hangup" } });
  }
  await pair.passes(2_000);
  pair.assertAllOver(`seed ${seed}: at the end`);
  pair.assertEndsAgree(`seed ${seed}: at the end`);
  return here === "" ? 0 : 1;
}
