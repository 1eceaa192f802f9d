// A whole call in the kernel machine, with real drivers on both sides. All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { assertColourBars } from "../support/pictures/colour-bars.ts";
import type { CallReport } from "./guest/call-report.ts";

/** VP8 and 4:2:0 blur the bars' edges, not their middles. */
const TOLERANCE = 24;

const result = await runInVm({ command: ["node", "test/kernel/guest/call-report.ts"], timeoutS: 500 });
// The script that prints the guest's report defines its type.
const report = lastJson(result) as CallReport;

describe("a call with cameras of the kernel", () => {
  test("no camera is open before the call, and only the caller's while it rings", () => {
    const [caller] = report.openInCall;
    assert.deepEqual([report.openBefore, report.openWhileRinging], [[], caller]);
  });

  test("during the call each side holds only its own camera", () => {
    assert.deepEqual(report.openInCall, [["/dev/video0"], ["/dev/video60"]]);
  });

  test("vivid's YUYV reaches both hosts", () => {
    const { aliceLocal, bobRemote } = report.frames;
    assert.deepEqual([aliceLocal.width, aliceLocal.height], [320, 180]);
    assertColourBars(bobRemote.bars, TOLERANCE);
    assert.ok(aliceLocal.distinct > 1 && bobRemote.distinct > 1);
  });

  test("v4l2loopback's MJPEG reaches both hosts", () => {
    const { bobLocal, aliceRemote } = report.frames;
    assert.deepEqual([bobLocal.width, bobLocal.height], [160, 120]);
    assert.ok(bobLocal.distinct > 1 && aliceRemote.distinct > 1);
    assert.ok(new Set(aliceRemote.bars.map(String)).size > 3, "the picture has no colours");
  });

  test("switching the camera off closes the device, and switching it on brings the video back", () => {
    assert.deepEqual(report.openWhileOff, []);
    assert.equal(report.againRemote.width, 320);
  });

  test("both processes end with status 0", () => {
    assert.deepEqual(report.statuses, [0, 0]);
  });
});
