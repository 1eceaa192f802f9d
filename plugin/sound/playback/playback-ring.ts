// The jitter buffer of playback: holds enough sound to bridge the network's jitter, and no more, to keep the delay low.
// The card's clock drifts against the network's. The ring follows by playing slightly faster or slower
// (drift-control.ts), for larger errors by skipping or repeating silence, and finally by a cut. It always yields a block.

import { BLOCK_SAMPLES } from "../sound.ts";
import { Concealment } from "./concealment.ts";
import { DriftControl } from "./drift-control.ts";
import { REACH, readFractional } from "./fractional-read.ts";

/** 12 ms wait when a block is requested, early enough to wait for a late block (wait-then-fill.ts). */
export const TARGET_SAMPLES = 1.2 * BLOCK_SAMPLES;
/** One block at the highest playback speed. */
const ENOUGH_SAMPLES = 1.01 * BLOCK_SAMPLES;
/** 160 ms: a card that stalls for 80 ms afterwards takes all the sound at once. */
export const CAPACITY_SAMPLES = 16 * BLOCK_SAMPLES;
/** With a surplus of 15 ms for a second, silence is skipped. */
const SURPLUS_SAMPLES = 1.5 * BLOCK_SAMPLES;
/** With a shortage of 8 ms for a second nearly every block comes late, so silence is repeated. */
const SHORTAGE_SAMPLES = 0.8 * BLOCK_SAMPLES;
/** A surplus of 30 ms for a second is audible as delay, so the ring cuts it. */
const CUT_SAMPLES = 3 * BLOCK_SAMPLES;
/** Concealed sound may still arrive late: up to 100 ms of it, and within a second. */
const MAX_LATE_SAMPLES = 10 * BLOCK_SAMPLES;
const LATE_PULLS = 100;
/** -50 dB of full scale, the noise of a quiet room. */
const QUIET_PEAK = 100;

interface PlaybackCounters {
  /** Blocks of received sound. */
  readonly played: number;
  /** Concealed blocks, because no sound had arrived. */
  readonly concealed: number;
  /** Samples never played, and samples of silence played twice. */
  readonly skippedSamples: number;
  readonly repeatedSamples: number;
}

export interface PlaybackRing {
  /** Copies 480 samples. */
  push(block: Int16Array): void;
  /**
   * Fills `target` with the next 480 samples. Returns false when they were concealed.
   * @param dueSamples the fill level when the block was requested, if that was earlier
   */
  pull(target: Int16Array, dueSamples?: number): boolean;
  /** Playback has started, and the next block has not arrived. */
  readonly isLate: boolean;
  clear(): void;
  counters(): PlaybackCounters;
  /** Waiting samples. */
  readonly fillSamples: number;
}

class Ring implements PlaybackRing {
  /** Played samples that the interpolation still needs, then the waiting samples, up to `#end`. */
  readonly #samples = new Int16Array(2 * CAPACITY_SAMPLES);
  readonly #control = new DriftControl(TARGET_SAMPLES);
  readonly #concealment = new Concealment();
  /** The fractional playback position. */
  #position = REACH;
  #end = 2 * REACH;
  /** The fill level needed for the next block; higher until the first block. */
  #needed = TARGET_SAMPLES;
  #hasSeam = true;
  /** Concealed samples that may still arrive late, and the number of pulls for which they are remembered. */
  #mayComeLate = 0;
  #latePulls = 0;
  #counters = { played: 0, concealed: 0, skippedSamples: 0, repeatedSamples: 0 };

  get fillSamples(): number {
    return Math.max(0, this.#end - REACH - this.#position);
  }

  push(block: Int16Array): void {
    if (this.#end + BLOCK_SAMPLES > this.#samples.length) this.#moveToFront();
    this.#samples.set(block.subarray(0, BLOCK_SAMPLES), this.#end);
    this.#end += BLOCK_SAMPLES;
    if (this.fillSamples > CAPACITY_SAMPLES) this.#cut(this.fillSamples - TARGET_SAMPLES);
  }

  get isLate(): boolean {
    return this.#needed === BLOCK_SAMPLES && this.fillSamples < ENOUGH_SAMPLES;
  }

  pull(target: Int16Array, dueSamples = this.fillSamples): boolean {
    if (this.fillSamples < this.#needed) return this.#conceal(target);
    const late = this.#needed > BLOCK_SAMPLES ? this.#begin() : this.#skipLate();
    const step = this.#control.observe(dueSamples - late);
    if (this.#control.errorSamples > CUT_SAMPLES) this.#cut(this.fillSamples - TARGET_SAMPLES);
    if (this.fillSamples < BLOCK_SAMPLES * step) return this.#conceal(target);
    const before = this.#position;
    this.#position = readFractional(target, this.#samples, before, step);
    if (this.#hasSeam) this.#concealment.join(target);
    this.#hasSeam = false;
    this.#useSilence(target, before);
    this.#concealment.remember(target);
    this.#counters.played += 1;
    return true;
  }

  clear(): void {
    this.#position = REACH;
    this.#end = 2 * REACH;
    this.#samples.fill(0, 0, this.#end);
    this.#needed = TARGET_SAMPLES;
    this.#hasSeam = true;
    this.#mayComeLate = 0;
    this.#concealment.forget();
  }

  counters(): PlaybackCounters {
    return { ...this.#counters };
  }

  #conceal(target: Int16Array): false {
    this.#concealment.fill(target);
    this.#hasSeam = true;
    this.#needed = TARGET_SAMPLES;
    this.#mayComeLate = Math.min(this.#mayComeLate + BLOCK_SAMPLES, MAX_LATE_SAMPLES);
    this.#latePulls = LATE_PULLS;
    this.#counters.concealed += 1;
    return false;
  }

  /** Starts playback at the target fill level. The skipped milliseconds would have been late anyway. */
  #begin(): number {
    this.#needed = BLOCK_SAMPLES;
    const late = this.#skipLate();
    const spare = Math.max(0, this.fillSamples - TARGET_SAMPLES);
    this.#position += spare;
    this.#control.restart(this.fillSamples);
    return late + spare;
  }

  /** Skips sound that arrived after its concealment, so that the delay does not grow. @returns the skipped samples */
  #skipLate(): number {
    this.#latePulls -= 1;
    if (this.#latePulls <= 0) this.#mayComeLate = 0;
    const late = Math.min(this.fillSamples - TARGET_SAMPLES, this.#mayComeLate);
    if (late < BLOCK_SAMPLES) return 0;
    this.#mayComeLate -= late;
    this.#skip(late);
    this.#hasSeam = true;
    this.#control.restart(this.fillSamples);
    return late;
  }

  #cut(samples: number): void {
    if (samples <= 0) return;
    this.#skip(samples);
    this.#control.shift(-samples);
    this.#hasSeam = true;
  }

  #skip(samples: number): void {
    this.#position += samples;
    this.#counters.skippedSamples += Math.round(samples);
  }

  /** Skips or repeats a block of silence, which is inaudible. */
  #useSilence(played: Int16Array, before: number): void {
    const error = this.#control.errorSamples;
    if ((error > -SHORTAGE_SAMPLES && error < SURPLUS_SAMPLES) || !isQuiet(played)) return;
    if (error < 0) {
      this.#position = before;
      this.#control.shift(BLOCK_SAMPLES);
      this.#counters.repeatedSamples += BLOCK_SAMPLES;
    } else if (this.fillSamples > TARGET_SAMPLES) {
      this.#skip(BLOCK_SAMPLES);
      this.#control.shift(-BLOCK_SAMPLES);
      this.#hasSeam = true;
    }
  }

  #moveToFront(): void {
    const first = Math.floor(this.#position) - REACH;
    this.#samples.copyWithin(0, first, this.#end);
    this.#position -= first;
    this.#end -= first;
  }
}

function isQuiet(block: Int16Array): boolean {
  return block.every((sample) => Math.abs(sample) < QUIET_PEAK);
}

export function createPlaybackRing(): PlaybackRing {
  return new Ring();
}
