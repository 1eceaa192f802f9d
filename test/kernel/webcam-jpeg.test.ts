// A webcam that puts zeros before every restart marker, and one whose frames are damaged, through v4l2loopback: what
// `capture-test` says, and what arrives at the far side of a call. All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { WebcamJpegReport } from "./guest/webcam-jpeg-report.ts";

const result = await runInVm({ command: ["node", "test/kernel/guest/webcam-jpeg-report.ts"], timeoutS: 540 });
// The script that prints the guest's report defines its type.
const { captures, rates, notified, why } = lastJson(result) as WebcamJpegReport;

/** An emulated processor drops frames now and then; the statistics are up to a second old. */
const LEAST_SHARE = 0.5;

describe("capture-test", () => {
  test("says nothing of a camera whose frames are whole", () => {
    assert.match(captures.clean ?? "", /\d+ captured, 0 faulty/);
    assert.doesNotMatch(captures.clean ?? "", /note/);
  });

  test("shows the frames with zeros before every restart marker, and names the habit in one line", () => {
    assert.match(captures.stuffed ?? "", /\d+ captured, 0 faulty/);
    const [notes, ...more] = (captures.stuffed ?? "").match(/^ {2}note.*$/gm) ?? [];
    assert.equal(
      notes,
      "  note     its pictures have extra bytes before restart markers; they were repaired",
    );
    assert.deepEqual(more, []);
  });

  test("says why the frames of a damaged camera are not shown", () => {
    assert.match(
      captures.damaged ?? "",
      /cannot be shown, because its pictures are damaged: they are cut short/,
    );
  });
});

describe("a call with a webcam that puts zeros before every restart marker", () => {
  for (const [kind, { captured, faulty, repaired, sent }] of Object.entries(rates)) {
    test(`${kind}: every frame is shown, and the far side gets them`, () => {
      assert.equal(faulty, 0);
      assert.ok(sent >= LEAST_SHARE * captured, `${sent} of ${captured} were sent`);
      if (kind === "clean") assert.equal(repaired, 0);
      else assert.ok(repaired > 0);
    });
  }

  test("that becomes damaged is reported to both hosts with the reason, and another camera replaces it", () => {
    const reason = "Camera: its pictures are damaged: they are cut short";
    for (const steps of [notified.near, notified.far]) {
      assert.ok(
        steps.some(({ mediaLevelReason }) => mediaLevelReason === reason),
        JSON.stringify(steps),
      );
    }
    assert.match(why ?? "", /cannot be shown, because its pictures are damaged: they are cut short$/);
  });
});
