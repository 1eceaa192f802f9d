// Compensates the drift between the card's clock and the network's: a slow PI controller on the smoothed fill level
// chooses the playback speed. Pure: each observation stands for the time of one block.

import { BLOCK_SAMPLES, SAMPLE_RATE } from "../sound.ts";

/** Smooths 10 ms of arrival jitter to a few hundred microseconds. */
const SMOOTHING_S = 1;
/** A surplus of 20 ms is removed at 0.1 %, which is inaudible: a third of what trained listeners distinguish. */
const GAIN_PER_S = 0.05;
/** Critical damping for this gain, so there is no overshoot. */
const INTEGRAL_PER_S2 = GAIN_PER_S ** 2 / 4;
/** A larger deviation would make a voice sound out of tune. */
const MAX_DEVIATION = 0.005;
/** Sound cards are 20 to 300 ppm off. A larger error comes from lost sound or a burst. */
const MAX_DRIFT = 0.001;
/** The integral follows drift only and ignores the errors after a stall. */
const TRUSTED_ERROR_S = 0.02;
const BLOCK_S = BLOCK_SAMPLES / SAMPLE_RATE;

export class DriftControl {
  readonly #targetSamples: number;
  #fill: number;
  #drift = 0;

  /** @param targetSamples the fill level to reach when a block is about to be played */
  constructor(targetSamples: number) {
    this.#targetSamples = targetSamples;
    this.#fill = targetSamples;
  }

  /** Smoothed fill level minus the target, in samples. */
  get errorSamples(): number {
    return this.#fill - this.#targetSamples;
  }

  /** @returns samples to consume for each played sample: above 1 when too many wait */
  observe(fillSamples: number): number {
    this.#fill += (fillSamples - this.#fill) * (BLOCK_S / SMOOTHING_S);
    const errorS = this.errorSamples / SAMPLE_RATE;
    if (Math.abs(errorS) < TRUSTED_ERROR_S) {
      this.#drift = clamp(this.#drift + INTEGRAL_PER_S2 * errorS * BLOCK_S, MAX_DRIFT);
    }
    return 1 + clamp(GAIN_PER_S * errorS + this.#drift, MAX_DEVIATION);
  }

  /** Applies samples that were skipped (negative) or inserted at once, so that the filter need not follow slowly. */
  shift(samples: number): void {
    this.#fill += samples;
  }

  /** Playback starts again at this fill level. The learned drift is kept. */
  restart(fillSamples: number): void {
    this.#fill = fillSamples;
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
