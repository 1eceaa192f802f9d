// How fast to play so that what waits stays near its target although the card's clock and the network's differ: a slow
// PI controller on the smoothed fill. Knows no samples and no clock; each observation stands for one block's time.

import { BLOCK_SAMPLES, SAMPLE_RATE } from "../sound.ts";

/** Evens out 10 ms of arrival jitter to a few hundred microseconds. */
const SMOOTHING_S = 1;
/** 20 ms too much are played off at 0.1 %, which nobody hears: a third of what trained ears tell apart. */
const GAIN_PER_S = 0.05;
/** Critically damped for this gain: without overshoot. */
const INTEGRAL_PER_S2 = GAIN_PER_S ** 2 / 4;
/** Beyond it a voice would sound out of tune. */
const MAX_DEVIATION = 0.005;
/** Sound cards are 20 to 300 ppm off; more is not drift but sound that was lost or came at once. */
const MAX_DRIFT = 0.001;
/** The integral follows drift only, not the aftermath of a stall. */
const TRUSTED_ERROR_S = 0.02;
const BLOCK_S = BLOCK_SAMPLES / SAMPLE_RATE;

export class DriftControl {
  readonly #targetSamples: number;
  #fill: number;
  #drift = 0;

  /** @param targetSamples what should wait when a block is about to be played */
  constructor(targetSamples: number) {
    this.#targetSamples = targetSamples;
    this.#fill = targetSamples;
  }

  /** Smoothed fill less the target, samples. */
  get errorSamples(): number {
    return this.#fill - this.#targetSamples;
  }

  /** @returns samples to take for each that is played: above 1 when too many wait */
  observe(fillSamples: number): number {
    this.#fill += (fillSamples - this.#fill) * (BLOCK_S / SMOOTHING_S);
    const errorS = this.errorSamples / SAMPLE_RATE;
    if (Math.abs(errorS) < TRUSTED_ERROR_S) {
      this.#drift = clamp(this.#drift + INTEGRAL_PER_S2 * errorS * BLOCK_S, MAX_DRIFT);
    }
    return 1 + clamp(GAIN_PER_S * errorS + this.#drift, MAX_DEVIATION);
  }

  /** So many samples were skipped (negative) or put in at once: no need to learn that slowly. */
  shift(samples: number): void {
    this.#fill += samples;
  }

  /** Playing begins again at this fill; the drift that was learnt still holds. */
  restart(fillSamples: number): void {
    this.#fill = fillSamples;
  }
}

function clamp(value: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, value));
}
