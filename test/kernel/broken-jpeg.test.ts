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

describe("a camera that sends broken JPEG", () => {
  test("was tested with every kind", () => {
    assert.equal(report.kinds.length, 11);
  });

  for (const { kind, faulty, delivered, isNextWhole } of report.kinds) {
    test(`${kind}: it is counted as faulty and dropped, and the next frame is whole`, () => {
      assert.deepEqual({ faulty, delivered, isNextWhole }, { faulty: 1, delivered: 0, isNextWhole: true });
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
