// Received pictures are lent: their memory goes with the last release, not with a garbage collection.

import assert from "node:assert/strict";
import { test } from "node:test";
import { lendFrame } from "../../../plugin/peer/wrtc-remote-media.ts";

const received = () => ({ width: 2, height: 2, rotation: 0, data: Uint8ClampedArray.of(1, 2, 3, 4, 5, 6) });

test("a received picture keeps its pixels as long as somebody holds it", () => {
  const picture = lendFrame(received());
  picture.retain();
  picture.release();
  assert.deepEqual([...picture.data], [1, 2, 3, 4, 5, 6]);
});

test("the last release gives a received picture's memory back at once", () => {
  const frame = received();
  const picture = lendFrame(frame);
  picture.retain();
  picture.release();
  picture.release();
  assert.equal(frame.data.buffer.detached, true);
  assert.equal(picture.data.byteLength, 0);
});

test("one release too many does no harm", () => {
  const picture = lendFrame(received());
  picture.release();
  assert.doesNotThrow(() => picture.release());
});
