// The tone that stands in for a voice: a continuous sine in exact 10 ms blocks, and the clock that paces them.

import { BLOCK_SAMPLES, SAMPLE_RATE } from "./sound.ts";

/** Loud enough to measure, low enough not to startle: -12 dB of full scale. */
export const TONE_AMPLITUDE = 0.25;
const PEAK_SAMPLE = 32_767;
const BLOCK_MS = 10;
/** 50 ms; a gap longer than that is skipped, since late sound only delays what follows. */
const MAX_CATCH_UP_BLOCKS = 5;

/** @returns a function whose every call gives the next block; the phase comes from the sample count, so no error adds up. */
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

/** What the pacer needs of time; tests give their own. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs once after `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/**
 * Calls back every 10 ms on average, measured against the start, so that timer lateness does not add up.
 * @returns a function that ends it.
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
