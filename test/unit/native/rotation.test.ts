// Turned frames as JavaScript sees them. core/rotate.cc compares the turns with a reference.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative, type Rotation, uprightSize } from "../../../native/index.ts";

const native = loadNative();
const SIZE = { width: 64, height: 48 };
const ROTATIONS = [0, 90, 180, 270] as const;

/** A bright corner at the top left of a dark frame, without colour. */
function corner(): Uint8Array {
  const { width, height } = SIZE;
  const data = new Uint8Array((width * height * 3) / 2).fill(128);
  for (let at = 0; at < width * height; at += 1) {
    data[at] = at % width < width / 4 && at < (width * height) / 4 ? 235 : 16;
  }
  return data;
}

/** Where the bright corner of the turned frame is. */
function brightCorner(rgba: Uint8Array, width: number, height: number): string {
  const red = (x: number, y: number) => rgba[(y * width + x) * 4] ?? 0;
  const corners = {
    "top left": red(0, 0),
    "top right": red(width - 1, 0),
    "bottom right": red(width - 1, height - 1),
    "bottom left": red(0, height - 1),
  };
  const bright = Object.entries(corners).filter(([, value]) => value > 200);
  return bright.map(([name]) => name).join();
}

describe("a frame with a rotation", () => {
  test("has its size for users after the turn", () => {
    assert.deepEqual(uprightSize(SIZE), SIZE);
    const sizes = ROTATIONS.map((rotation) => uprightSize({ ...SIZE, rotation }));
    const turned = { width: SIZE.height, height: SIZE.width };
    assert.deepEqual(sizes, [SIZE, turned, SIZE, turned]);
  });

  test("is turned clockwise in RGBA", async () => {
    const corners = [];
    for (const rotation of ROTATIONS) {
      const frame = { ...SIZE, data: corner(), rotation };
      const rgba = await native.toRgba(frame);
      const { width, height } = uprightSize(frame);
      assert.equal(rgba.length, width * height * 4);
      corners.push(brightCorner(rgba, width, height));
    }
    assert.deepEqual(corners, ["top left", "top right", "bottom right", "bottom left"]);
  });

  test("has the upright size as JPEG and as text, and one encoder takes all rotations with one buffer", async () => {
    const encoder = native.createJpegEncoder();
    const options = { maxWidth: 48, quality: 80 };
    const buffers = new Set<unknown>();
    for (const rotation of [...ROTATIONS, 0] as const) {
      const frame = { ...SIZE, data: corner(), rotation };
      const text = await encoder.encode(frame, options);
      const made = await encoder.compress(frame, options);
      const expected = rotation % 180 === 0 ? [48, 36] : [48, 64];
      assert.deepEqual([text.width, text.height], expected, `by ${rotation}`);
      assert.deepEqual([made.width, made.height], expected, `by ${rotation}`);
      buffers.add(text.base64.buffer);
    }
    assert.equal(buffers.size, 1);
  });

  test("is refused by name when the turn is none of the four", async () => {
    const rotation = 45 as Rotation;
    const frame = { ...SIZE, data: corner(), rotation };
    const isClear = /rotation: 45, expected 0, 90, 180 or 270/;
    await assert.rejects(native.toRgba(frame), isClear);
    await assert.rejects(native.createJpegEncoder().encode(frame, { maxWidth: 64, quality: 80 }), isClear);
  });
});
