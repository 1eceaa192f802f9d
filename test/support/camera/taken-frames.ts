// Takes frames of an open camera, and compares them with what video-node.cc draws.

import assert from "node:assert/strict";
import { loadNative } from "../../../native/index.ts";
import type { CaptureCallbacks, CaptureError, VideoFrame } from "../../../native/types.ts";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

/** Y, U, V of the bars at the bottom: red, green, blue and white. */
const BARS = [
  [81, 90, 240],
  [145, 54, 34],
  [41, 240, 110],
  [235, 128, 128],
] as const;
/** RGB and JPEG round the values. */
const MOST_DIFFERENCE = 4;

/** Resolves in time or rejects with what did not come. */
export function within<Value>(what: string, promise: Promise<Value>): Promise<Value> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`${what} did not come within ${HANG_LIMIT_MS} ms`)),
    HANG_LIMIT_MS,
  );
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export class TakenFrames implements CaptureCallbacks {
  readonly #failed = Promise.withResolvers<CaptureError>();
  #next = Promise.withResolvers<VideoFrame>();
  count = 0;

  onFrame(frame: VideoFrame): void {
    this.count++;
    // A copy, because the frame is lent.
    this.#next.resolve({
      ...frame,
      width: frame.width,
      height: frame.height,
      data: Uint8Array.from(frame.data),
    });
  }

  onError(error: CaptureError): void {
    this.#failed.resolve(error);
  }

  /** A copy of a frame that comes from now on. It needs no release. */
  next(): Promise<VideoFrame> {
    this.#next = Promise.withResolvers();
    return within("a frame", this.#next.promise);
  }

  failure(): Promise<CaptureError> {
    return within("a failure", this.#failed.promise);
  }
}

const NAMES = ["red", "green", "blue", "white"] as const;

/** @returns the names of the bars' colours at these pixels, or the values of another colour */
export function coloursAt(frame: VideoFrame, ...pixels: readonly (readonly [number, number])[]): string[] {
  return pixels.map(([x, y]) => {
    const values = valuesAt(frame, x, y);
    return NAMES.find((_, bar) => isClose(BARS[bar] ?? [], values)) ?? values.join();
  });
}

/** Y, U and V. */
export function valuesAt({ width, height, data }: VideoFrame, x: number, y: number): number[] {
  const chroma = (width / 2) * (height / 2);
  const at = width * height + Math.floor(y / 2) * (width / 2) + Math.floor(x / 2);
  return [data[y * width + x], data[at], data[at + chroma]].map(Number);
}

function isClose(expected: readonly number[], values: readonly number[]): boolean {
  return expected.every((value, channel) => Math.abs(value - (values[channel] ?? 0)) <= MOST_DIFFERENCE);
}

/** The stamp can be read, and the bars have their colours. */
export function assertDrawn(frame: VideoFrame, what: string): void {
  const { width, height } = frame;
  assert.notEqual(loadNative().readStamp(frame), null, `${what}: no stamp`);
  const y = Math.floor(height * 0.88);
  const middles = NAMES.map((_, bar) => [Math.floor(((bar + 0.5) * width) / NAMES.length), y] as const);
  assert.deepEqual(coloursAt(frame, ...middles), NAMES, what);
}
