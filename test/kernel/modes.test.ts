// Twenty modes of a kernel camera and three odd sizes: each frame is compared with an independent reference. One boot.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lastJson, runInVm } from "../support/kernel-vm/run-in-vm.ts";
import type { ModesReport } from "./guest/modes-report.ts";

/** At or above this ratio no difference is visible. */
const LEAST_PSNR_DB = 40;
const LOOPBACKS = "video_nr=60,61,62,63 exclusive_caps=1,1,1,1 devices=4";

const result = await runInVm({
  command: ["node", "test/kernel/guest/modes-report.ts"],
  timeoutS: 400,
  loopbackArgs: LOOPBACKS,
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
