// A camera of the kernel through a real PipeWire daemon, in one boot of the kernel machine. Its frames come in DMA buffers.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { COLOUR_BARS_YUV } from "../support/pictures/colour-bars.ts";
import { assertNotGrown } from "../support/process/held-resources.ts";
import type { PipeWireKernelReport } from "./guest/pipewire/pipewire-report.ts";

/** The driver rounds with its own transfer function. */
const TOLERANCE = 6;

const result = await runInVm({
  command: ["node", "test/kernel/guest/pipewire/pipewire-report.ts"],
  timeoutS: 300,
});
// The script that prints the guest's report defines its type.
const report = lastJson(result) as PipeWireKernelReport;

test("PipeWire's DMA buffers of a V4L2 driver show the right colours, and each frame is another", () => {
  assert.ok(report.dma > 0, JSON.stringify(report));
  for (const [bar, expected] of COLOUR_BARS_YUV.entries()) {
    const isNear = expected.every(
      (value, channel) => Math.abs(value - (report.bars[bar]?.[channel] ?? 0)) <= TOLERANCE,
    );
    assert.ok(isNear, `bar ${bar} of ${JSON.stringify(report.bars)}`);
  }
  assert.ok(report.differs);
});

test("each reading of a DMA buffer begins and ends with a call that makes it current", () => {
  const { syncs, frames } = report;
  assert.ok(syncs.length >= 2 * frames, `${syncs.length} calls for ${frames} frames`);
  assert.equal(syncs.length % 2, 0);
  const ends = syncs.filter((_, index) => index % 2 === 1);
  const begins = syncs.filter((_, index) => index % 2 === 0);
  assert.deepEqual(ends, begins);
});

test("a camera that another program uses through PipeWire opens through it, though V4L2 refuses it", () => {
  assert.equal(report.shared.direct, "EBUSY");
  assert.ok(report.shared.byV4l2.pixels > 0);
});

test("a camera that another program uses through V4L2 is in use, also where PipeWire offers it", () => {
  assert.equal(report.held, "EBUSY");
});

test("a closed camera leaves no DMA buffer, descriptor or thread", () => {
  assert.equal(report.afterwards, 0);
  assertNotGrown(report.before, report.after);
});

test("a camera that V4L2 and PipeWire offer is listed once, and one with H264 alone is marked", () => {
  assert.deepEqual(report.devices, [
    { name: "vivid", problem: null },
    { name: "loopback", problem: "format" },
    { name: "Test pattern", problem: null },
  ]);
  assert.deepEqual(report.formats, ["H264"]);
});
