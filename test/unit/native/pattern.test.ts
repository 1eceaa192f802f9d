// The capture of the test pattern: stamps, pool, counters, and resources after close.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import type {
  Capture,
  CaptureCallbacks,
  CaptureConstraints,
  PatternStamp,
  VideoFrame,
} from "../../../native/types.ts";
import { assertNotGrown, heldResources, releasedResources } from "../../support/process/held-resources.ts";

const native = loadNative();
const CONSTRAINTS: CaptureConstraints = { width: 320, height: 240, fps: 60 };
/** The addon's pool; see kPoolSlots. */
const POOL_SLOTS = 5;

function unexpected(error: Error): void {
  throw error;
}

/** Opens the test pattern, passes frames to `onFrame` until it returns true, then closes it. */
async function untilTrue(
  options: CaptureConstraints,
  onFrame: (frame: VideoFrame) => boolean,
): Promise<Capture> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const callbacks: CaptureCallbacks = {
    onFrame(frame) {
      try {
        if (onFrame(frame)) resolve();
      } catch (error) {
        reject(error);
      }
    },
    onError: reject,
  };
  const capture = await native.openPattern(options, callbacks);
  try {
    await promise;
  } finally {
    await capture.close();
  }
  return capture;
}

function stampOf(frame: VideoFrame): PatternStamp {
  const stamp = native.readStamp(frame);
  assert.ok(stamp, "the frame carries no stamp");
  return stamp;
}

describe("the test pattern", { timeout: 30_000 }, () => {
  for (const [width, height] of [
    [640, 480],
    [1280, 720],
    [64, 32],
    [321, 241],
    [97, 55],
  ] as const) {
    test(`carries its time and number at ${width}x${height}`, async () => {
      const numbers: number[] = [];
      await untilTrue({ width, height, fps: 60 }, (frame) => {
        const { ticks, sequence } = stampOf(frame);
        assert.equal(ticks, Math.floor(frame.capturedAtUs / 100) % 2 ** 32);
        numbers.push(sequence);
        return numbers.length === 3;
      });
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
      assert.equal(new Set(numbers).size, 3);
    });
  }

  test("moves: consecutive frames differ below the stamp", async () => {
    let last: Buffer | undefined;
    let compared = 0;
    await untilTrue(CONSTRAINTS, ({ data, width, height }) => {
      const frame = Buffer.from(data.subarray((width * height) / 8, width * height));
      if (last !== undefined) assert.notEqual(frame.compare(last), 0);
      last = frame;
      compared++;
      return compared === 4;
    });
  });

  test("a damaged stamp is rejected", async () => {
    await untilTrue(CONSTRAINTS, (frame) => {
      const { width, height } = frame;
      const data = Uint8Array.from(frame.data);
      const cell = width / 32;
      for (let y = 0; y < height / 16; y++) {
        for (let x = cell * 9; x < cell * 10; x++) data[y * width + x] = 251 - (data[y * width + x] ?? 0);
      }
      assert.equal(native.readStamp({ data, width, height }), null);
      return true;
    });
  });

  test("a frame without a stamp, or too small for one, yields none", () => {
    assert.equal(native.readStamp({ data: new Uint8Array(320 * 240 * 1.5), width: 320, height: 240 }), null);
    assert.equal(native.readStamp({ data: new Uint8Array(6), width: 2, height: 2 }), null);
  });

  test("a size that is too small for the stamp is refused with both sizes named", async () => {
    const opening = native.openPattern(
      { width: 32, height: 32, fps: 30 },
      { onFrame: () => assert.fail("no frame can come"), onError: unexpected },
    );
    await assert.rejects(opening, { name: "CaptureError", message: /at least 64x32, not 32x32/ });
  });
});

describe("the pool of frames", { timeout: 30_000 }, () => {
  test("when every buffer is held, frames are dropped and counted, and resume after a release", async () => {
    const held: VideoFrame[] = [];
    const filled = Promise.withResolvers<void>();
    const again = Promise.withResolvers<void>();
    const capture = await native.openPattern(CONSTRAINTS, {
      onFrame(frame) {
        if (held.length === POOL_SLOTS) {
          again.resolve();
          return;
        }
        frame.retain();
        held.push(frame);
        if (held.length === POOL_SLOTS) filled.resolve();
      },
      onError: unexpected,
    });
    await filled.promise;
    assert.equal(new Set(held.map(({ data }) => data.buffer)).size, POOL_SLOTS);
    while (capture.counters().dropped < 3) await new Promise(setImmediate);
    assert.equal(capture.counters().delivered, POOL_SLOTS);
    held[0]?.release();
    await again.promise;
    await capture.close();
    for (const frame of held.slice(1)) frame.release();
  });

  test("buffers are reused: many frames come in the same few buffers", async () => {
    const buffers = new Set<ArrayBufferLike>();
    let count = 0;
    await untilTrue({ ...CONSTRAINTS, fps: 240 }, ({ data }) => {
      buffers.add(data.buffer);
      count++;
      return count === 60;
    });
    assert.ok(buffers.size <= POOL_SLOTS, `${buffers.size} buffers`);
  });

  test("a busy main thread receives the newest frame, and the counters add up", async () => {
    let last = -1;
    let gaps = 0;
    const capture = await untilTrue({ ...CONSTRAINTS, fps: 240 }, (frame) => {
      const { sequence } = stampOf(frame);
      if (last >= 0) gaps += sequence - last - 1;
      last = sequence;
      const busyUntil = performance.now() + 20;
      while (performance.now() < busyUntil);
      return gaps > 10;
    });
    const { captured, faulty, dropped, delivered } = capture.counters();
    assert.ok(dropped > 10);
    assert.equal(captured, faulty + dropped + delivered);
  });
});

describe("closing a capture", { timeout: 60_000 }, () => {
  test("from inside a callback stops the callbacks at once", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    let after = 0;
    let closing: Promise<void> | undefined;
    const capture = await native.openPattern(
      { ...CONSTRAINTS, fps: 240 },
      {
        onFrame() {
          if (closing !== undefined) after++;
          closing ??= capture.close().then(resolve);
        },
        onError: unexpected,
      },
    );
    await promise;
    assert.equal(after, 0);
  });

  test("200 captures leave no descriptor and no thread behind", async () => {
    const cycle = () => untilTrue({ ...CONSTRAINTS, fps: 240 }, () => true);
    await cycle();
    const before = heldResources();
    for (let i = 0; i < 200; i++) await cycle();
    assertNotGrown(before, await releasedResources(before));
  });
});
