// Received frames are lent: the last release frees their memory, without garbage collection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lendFrame } from "../../../plugin/peer/wrtc-remote-media.ts";

const received = () => ({ width: 2, height: 2, rotation: 0, data: Uint8ClampedArray.of(1, 2, 3, 4, 5, 6) });

test("a received frame keeps its pixels while it is held", () => {
  const lent = lendFrame(received());
  lent.retain();
  lent.release();
  assert.deepEqual([...lent.data], [1, 2, 3, 4, 5, 6]);
});

test("the last release frees a received frame's memory at once", () => {
  const frame = received();
  const lent = lendFrame(frame);
  lent.retain();
  lent.release();
  lent.release();
  assert.equal(frame.data.buffer.detached, true);
  assert.equal(lent.data.byteLength, 0);
});

test("a received frame keeps its rotation, and one that no engine knows counts as none", () => {
  const rotations = [0, 90, 180, 270, 45, -90].map(
    (rotation) => lendFrame({ ...received(), rotation }).rotation,
  );
  assert.deepEqual(rotations, [0, 90, 180, 270, 0, 0]);
});

test("a surplus release is harmless", () => {
  const lent = lendFrame(received());
  lent.release();
  assert.doesNotThrow(() => lent.release());
});
