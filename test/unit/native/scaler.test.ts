// Scaling on a worker thread: size, content, and one frame at a time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { loadNative } from "../../../native/index.ts";

const SIZES = [
  [640, 480, 320, 240],
  [641, 479, 480, 360],
  [16, 16, 2, 2],
] as const;

/** Left half dark, right half bright, no colour. */
function halves(width: number, height: number): Uint8Array {
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  const data = new Uint8Array(width * height + 2 * chroma).fill(128);
  for (let at = 0; at < width * height; at += 1) data[at] = at % width < width / 2 ? 30 : 220;
  return data;
}

for (const [width, height, toWidth, toHeight] of SIZES) {
  test(`${width}x${height} is scaled to ${toWidth}x${toHeight} with the same content`, async () => {
    const scaler = loadNative().createScaler();
    const made = await scaler.scale({ data: halves(width, height), width, height }, toWidth, toHeight);
    const chroma = Math.ceil(toWidth / 2) * Math.ceil(toHeight / 2);
    assert.equal(made.buffer.byteLength, toWidth * toHeight + 2 * chroma);
    const middle = Math.floor(toHeight / 2) * toWidth;
    assert.ok(Math.abs((made[middle] ?? 0) - 30) < 4);
    assert.ok(Math.abs((made[middle + toWidth - 1] ?? 0) - 220) < 4);
    assert.ok(made.subarray(toWidth * toHeight).every((value) => Math.abs(value - 128) < 2));
  });
}

test("a second frame at the same time, a wrong size and too few bytes are refused", async () => {
  const scaler = loadNative().createScaler();
  const frame = { data: halves(64, 48), width: 64, height: 48 };
  const first = scaler.scale(frame, 32, 24);
  await assert.rejects(scaler.scale(frame, 32, 24), /still scaling/);
  await first;
  await assert.rejects(scaler.scale(frame, 0, 24), RangeError);
  await assert.rejects(scaler.scale({ ...frame, data: new Uint8Array(10) }, 32, 24), RangeError);
  assert.equal((await scaler.scale(frame, 32, 24)).length, 1152);
});
