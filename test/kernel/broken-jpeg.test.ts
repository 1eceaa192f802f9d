// JPEG cut off, damaged, or of another size than the camera's, through v4l2loopback. One boot serves all tests.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { BrokenJpegReport } from "./guest/broken-jpeg-report.ts";

const result = await runInVm({
  command: ["node", "test/kernel/guest/broken-jpeg-report.ts"],
  timeoutS: 240,
});
// The guest's report is typed by the script that prints it.
const report = lastJson(result) as BrokenJpegReport;

describe("a camera that sends broken JPEG", () => {
  test("was seen with every kind", () => {
    assert.equal(report.kinds.length, 11);
  });

  for (const { kind, faulty, delivered, isNextWhole } of report.kinds) {
    test(`${kind}: it is counted as faulty and not shown, and the next picture is whole`, () => {
      assert.deepEqual({ faulty, delivered, isNextWhole }, { faulty: 1, delivered: 0, isNextWhole: true });
    });
  }

  test("goes on after pictures damaged at random, and its counts add up", () => {
    assert.ok(report.isLastWhole);
    const { captured, faulty, dropped, delivered } = report.counters;
    assert.equal(captured, faulty + dropped + delivered);
  });

  test("leaves nothing behind", () => {
    assert.deepEqual(report.after, report.before);
    assert.equal(report.after.deviceMaps, 0);
  });
});
