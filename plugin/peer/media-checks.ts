// Refuses frames and blocks that the engine would misread. It reads the whole ArrayBuffer under a view, so a view into a
// larger buffer would send unrelated bytes or crash. Pure.

import type { VideoFrame } from "../../native/types.ts";
import { PeerError } from "./peer.ts";

/** 10 ms at 48 kHz, mono: the only block size that is sent. */
export const SEND_SAMPLE_RATE = 48_000;
export const SEND_BLOCK_SAMPLES = 480;

/** The size of an I420 frame in bytes, with chroma sizes rounded up. */
export function i420Bytes(width: number, height: number): number {
  return width * height + 2 * Math.ceil(width / 2) * Math.ceil(height / 2);
}

/** @throws PeerError unless the frame is exactly one I420 frame that covers its buffer */
export function checkFrame(frame: Pick<VideoFrame, "width" | "height" | "data">): void {
  const { width, height, data } = frame;
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new PeerError(`sendVideo: the frame is ${width}x${height}; expected whole sizes of at least 1`);
  }
  const expected = i420Bytes(width, height);
  if (data.byteLength !== expected) {
    throw new PeerError(
      `sendVideo: ${width}x${height} came with ${data.byteLength} bytes; I420 of this size has ${expected}`,
    );
  }
  checkWhole("sendVideo", data);
}

/** @throws PeerError unless the block is 480 samples that cover their buffer */
export function checkBlock(block: Int16Array): void {
  if (block.length !== SEND_BLOCK_SAMPLES) {
    throw new PeerError(
      `sendAudio: the block has ${block.length} samples; expected ${SEND_BLOCK_SAMPLES}, 10 ms at 48 kHz`,
    );
  }
  checkWhole("sendAudio", block);
}

function checkWhole(method: string, view: ArrayBufferView): void {
  if (view.byteOffset !== 0 || view.byteLength !== view.buffer.byteLength) {
    throw new PeerError(
      `${method}: the data is a view of ${view.byteLength} bytes at ${view.byteOffset} into a buffer of ` +
        `${view.buffer.byteLength}; expected a buffer of its own`,
    );
  }
}
