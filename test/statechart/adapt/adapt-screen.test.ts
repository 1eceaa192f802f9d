// The adapt chart while a screen takes the camera's place: text stays legible, and the camera gets its own level back.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Measured, screenShareOf, type VideoShare } from "../../../statecharts/index.ts";
import { AdaptBench, WELL } from "../support/adapt-bench.ts";

const SCREEN: Measured = { ...WELL, picture: { width: 1920, height: 1080, fps: 30 }, isScreen: true };
const BUSY: Measured = { ...SCREEN, isEncoderBehind: true };
const LOSSY: Measured = { ...SCREEN, sendLoss: 0.25 };
const LOSSY_CAMERA: Measured = { ...WELL, sendLoss: 0.25 };

const lastShare = (bench: AdaptBench): VideoShare => {
  const { share } = bench.applied().at(-1) as { share: VideoShare };
  return screenShareOf(share);
};

describe("a shared screen", () => {
  for (const [what, strain] of [
    ["a machine that is busy", BUSY],
    ["a poor network", LOSSY],
  ] as const) {
    test(`on ${what} loses its rate before its size`, () => {
      const bench = new AdaptBench();
      const rates: number[] = [];
      for (const step of ["threeQuarters", "half", "quarter"] as const) {
        bench.falls(step, strain);
        const { scale, rate } = lastShare(bench);
        assert.equal(scale, 1, step);
        rates.push(rate);
      }
      assert.deepEqual(
        rates,
        rates.toSorted((a, b) => b - a),
      );
      bench.falls("thumbnail", strain);
      assert.ok(lastShare(bench).scale < 1);
      bench.falls("paused", strain);
      assert.equal(lastShare(bench).rate, 0);
    });
  }

  test("that comes back from a pause has its full size again", () => {
    const bench = new AdaptBench();
    bench.falls("paused", LOSSY);
    bench.falls("quarter", SCREEN);
    assert.equal(lastShare(bench).scale, 1);
    bench.falls("full", SCREEN);
  });
});

describe("the camera's level", () => {
  test("returns with the camera, however far the screen went down", () => {
    const bench = new AdaptBench();
    bench.measures(WELL, 5);
    bench.falls("paused", LOSSY);
    bench.measures(WELL, 1);
    assert.deepEqual([bench.step, bench.context.reason, bench.context.strain], ["full", null, null]);
    assert.equal(bench.reports.at(-1)?.step, "full");
  });

  test("is where the screen begins, and a second screen goes on where the first was", () => {
    const bench = new AdaptBench();
    bench.falls("half", LOSSY_CAMERA);
    bench.measures(SCREEN, 1);
    assert.equal(bench.step, "half");
    bench.falls("quarter", BUSY);
    bench.measures(WELL, 1);
    assert.equal(bench.step, "half");
    bench.measures(SCREEN, 1);
    assert.equal(bench.step, "quarter");
  });

  test("of what is shown does not follow the screen", () => {
    const bench = new AdaptBench("showing");
    bench.falls("half", { ...WELL, pageReplaced: 0.6 });
    bench.measures(SCREEN, 1);
    assert.deepEqual([bench.step, bench.context.otherStep], ["half", undefined]);
  });
});
