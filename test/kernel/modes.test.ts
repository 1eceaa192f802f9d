// Twenty modes of a kernel camera and three odd sizes: each frame is compared with an independent reference. Further formats,
// planes in several buffers and interlaced inputs: each frame shows the driver's colour bars. One boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import { COLOUR_BARS_YUV } from "../support/pictures/colour-bars.ts";
import type { ModesReport } from "./guest/modes-report.ts";

/** vivid's, in test/kernel/guest/more-modes.ts. */
const HDMI_INPUT = 3;
/** At or above this ratio no difference is visible. */
const LEAST_PSNR_DB = 40;
/** vivid's colour bars in BT.709, of an HDMI input. */
const BARS_709 = [
  [180, 128, 128],
  [168, 44, 136],
  [145, 147, 44],
  [133, 63, 52],
  [63, 193, 204],
  [51, 109, 212],
  [28, 212, 120],
  [16, 128, 128],
];
/** vivid takes them for GREY as well. */
const GREY_BARS = BARS_709.map(([luma = 0]) => [luma, 128, 128]);
/** The driver rounds with its own transfer function. */
const BAR_TOLERANCE = 4;
const LOOPBACKS = "video_nr=60,61,62,63 exclusive_caps=1,1,1,1 devices=4";

const result = await runInVm({
  command: ["node", "test/kernel/guest/modes-report.ts"],
  timeoutS: 400,
  loopbackArgs: LOOPBACKS,
  // The second device has the multi-planar interface.
  vividArgs: "n_devs=2 multiplanar=1,2",
});
// The script that prints the guest's report defines its type.
const report = lastJson(result) as ModesReport;

describe("the frame of a kernel camera", () => {
  test("was taken in twenty modes, all raw formats in five sizes", () => {
    const names = report.vivid.map(({ mode }) => `${mode.fourcc} ${mode.width}x${mode.height}`);
    assert.equal(new Set(names).size, 20, names.join());
    assert.deepEqual(
      [...new Set(report.vivid.map(({ mode }) => mode.fourcc))],
      ["YUYV", "UYVY", "NV12", "YU12"],
    );
  });

  for (const { mode, faulty, psnrDb, shades } of [...report.vivid, ...report.odd]) {
    test(`as ${mode.fourcc} ${mode.width}x${mode.height} matches its reference`, () => {
      assert.equal(faulty, 0);
      assert.ok(shades > 8, `only ${shades} shades to compare`);
      assert.ok(psnrDb >= LEAST_PSNR_DB, `${psnrDb.toFixed(1)} dB, expected ${LEAST_PSNR_DB}`);
    });
  }

  test("of odd width and height keeps its size", () => {
    assert.deepEqual(
      report.odd.map(({ mode }) => [mode.fourcc, mode.width, mode.height]),
      [
        ["YUYV", 161, 121],
        ["UYVY", 163, 61],
        ["MJPG", 161, 121],
      ],
    );
  });

  test("of an MJPEG camera carries the camera's JPEG", () => {
    assert.deepEqual(
      report.odd.flatMap((one) => ("isOwnJpeg" in one ? [one.isOwnJpeg] : [])),
      [true],
    );
  });
});

describe("the colour bars of a multi-planar kernel camera", () => {
  const { formats, interlaced } = report.more;

  test("were taken in all of its formats, and of its interlaced inputs", () => {
    assert.equal(formats.length, 17);
    assert.equal(interlaced.length, 3);
  });

  for (const { input, mode, faulty, colours } of [...formats, ...interlaced]) {
    test(`have their colours as ${mode.fourcc} ${mode.width}x${mode.height}`, () => {
      assert.equal(faulty, 0);
      if (mode.fourcc === "GREY") assertBars(colours, GREY_BARS);
      else assertBars(colours, input === HDMI_INPUT ? BARS_709 : COLOUR_BARS_YUV);
    });
  }

  test("have their full height from a driver that sends single fields, which is told", () => {
    const [joinedByDriver, ...joined] = interlaced;
    assert.deepEqual([joinedByDriver?.mode.height, joinedByDriver?.notes], [480, []]);
    for (const { mode, notes } of joined) {
      assert.deepEqual([mode.width, mode.height], [640, 360]);
      assert.deepEqual(notes, ["it sends fields one by one, which are joined to frames"]);
    }
  });
});

type Colours = readonly (readonly number[])[];

function assertBars(colours: Colours, bars: Colours): void {
  for (const [bar, expected] of bars.entries()) {
    const distance = expected.map((value, plane) => Math.abs(value - (colours[bar]?.[plane] ?? 0)));
    assert.ok(Math.max(...distance) <= BAR_TOLERANCE, `bar ${bar}: ${colours[bar]}, expected ${expected}`);
  }
}
