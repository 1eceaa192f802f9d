// Which side estimates the bandwidth of what we send.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { EstimateChoice, estimatorFor } from "../../../../plugin/peer/bandwidth/estimate-choice.ts";

test("our own engine estimates, but not within a home, on far paths, and without a measured round trip", () => {
  const roundTripsMs = [10, 40, 140, 265, null, 0, 9.9, 360, 700];
  const own = roundTripsMs.filter((ms) => estimatorFor(ms) === "sender");
  assert.deepEqual(own, [10, 40, 140, 265]);
});

async function pollsOf(t: TestContext, answers: (number | null)[], signal = new AbortController().signal) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  let polls = 0;
  let isOver = false;
  const roundTripMs = async () => {
    const answer = answers[polls++] ?? null;
    if (answer === Number.NEGATIVE_INFINITY) throw new Error("the engine does not answer");
    return answer;
  };
  const choice = new EstimateChoice({ roundTripMs, signal });
  choice.iceStateChanged("checking");
  assert.equal(polls, 0);
  choice.iceStateChanged("connected");
  const made = choice.made().finally(() => {
    isOver = true;
  });
  for (let turn = 0; !isOver && turn < 1_000; turn += 1) {
    t.mock.timers.tick(10);
    await new Promise(setImmediate);
  }
  return { made: await made, polls };
}

test("the first round trip that is known counts, or the latest if it is shorter", async (t) => {
  assert.deepEqual(await pollsOf(t, [null, null, 30, 600]), { made: "sender", polls: 4 });
  t.mock.timers.reset();
  assert.deepEqual(await pollsOf(t, [30, 2]), { made: "receiver", polls: 2 });
});

test("a path that tells none in time stays unknown, and so does one whose engine does not answer", async (t) => {
  assert.deepEqual(await pollsOf(t, []), { made: "receiver", polls: 16 });
  t.mock.timers.reset();
  const failing = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
  assert.deepEqual(await pollsOf(t, failing), { made: "receiver", polls: 2 });
});

test("a closed peer is not waited for", async (t) => {
  assert.deepEqual(await pollsOf(t, [], AbortSignal.abort()), { made: "receiver", polls: 1 });
});
