// Frames of cameras whose drivers do what none of the kernel machine's does: fields in all orders, and figures that contradict
// each other. One process takes frames of all of them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  FIELDS,
  MEMORY_TO_MEMORY,
  OUTPUT,
  OUTPUT_MPLANE,
  pathOf,
  runOverScriptedDriver,
  type ScriptedDevice,
} from "../support/camera/scripted-driver.ts";
import type { CameraResult } from "./camera-drivers.child.ts";

const CHILD = fileURLToPath(new URL("./camera-drivers.child.ts", import.meta.url));

const SINGLE_PLANE = "YUYV YVYU UYVY VYUY NV12 NV21 NV16 YU12 YV12".split(" ");
const SEVERAL_PLANES = "NM12 NM21 NM16 YM12 YM21".split(" ");
const JOINED = { width: 160, height: 60 } as const;

const DEVICES = {
  formats: SINGLE_PLANE.map((fourcc): ScriptedDevice => ({ fourcc, padding: 16 })),
  multiPlanar: [...SINGLE_PLANE, ...SEVERAL_PLANES].map(
    (fourcc): ScriptedDevice => ({ fourcc, mplane: 1, padding: 32, offset: 128 }),
  ),
  joined: [
    { fourcc: "YUYV", field: FIELDS.alternate, ...JOINED },
    { fourcc: "NM12", field: FIELDS.alternate, mplane: 1, ...JOINED },
    { fourcc: "YU12", field: FIELDS.upperFirst },
    { fourcc: "NV16", field: FIELDS.lowerFirst },
    { fourcc: "NV12", field: FIELDS.interlaced },
  ],
  doubled: [
    { fourcc: "YUYV", field: FIELDS.top, ...JOINED },
    { fourcc: "YV12", field: FIELDS.alternate, lossy: 1, ...JOINED },
  ],
  wrong: [
    { fourcc: "YUYV", line: 160 },
    { fourcc: "NV12", line: 240 },
    { fourcc: "NV12", image: 7 },
    { fourcc: "UYVY", line: 4_000_000, image: 0 },
    { fourcc: "NM12", mplane: 1, line: 1 },
  ],
  bothDirections: [{ fourcc: "YUYV", capabilities: OUTPUT | MEMORY_TO_MEMORY }],
  rates: [
    { fourcc: "YUYV", numerator: 0, denominator: 0 },
    { fourcc: "YUYV", numerator: 1, denominator: 5_000_000 },
    { fourcc: "YUYV", numerator: 1000, denominator: 0 },
  ],
  refused: [
    { fourcc: "YUYV", length: 4096 },
    { fourcc: "NV12", width: 70_000 },
    { fourcc: "MJPG", field: FIELDS.alternate, length: 4096, ...JOINED },
    { fourcc: "YUYV", mplane: 1, capabilities: OUTPUT_MPLANE },
    { fourcc: "H264", length: 4096 },
  ],
} as const satisfies Readonly<Record<string, readonly ScriptedDevice[]>>;

const all = Object.values(DEVICES).flatMap((devices): ScriptedDevice[] => [...devices]);
const { status, stdout, stderr } = await runOverScriptedDriver([CHILD, ...all.map(pathOf)]);
assert.equal(status, 0, stderr);
// The script that prints the results defines their type.
const results = JSON.parse(stdout) as CameraResult[];

function resultOf(device: ScriptedDevice): CameraResult {
  return results[all.indexOf(device)] ?? { refusal: "no result" };
}

function assertDrawn(device: ScriptedDevice): CameraResult {
  const result = resultOf(device);
  const { refusal, faulty, luma, chroma } = result;
  assert.deepEqual({ refusal, faulty, luma, chroma }, { refusal: undefined, faulty: 0, luma: 0, chroma: 0 });
  assert.deepEqual([result.mode?.width, result.mode?.height], [160, 120]);
  return result;
}

describe("the frames of a camera", () => {
  for (const device of [...DEVICES.formats, ...DEVICES.multiPlanar]) {
    test(`in ${device.fourcc} are those drawn${device.mplane === 1 ? ", of a multi-planar driver" : ""}`, () => {
      assert.deepEqual(assertDrawn(device).notes, []);
    });
  }

  for (const device of DEVICES.joined) {
    test(`in ${device.fourcc} with fields of kind ${device.field} have each line in its place`, () => {
      const { notes } = assertDrawn(device);
      assert.equal(notes?.length, device.field === FIELDS.interlaced ? 0 : 1);
    });
  }

  for (const device of DEVICES.doubled) {
    test(`in ${device.fourcc} with a lone field have its lines, and the mean between them`, () => {
      const { mode, faulty, upperLuma, chroma, notes } = resultOf(device);
      assert.deepEqual([mode?.width, mode?.height], [160, 120]);
      assert.equal(faulty, 0);
      assert.match(notes?.[0] ?? "", /^it sends (one field of each frame|fields one by one)/);
      assert.equal(chroma, 0);
      assert.equal(upperLuma, 0);
    });
  }

  for (const device of DEVICES.wrong) {
    test(`are those drawn, though the driver reports ${pathOf(device).slice("/scripted/".length)}`, () => {
      const { notes } = assertDrawn(device);
      const isLength = "line" in device;
      assert.equal(notes?.length, isLength ? 1 : 0);
      if (isLength)
        assert.match(notes?.[0] ?? "", /^its driver reports lines of \d+ bytes, which cannot be; \d+ /);
    });
  }

  test("are those drawn by a single-planar device that also takes frames, as a loopback does", () => {
    for (const device of DEVICES.bothDirections) assert.deepEqual(assertDrawn(device).notes, []);
  });

  for (const device of DEVICES.rates) {
    test(`have the wanted rate, where the driver reports ${device.denominator}/${device.numerator}`, () => {
      assert.equal(assertDrawn(device).mode?.fps, 30);
    });
  }
});

describe("a camera that cannot be shown", () => {
  const reasons = [
    /delivers YUYV frames of 160x120 in buffers of 4096 bytes, expected at least 38400$/,
    /delivers NV12 frames of 70000x120, expected sides from 1 to 65535$/,
    /delivers MJPG frames of 160x60 as separate fields, expected whole pictures$/,
    /does not capture video$/,
    /offers H264, expected one of MJPG, JPEG, YUYV, .*GREY$/,
  ];
  for (const [index, device] of DEVICES.refused.entries()) {
    test(`is refused by name: ${pathOf(device).slice("/scripted/".length)}`, () => {
      assert.match(resultOf(device).refusal ?? "", reasons[index] ?? /never/);
    });
  }
});
