// On a link whose bandwidth the engine searches for, the estimate alone says when pictures leave and when they return.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Measured } from "../../../statecharts/index.ts";
import { AdaptBench, WELL } from "../support/adapt-bench.ts";

/** The estimate has been `bps` for some seconds, while that many frames a second were sent. */
function searched(bps: number, frames: number, heldBack = false): Measured {
  return {
    ...WELL,
    availableSendBps: bps,
    outgoing: {
      ...{ frames, bps: heldBack ? bps : 32_000, isRateLimited: heldBack },
      ...{ flowingMs: heldBack ? 20_000 : 2_000, isRampingUp: false },
      ...{ linkBps: frames > 0 ? bps : null, queuedMs: 20, isSearchable: true },
    },
  };
}

describe("a link that can be searched", () => {
  test("pauses the picture within a second where it carries the sound alone, before a picture fills it", () => {
    const bench = new AdaptBench();
    bench.measures(searched(61_000, 30), 1);
    assert.equal(bench.step, "paused");
    assert.deepEqual(bench.context.strain, "link");
  });

  test("keeps a picture paused as long as no search finds more, without a trial", () => {
    const bench = new AdaptBench();
    bench.measures(searched(61_000, 30), 1);
    bench.measures(searched(61_000, 0), 600);
    assert.deepEqual(
      bench.reports.map(({ step }) => step),
      ["full", "paused"],
    );
  });

  test("returns it within 9 s once a search finds room for a small one, and a larger one waits as usual", () => {
    const bench = new AdaptBench();
    bench.measures(searched(61_000, 30), 1);
    bench.measures(searched(61_000, 0), 60);
    bench.measures(searched(124_000, 0), 9);
    assert.equal(bench.step, "thumbnail");
    bench.measures(searched(1_000_000, 5), 12);
    assert.equal(bench.step, "thumbnail");
    bench.measures(searched(1_000_000, 5), 4);
    assert.equal(bench.step, "quarter");
  });

  test("pauses a small picture once it carries no more than the sound, and keeps one beside it", () => {
    for (const [bps, end] of [
      [70_000, "paused"],
      [85_000, "thumbnail"],
    ] as const) {
      const bench = new AdaptBench();
      bench.falls("thumbnail", { ...WELL, sendLoss: 0.25 });
      bench.measures(searched(bps, 5, true), 15);
      assert.equal(bench.step, end, `${bps}`);
    }
  });
});
