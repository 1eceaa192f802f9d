// The pacer keeps maxFps, and jitter costs no frames.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createPacer } from "../../../plugin/frames/pacer.ts";
import { type Random, seededRandom } from "../../support/process/seeded-random.ts";

/** The times of `count` frames at `fps`, each up to `jitterMs` late, in order. */
function arrivals(random: Random, fps: number, count: number, jitterMs: number): number[] {
  const times = Array.from(
    { length: count },
    (_, index) => (index * 1000) / fps + random.below(jitterMs + 1),
  );
  return times.sort((a, b) => a - b);
}

function sent(maxFps: number, times: readonly number[]): number[] {
  const pacer = createPacer(maxFps);
  return times.filter((at) => {
    const isDue = pacer.isDue(at);
    if (isDue) pacer.take(at);
    return isDue;
  });
}

describe("pacer", () => {
  for (const fps of [15, 25, 30, 60]) {
    test(`drops no frame of a jittering source of ${fps} fps at maxFps ${fps}`, () => {
      for (let seed = 1; seed <= 20; seed += 1) {
        const times = arrivals(seededRandom(seed), fps, 1000, Math.min(40, 1000 / fps));
        assert.equal(sent(fps, times).length, times.length, `seed ${seed}`);
      }
    });
  }

  test("frames delayed by a pause are sent on arrival, at the source's own rate", () => {
    const times = Array.from({ length: 300 }, (_, index) => (index * 1000) / 30).map((at) =>
      at > 1000 && at < 1060 ? 1060 : at,
    );
    assert.equal(sent(30, times).length, times.length);
  });

  for (const [sourceFps, maxFps] of [
    [30, 15],
    [30, 20],
    [60, 24],
    [30, 1],
    [30, 0.1],
  ] as const) {
    test(`keeps maxFps ${maxFps} for a source of ${sourceFps} fps, and uses it fully`, () => {
      for (let seed = 1; seed <= 10; seed += 1) {
        const seconds = 40;
        const times = arrivals(seededRandom(seed), sourceFps, sourceFps * seconds, 10);
        const count = sent(maxFps, times).length;
        assert.ok(count <= maxFps * seconds + 1 + 0.05 * maxFps, `${count} sent, seed ${seed}`);
        assert.ok(count >= Math.floor(maxFps * seconds * 0.98), `only ${count} sent, seed ${seed}`);
      }
    });
  }

  test("a pause allows no burst beyond the jitter allowance", () => {
    const burst = Array.from({ length: 30 }, () => 10_000);
    assert.ok(sent(30, [0, ...burst]).length <= 4);
  });
});
