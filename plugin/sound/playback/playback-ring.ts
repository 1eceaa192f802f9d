// What waits to be played: enough to bridge the network's jitter, never so much that the voice comes late. The card's
// clock drifts against the network's: it is followed by playing a little faster or slower (drift-control.ts), by leaving
// out or repeating silence when more is amiss, and by a cut at last. Whoever plays always gets a block.

import { BLOCK_SAMPLES } from "../sound.ts";
import { Concealment } from "./concealment.ts";
import { DriftControl } from "./drift-control.ts";
import { REACH, readFractional } from "./fractional-read.ts";

/** 12 ms wait when a block is asked for, which is early enough to wait for one that is late (patient-fill.ts). */
export const TARGET_SAMPLES = 1.2 * BLOCK_SAMPLES;
/** A block, played as fast as may be. */
const ENOUGH_SAMPLES = 1.01 * BLOCK_SAMPLES;
/** 160 ms: a card that takes nothing for 80 ms takes it all at once afterwards. */
export const CAPACITY_SAMPLES = 16 * BLOCK_SAMPLES;
/** 15 ms too much for a second: silence is left out. */
const AMISS_SAMPLES = 1.5 * BLOCK_SAMPLES;
/** 8 ms too little for a second, so that nearly every block is waited for: silence is repeated. */
const SCANT_SAMPLES = 0.8 * BLOCK_SAMPLES;
/** 30 ms too late for a second: heard as delay, so worth a seam. */
const CUT_SAMPLES = 3 * BLOCK_SAMPLES;
/** What was stood in for is owed at most 100 ms, and for a second: by then a late voice has come, or never will. */
const MAX_OWED_SAMPLES = 10 * BLOCK_SAMPLES;
const OWED_PULLS = 100;
/** -50 dB of full scale: the noise of a room. */
const QUIET_PEAK = 100;

export interface PlaybackCounters {
  /** Blocks of voice. */
  readonly played: number;
  /** Blocks that stood in for a voice that was not there. */
  readonly starved: number;
  /** Samples that were never played, and samples of silence that were played twice. */
  readonly skippedSamples: number;
  readonly repeatedSamples: number;
}

export interface PlaybackRing {
  /** Copies 480 samples. */
  push(block: Int16Array): void;
  /**
   * Fills `target` with the next 480 samples; false says that no voice was there for them.
   * @param dueSamples what waited when the block was asked for, where that was earlier
   */
  pull(target: Int16Array, dueSamples?: number): boolean;
  /** The voice was being played, and its next block is not there yet. */
  readonly isLate: boolean;
  clear(): void;
  counters(): PlaybackCounters;
  /** Samples that wait. */
  readonly fillSamples: number;
}

class Ring implements PlaybackRing {
  /** Played samples that the interpolation still needs, then what waits, up to `#end`. */
  readonly #samples = new Int16Array(2 * CAPACITY_SAMPLES);
  readonly #control = new DriftControl(TARGET_SAMPLES);
  readonly #concealment = new Concealment();
  /** Between which samples playing goes on. */
  #place = REACH;
  #end = 2 * REACH;
  /** Until enough was gathered for a first block. */
  #needed = TARGET_SAMPLES;
  #hasSeam = true;
  /** What was stood in for and may still come late, and for how many pulls that is remembered. */
  #owed = 0;
  #owedPulls = 0;
  #counters = { played: 0, starved: 0, skippedSamples: 0, repeatedSamples: 0 };

  get fillSamples(): number {
    return Math.max(0, this.#end - REACH - this.#place);
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
    if (this.fillSamples < this.#needed) return this.#standIn(target);
    const late = this.#needed > BLOCK_SAMPLES ? this.#begin() : this.#leaveOutLate();
    const step = this.#control.observe(dueSamples - late);
    if (this.#control.errorSamples > CUT_SAMPLES) this.#cut(this.fillSamples - TARGET_SAMPLES);
    if (this.fillSamples < BLOCK_SAMPLES * step) return this.#standIn(target);
    const before = this.#place;
    this.#place = readFractional(target, this.#samples, before, step);
    if (this.#hasSeam) this.#concealment.join(target);
    this.#hasSeam = false;
    this.#useSilence(target, before);
    this.#concealment.remember(target);
    this.#counters.played += 1;
    return true;
  }

  clear(): void {
    this.#place = REACH;
    this.#end = 2 * REACH;
    this.#samples.fill(0, 0, this.#end);
    this.#needed = TARGET_SAMPLES;
    this.#hasSeam = true;
    this.#owed = 0;
    this.#concealment.forget();
  }

  counters(): PlaybackCounters {
    return { ...this.#counters };
  }

  #standIn(target: Int16Array): false {
    this.#concealment.fill(target);
    this.#hasSeam = true;
    this.#needed = TARGET_SAMPLES;
    this.#owed = Math.min(this.#owed + BLOCK_SAMPLES, MAX_OWED_SAMPLES);
    this.#owedPulls = OWED_PULLS;
    this.#counters.starved += 1;
    return false;
  }

  /** Begins at the target at once: nobody misses the milliseconds before the first, which went unheard anyway. */
  #begin(): number {
    this.#needed = BLOCK_SAMPLES;
    const late = this.#leaveOutLate();
    const spare = Math.max(0, this.fillSamples - TARGET_SAMPLES);
    this.#place += spare;
    this.#control.restart(this.fillSamples);
    return late + spare;
  }

  /** What came too late to be heard in its place is left out, so that the delay stays as it was. @returns how much */
  #leaveOutLate(): number {
    this.#owedPulls -= 1;
    if (this.#owedPulls <= 0) this.#owed = 0;
    const late = Math.min(this.fillSamples - TARGET_SAMPLES, this.#owed);
    if (late < BLOCK_SAMPLES) return 0;
    this.#owed -= late;
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
    this.#place += samples;
    this.#counters.skippedSamples += Math.round(samples);
  }

  /** Nobody hears 10 ms of silence more or less. */
  #useSilence(played: Int16Array, before: number): void {
    const error = this.#control.errorSamples;
    if ((error > -SCANT_SAMPLES && error < AMISS_SAMPLES) || !isQuiet(played)) return;
    if (error < 0) {
      this.#place = before;
      this.#control.shift(BLOCK_SAMPLES);
      this.#counters.repeatedSamples += BLOCK_SAMPLES;
    } else if (this.fillSamples > TARGET_SAMPLES) {
      this.#skip(BLOCK_SAMPLES);
      this.#control.shift(-BLOCK_SAMPLES);
      this.#hasSeam = true;
    }
  }

  #moveToFront(): void {
    const first = Math.floor(this.#place) - REACH;
    this.#samples.copyWithin(0, first, this.#end);
    this.#place -= first;
    this.#end -= first;
  }
}

function isQuiet(block: Int16Array): boolean {
  return block.every((sample) => Math.abs(sample) < QUIET_PEAK);
}

export function createPlaybackRing(): PlaybackRing {
  return new Ring();
}
