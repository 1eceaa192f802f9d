// The test tone: a continuous sine in exact 10 ms blocks, and what paces them.

import { type Clock, systemClock } from "../common/clock.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "./sound.ts";

/** Loud enough to measure, low enough not to startle: -12 dB of full scale. */
export const TONE_AMPLITUDE = 0.25;
const PEAK_SAMPLE = 32_767;
const BLOCK_MS = 10;
/** 50 ms. A longer gap is skipped, because late sound only delays later sound. */
const MAX_CATCH_UP_BLOCKS = 5;

/** @returns a function that makes the next block. The phase comes from the sample count, so errors do not accumulate. */
export function createTone(toneHz: number): () => Int16Array {
  let sampleIndex = 0;
  return () => {
    const block = new Int16Array(BLOCK_SAMPLES);
    for (let index = 0; index < BLOCK_SAMPLES; index += 1) {
      const cycles = ((sampleIndex * toneHz) / SAMPLE_RATE) % 1;
      block[index] = Math.round(TONE_AMPLITUDE * PEAK_SAMPLE * Math.sin(2 * Math.PI * cycles));
      sampleIndex += 1;
    }
    return block;
  };
}

/**
 * Calls back every 10 ms on average, measured from the start, so that timer delays do not accumulate.
 * @returns a function that stops it
 */
export function paceBlocks(onDue: () => void, clock: Clock = systemClock): () => void {
  let nextMs = clock.nowMs() + BLOCK_MS;
  let cancel = clock.after(BLOCK_MS, tick);
  let isRunning = true;
  function tick() {
    const nowMs = clock.nowMs();
    const lateBlocks = Math.floor((nowMs - nextMs) / BLOCK_MS);
    if (lateBlocks > MAX_CATCH_UP_BLOCKS) nextMs += (lateBlocks - MAX_CATCH_UP_BLOCKS) * BLOCK_MS;
    while (isRunning && nextMs <= nowMs) {
      nextMs += BLOCK_MS;
      onDue();
    }
    if (isRunning) cancel = clock.after(Math.max(0, nextMs - clock.nowMs()), tick);
  }
  return () => {
    isRunning = false;
    cancel();
  };
}
