// Truncated or damaged JPEG, or JPEG of another size than the camera's, through v4l2loopback. All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { BrokenJpegReport } from "./guest/broken-jpeg-report.ts";

const result = await runInVm({
  command: ["node", "test/kernel/guest/broken-jpeg-report.ts"],
  timeoutS: 240,
});
// The script that prints the guest's report defines its type.
const report = lastJson(result) as BrokenJpegReport;

type Fate = readonly [string, { faulty: number; delivered: number; repaired: number; damaged: number }];
const NOT_SHOWN: Fate = ["counted as faulty", { faulty: 1, delivered: 0, repaired: 0, damaged: 1 }];
/** What becomes of the kinds of which most rows came. */
const FATES: Readonly<Partial<Record<string, Fate>>> = {
  "cut late": ["shown in part", { faulty: 0, delivered: 1, repaired: 0, damaged: 1 }],
  "cut before its end marker": ["repaired", { faulty: 0, delivered: 1, repaired: 1, damaged: 0 }],
};

describe("a camera that sends broken JPEG", () => {
  test("was tested with every kind", () => {
    assert.equal(report.kinds.length, 12);
  });

  for (const { kind, isNextWhole, ...counts } of report.kinds) {
    const [fate, expected] = FATES[kind] ?? NOT_SHOWN;
    test(`${kind}: it is ${fate}, and the next frame is whole`, () => {
      assert.deepEqual(counts, expected);
      assert.ok(isNextWhole);
    });
  }

  test("continues after randomly damaged frames, and its counts add up", () => {
    assert.ok(report.isLastWhole);
    const { captured, faulty, dropped, delivered } = report.counters;
    assert.equal(captured, faulty + dropped + delivered);
  });

  test("leaves no resources behind", () => {
    assert.deepEqual(report.after, report.before);
    assert.equal(report.after.deviceMaps, 0);
  });
});
