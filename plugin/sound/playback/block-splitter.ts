// Cuts a byte stream into exact 10 ms blocks.

import { BLOCK_SAMPLES } from "../sound.ts";

const BYTES_PER_SAMPLE = Int16Array.BYTES_PER_ELEMENT;
/** One block of 16 bit mono sound on a pipe. */
export const BLOCK_BYTES = BLOCK_SAMPLES * BYTES_PER_SAMPLE;

interface BlockSplitter {
  /** Takes the next bytes and calls back once for each completed block. */
  push(bytes: Uint8Array): void;
}

/**
 * Each block is an Int16Array of 480 samples in an ArrayBuffer of its own, because WebRTC's audio source reads the whole
 * buffer under a view. Samples are in the machine's byte order.
 */
export function createBlockSplitter(onBlock: (block: Int16Array) => void): BlockSplitter {
  let bytes = new Uint8Array(BLOCK_BYTES);
  let filled = 0;
  return {
    push(chunk) {
      let offset = 0;
      while (offset < chunk.length) {
        const part = chunk.subarray(offset, offset + BLOCK_BYTES - filled);
        bytes.set(part, filled);
        filled += part.length;
        offset += part.length;
        if (filled < BLOCK_BYTES) return;
        const block = new Int16Array(bytes.buffer);
        bytes = new Uint8Array(BLOCK_BYTES);
        filled = 0;
        onBlock(block);
      }
    },
  };
}
