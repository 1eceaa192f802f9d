// The first picture after a pause is a trial of the link: it ends at once where the sound would wait behind it, and costs no patience.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Measured } from "../../../statecharts/index.ts";
import { AdaptBench, WELL } from "../support/adapt-bench.ts";

const LOSSY: Measured = { ...WELL, sendLoss: 0.25 };

describe("the first picture after a pause", () => {
  const queued = (queuedMs: number): Measured => ({
    ...WELL,
    availableSendBps: 30_000,
    outgoing: {
      ...{ frames: 5, bps: 60_000, flowingMs: 1_000, isRampingUp: true, isRateLimited: true },
      ...{ linkBps: 30_000, queuedMs },
    },
  });
  const tryPicture = () => {
    const bench = new AdaptBench();
    bench.falls("paused", LOSSY);
    bench.falls("thumbnail", WELL);
    return bench;
  };

  test("ends within a second when packets wait behind it, with its reason", () => {
    const bench = tryPicture();
    bench.measures(queued(300), 1);
    assert.equal(bench.step, "paused");
    assert.deepEqual(
      [bench.context.strain, bench.context.reason],
      ["link", "with a picture an answer takes 300 ms longer"],
    );
  });

  test("stays when none do", () => {
    const bench = tryPicture();
    bench.measures(queued(100), 4);
    assert.equal(bench.step, "thumbnail");
  });

  test("is tried again within 13 s however often it failed, and after a success", () => {
    const bench = tryPicture();
    for (let trial = 0; trial < 6; trial += 1) {
      bench.measures(queued(800), 1);
      const pausedMs = bench.clock.now();
      bench.falls("thumbnail", WELL);
      assert.ok(bench.clock.now() - pausedMs <= 13_000, `${bench.clock.now() - pausedMs}`);
    }
    bench.falls("full", WELL);
    assert.equal(bench.context.isTrialOver, false);
  });

  test("is not the thumbnail of a picture that got smaller", () => {
    const bench = new AdaptBench();
    bench.falls("thumbnail", LOSSY);
    bench.measures(queued(300), 3);
    assert.equal(bench.step, "thumbnail");
  });

  test("after a failure of the whole trial waits the usual time", () => {
    const bench = tryPicture();
    bench.measures(queued(800), 1);
    bench.falls("thumbnail", WELL);
    bench.falls("paused", LOSSY);
    assert.equal(bench.context.isTrialOver, false);
    assert.equal(bench.context.failedStepUps, 1);
  });
});
