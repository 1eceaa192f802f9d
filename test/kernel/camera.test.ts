// The addon with real drivers in the kernel machine: vivid and v4l2loopback. All tests share one boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { COLOUR_BARS_YUV } from "../support/pictures/colour-bars.ts";
import { assertNotGrown } from "../support/process/held-resources.ts";
import type { CameraReport } from "./guest/camera-report.ts";
import type { FrameSummary, Holdings } from "./guest/capture-run.ts";

/** The driver rounds with its own transfer function. */
const BAR_TOLERANCE = 3;

const result = await runInVm({ command: ["node", "test/kernel/guest/camera-report.ts"], timeoutS: 180 });
// The script that prints the guest's report defines its type.
const report = lastJson(result) as CameraReport;

describe("a camera of the kernel", () => {
  test("only nodes that capture video are listed, although the driver created others", () => {
    assert.ok(report.otherNodesExist);
    assert.deepEqual(
      report.listedAlone.map(({ path, name }) => [path, name]),
      [["/dev/video0", "vivid"]],
    );
  });

  test("v4l2loopback is listed once a program writes to it, with an id of its own", () => {
    assert.deepEqual(
      report.loopback.cameras.map(({ path }) => path),
      ["/dev/video0", "/dev/video60"],
    );
    assert.equal(new Set(report.loopback.cameras.map(({ id }) => id)).size, 2);
  });

  for (const { mode, summaries, counters } of report.formats) {
    test(`${mode.fourcc} comes in the requested size and rate, with the right colours, and changes`, () => {
      assert.deepEqual([mode.width, mode.height, Math.round(mode.fps)], [640, 360, 30]);
      for (const summary of summaries) assertBars(summary);
      assertMoving(summaries, 640 * 360 * 1.5);
      assert.equal(counters.captured, counters.faulty + counters.dropped + counters.delivered);
      assert.equal(counters.faulty, 0);
    });
  }

  test("all four raw formats were opened", () => {
    assert.deepEqual(
      report.formats.map(({ mode }) => mode.fourcc),
      ["YUYV", "UYVY", "NV12", "YU12"],
    );
  });

  test("MJPG is decoded to frames of its size that change", () => {
    assert.deepEqual(
      [report.loopback.mode.width, report.loopback.mode.height, report.loopback.mode.fourcc],
      [320, 240, "MJPG"],
    );
    assertMoving(report.loopback.summaries, 320 * 240 * 1.5);
    assert.equal(report.loopback.counters.faulty, 0);
  });

  test("a frame that the driver marks as faulty is counted and not delivered", () => {
    assert.ok(report.faulty.faulty >= 1);
    assert.equal(
      report.faulty.captured,
      report.faulty.faulty + report.faulty.dropped + report.faulty.delivered,
    );
  });
});

describe("a camera that fails", () => {
  test("a busy camera is refused with EBUSY, the ioctl and a sentence about the other program", () => {
    assert.equal(report.busy.errno, "EBUSY");
    assert.equal(report.busy.operation, "VIDIOC_S_FMT");
    assert.equal(report.busy.path, "/dev/video0");
    assert.match(report.busy.message, /in use by another program/);
  });

  test("a refused STREAMON is reported and leaves nothing open", () => {
    assert.equal(report.refusedStart.error.operation, "VIDIOC_STREAMON");
    assert.equal(report.refusedStart.error.errno, "EINVAL");
    assertReleased(report.refusedStart.before, report.refusedStart.after);
  });

  test("a node that does not capture and a missing format are reported", () => {
    assert.match(report.notCapturing.message, /does not capture video/);
    assert.match(report.wrongFormat.message, /no MJPG frames/);
  });

  test("a fatal streaming error ends the capture with EIO and leaves nothing open", () => {
    assert.equal(report.fatal.error.errno, "EIO");
    assertReleased(report.fatal.before, report.fatal.after);
  });

  test("an unplugged camera ends the capture with the ioctl and ENODEV and leaves nothing open", () => {
    assert.equal(report.unplugged.error.errno, "ENODEV");
    assert.match(report.unplugged.error.operation, /^VIDIOC_|^poll$/);
    assert.match(report.unplugged.error.message, /unplugged/);
    assertReleased(report.unplugged.before, report.unplugged.after);
  });

  test("after ten captures descriptors, threads and mapped memory are unchanged", () => {
    const { before, open, after } = report.cycles;
    assert.ok(open.deviceMaps >= 2 && open.fds > before.fds && open.threads > before.threads);
    assertReleased(before, after);
  });
});

function assertReleased(before: Holdings, after: Holdings): void {
  assertNotGrown(before, after);
  assert.equal(after.deviceMaps, 0);
}

function assertBars(summary: FrameSummary): void {
  for (const [bar, expected] of COLOUR_BARS_YUV.entries()) {
    const distance = expected.map((value, plane) => Math.abs(value - (summary.colours[bar]?.[plane] ?? 0)));
    assert.ok(
      Math.max(...distance) <= BAR_TOLERANCE,
      `bar ${bar}: ${summary.colours[bar]}, expected ${expected}`,
    );
  }
}

function assertMoving(summaries: readonly FrameSummary[], bytes: number): void {
  assert.ok(summaries.length >= 6);
  for (const summary of summaries) assert.equal(summary.bytes, bytes);
  assert.equal(new Set(summaries.map(({ checksum }) => checksum)).size, summaries.length);
}
