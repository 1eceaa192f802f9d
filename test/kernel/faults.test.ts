// Each fault of a kernel camera during a capture, and a camera that is unplugged and plugged in again. The capture continues
// or ends with a reason, the camera opens again, and no resources are left. All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { Holdings, PlainError } from "./guest/capture-run.ts";
import type { FaultReport } from "./guest/fault-report.ts";

const VIVID_ID = "platform:vivid-000 vivid";

const result = await runInVm({ command: ["node", "test/kernel/guest/fault-report.ts"], timeoutS: 400 });
// The script that prints the guest's report defines its type.
const report = lastJson(result) as FaultReport;

function assertNothingLeft({ before, after }: { before: Holdings; after: Holdings }): void {
  assert.deepEqual(after, before);
  assert.equal(after.deviceMaps, 0);
}

function operationOf(outcome: PlainError | string | undefined): string {
  return typeof outcome === "object" ? `${outcome.operation} ${outcome.errno}` : String(outcome);
}

function during(fault: string) {
  const found = report.during[fault];
  assert.ok(found, `${fault} was not tried`);
  return found;
}

describe("a capture continues", () => {
  test("after a frame marked as faulty, which is counted", () => {
    const { outcome, counters, reopenings } = during("bufferError");
    assert.deepEqual(outcome, { frames: 6 });
    assert.ok(counters.faulty >= 1);
    assert.equal(counters.captured, counters.faulty + counters.dropped + counters.delivered);
    assert.deepEqual(reopenings, ["opened"]);
  });

  for (const [fault, operation] of [
    ["streamon", "VIDIOC_STREAMON"],
    ["reqbufs", "VIDIOC_REQBUFS"],
  ] as const) {
    test(`while ${operation} would fail; the next opening reports it, the one after works`, () => {
      const { outcome, reopenings } = during(fault);
      assert.deepEqual(outcome, { frames: 6 });
      assert.deepEqual(reopenings.map(operationOf), [`${operation} EINVAL`, "opened"]);
    });
  }

  test("while the device drops one frame in five", () => {
    const { frames, counters, longestGapMs, shortestGapMs } = report.dropped;
    assert.equal(frames, 45);
    assert.ok(
      longestGapMs > 1.5 * shortestGapMs,
      `gaps of ${shortestGapMs} to ${longestGapMs} ms: nothing was dropped`,
    );
    assert.equal(counters.captured, counters.faulty + counters.dropped + counters.delivered);
  });
});

describe("a capture ends with a reason", () => {
  for (const [fault, reason] of [
    ["qbuf", /^VIDIOC_QBUF EINVAL$/],
    ["fatal", /EIO$/],
  ] as const) {
    test(`after ${fault}, and the camera opens again`, () => {
      const { outcome, reopenings } = during(fault);
      assert.ok(typeof outcome === "object" && "operation" in outcome, JSON.stringify(outcome));
      assert.match(operationOf(outcome), reason);
      assert.deepEqual(reopenings, ["opened"]);
    });
  }

  test("when the camera is unplugged; both changes of the list are reported, and it opens again", () => {
    const { error, lists, reopened } = report.unplugged;
    assert.equal(error.errno, "ENODEV");
    assert.deepEqual(lists, [[], [VIVID_ID]]);
    assert.equal(reopened, "opened");
  });

  test("when the writer of a loopback camera ends; plugged in again, it opens", () => {
    const { opening, error, reopened } = report.loopback;
    assert.equal(opening, "opened");
    assert.equal(error.errno, "ETIMEDOUT");
    assert.equal(reopened, "opened");
  });
});

test("no fault leaves a descriptor, a thread, or mapped memory behind", () => {
  for (const one of [...Object.values(report.during), report.dropped, report.unplugged, report.loopback]) {
    assertNothingLeft(one);
  }
});
