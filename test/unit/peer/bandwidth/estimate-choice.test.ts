// Which side estimates the bandwidth of what we send.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { EstimateChoice, estimatorFor } from "../../../../plugin/peer/bandwidth/estimate-choice.ts";

test("our own engine estimates, but not within a home, on far paths, and without a measured round trip", () => {
  const roundTripsMs = [20, 40, 140, 265, null, 0, 19.9, 360, 700];
  const own = roundTripsMs.filter((ms) => estimatorFor(ms) === "sender");
  assert.deepEqual(own, [20, 40, 140, 265]);
});

/** @param answers to each reading of the round trip. @param askedAt the number of readings after which the choice is made */
async function pollsOf(
  answers: (number | null)[],
  { askedAt = 0, signal = new AbortController().signal } = {},
) {
  let polls = 0;
  const roundTripMs = async () => {
    const answer = answers[polls++] ?? null;
    if (answer === Number.NEGATIVE_INFINITY) throw new Error("the engine does not answer");
    return answer;
  };
  const choice = new EstimateChoice({ roundTripMs, signal });
  choice.iceStateChanged("checking");
  assert.equal(polls, 0);
  choice.iceStateChanged("connected");
  while (polls < askedAt) await setImmediate();
  return { made: await choice.made(), polls };
}

test("the first round trip that is known counts, or the latest if it is shorter", async () => {
  assert.deepEqual(await pollsOf([null, null, 40, 600]), { made: "sender", polls: 4 });
  assert.deepEqual(await pollsOf([40, 2]), { made: "receiver", polls: 2 });
});

test("a short one among late ones counts, until the choice", async () => {
  const busy = [85, 85, 60, 6, 30, 30, 30, 30];
  assert.deepEqual(await pollsOf(busy, { askedAt: 6 }), { made: "receiver", polls: 8 });
});

test("a path that tells none in time stays unknown, and so does one whose engine does not answer", async () => {
  assert.deepEqual(await pollsOf([]), { made: "receiver", polls: 16 });
  const failing = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  assert.deepEqual(await pollsOf(failing), { made: "receiver", polls: 2 });
});

test("a closed peer is not waited for", async () => {
  assert.deepEqual(await pollsOf([], { signal: AbortSignal.abort() }), { made: "receiver", polls: 1 });
});
