// A webcam that puts zeros before every restart marker, and one whose frames are damaged, through v4l2loopback: the lines that
// `capture-test` prints. All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { WebcamJpegReport } from "./guest/webcam-jpeg-report.ts";

const result = await runInVm({ command: ["node", "test/kernel/guest/webcam-jpeg-report.ts"], timeoutS: 540 });
// The script that prints the guest's report defines its type.
const captures = lastJson(result) as WebcamJpegReport;

describe("capture-test", () => {
  test("says nothing of a camera whose frames are whole", () => {
    assert.match(captures.clean, /\d+ captured, 0 faulty/);
    assert.doesNotMatch(captures.clean, /note/);
  });

  test("shows the frames with zeros before every restart marker, and names the habit in one line", () => {
    assert.match(captures.stuffed, /\d+ captured, 0 faulty/);
    const [notes, ...more] = captures.stuffed.match(/^ {2}note.*$/gm) ?? [];
    assert.equal(
      notes,
      "  note     its pictures have extra bytes before restart markers; they were repaired",
    );
    assert.deepEqual(more, []);
  });

  test("says why the frames of a damaged camera are not shown", () => {
    assert.match(captures.damaged, /cannot be shown, because its pictures are damaged: they are cut short/);
  });
});
