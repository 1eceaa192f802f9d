// What waits to be played: enough to bridge the network's jitter, never so much that the voice comes late.
// Whoever plays always gets a block: silence where the voice has not arrived.

import { BLOCK_SAMPLES } from "./sound.ts";

/** 20 ms are gathered before playing starts, so that one late block is not heard. */
export const START_BLOCKS = 2;
/** 40 ms: above it for a second, one block is dropped to win the delay back. */
export const TARGET_BLOCKS = 4;
/** 80 ms: more means that the device plays slower than the voice comes; the oldest goes. */
export const CAPACITY_BLOCKS = 8;
/** One second of blocks, long enough not to take a burst for a trend. */
const TREND_BLOCKS = 100;

export interface PlaybackCounters {
  readonly played: number;
  /** Blocks of silence that were played because no voice was there. */
  readonly starved: number;
  /** Blocks of voice that were never played. */
  readonly dropped: number;
}

export interface PlaybackRing {
  /** Copies 480 samples. */
  push(block: Int16Array): void;
  /** Fills `target` with the next 480 samples or with silence; false says silence. */
  pull(target: Int16Array): boolean;
  clear(): void;
  counters(): PlaybackCounters;
}

class Ring implements PlaybackRing {
  readonly #samples = new Int16Array(CAPACITY_BLOCKS * BLOCK_SAMPLES);
  #first = 0;
  #count = 0;
  #isGathering = true;
  #fewest = CAPACITY_BLOCKS;
  #untilTrend = TREND_BLOCKS;
  #played = 0;
  #starved = 0;
  #dropped = 0;

  push(block: Int16Array): void {
    if (this.#count === CAPACITY_BLOCKS) {
      while (this.#count >= TARGET_BLOCKS) this.#dropOldest();
    }
    const slot = (this.#first + this.#count) % CAPACITY_BLOCKS;
    this.#samples.set(block.subarray(0, BLOCK_SAMPLES), slot * BLOCK_SAMPLES);
    this.#count += 1;
    if (this.#count >= START_BLOCKS) this.#isGathering = false;
  }

  pull(target: Int16Array): boolean {
    this.#followTrend();
    if (this.#isGathering || this.#count === 0) {
      this.#isGathering = true;
      this.#starved += 1;
      target.fill(0);
      return false;
    }
    const start = this.#first * BLOCK_SAMPLES;
    target.set(this.#samples.subarray(start, start + BLOCK_SAMPLES));
    this.#advance();
    this.#played += 1;
    return true;
  }

  clear(): void {
    this.#count = 0;
    this.#isGathering = true;
  }

  counters(): PlaybackCounters {
    return { played: this.#played, starved: this.#starved, dropped: this.#dropped };
  }

  #followTrend(): void {
    this.#fewest = Math.min(this.#fewest, this.#count);
    this.#untilTrend -= 1;
    if (this.#untilTrend > 0) return;
    if (this.#fewest > TARGET_BLOCKS) this.#dropOldest();
    this.#fewest = this.#count;
    this.#untilTrend = TREND_BLOCKS;
  }

  #dropOldest(): void {
    this.#advance();
    this.#dropped += 1;
  }

  #advance(): void {
    this.#first = (this.#first + 1) % CAPACITY_BLOCKS;
    this.#count -= 1;
  }
}

export function createPlaybackRing(): PlaybackRing {
  return new Ring();
}
