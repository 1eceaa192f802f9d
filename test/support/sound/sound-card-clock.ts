// Simulates a network's clock and a sound card's: blocks arrive with jitter and stalls, and a card of another speed takes
// them. Time is simulated, so an hour takes seconds, and the same seed gives the same run.

import type { FillBlock } from "../../../plugin/sound/device-format/playback-converter.ts";
import { createPlaybackRing, type PlaybackRing } from "../../../plugin/sound/playback/playback-ring.ts";
import { createWaitThenFill } from "../../../plugin/sound/playback/wait-then-fill.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { seededRandom } from "../process/seeded-random.ts";

const BLOCK_MS = (1_000 * BLOCK_SAMPLES) / SAMPLE_RATE;

export interface Course {
  readonly durationMs: number;
  /** How fast the card is in parts per million; negative for a slow card. */
  readonly fastPpm: number;
  /** The largest delay of a block. */
  readonly jitterMs: number;
  /** The mean interval of stalls: nothing arrives for `stallMs`, then everything at once. */
  readonly stallEveryMs: number;
  readonly stallMs: number;
  readonly seed: number;
  /** A card of another format: the samples of its 10 ms, and what converts for it. */
  readonly card?: { readonly samples: number; convert(fill: FillBlock): FillBlock };
  /** The voice. */
  sampleAt(index: number): number;
}

export interface Played {
  readonly samples: Int16Array;
  /** The mean fill level of each second. */
  readonly fillsMs: number[];
  /** The starts of stalls in the card's milliseconds. */
  readonly stallsMs: number[];
  readonly ring: PlaybackRing;
}

/** Runs a simulation: the card requests blocks ahead of time, and waits a little for a late one. */
export function playCourse(course: Course): Played {
  const ring = createPlaybackRing();
  const { times, stallsMs } = arrivals(course);
  const clock = new PatienceClock();
  const speakerFill = createWaitThenFill(ring, clock);
  const fill = course.card?.convert((block, done) => speakerFill.fill(block, done)) ?? speakerFill.fill;
  const size = course.card?.samples ?? BLOCK_SAMPLES;
  const periodMs = BLOCK_MS / (1 + course.fastPpm / 1e6);
  const pulls = Math.floor(course.durationMs / periodMs);
  const samples = new Int16Array(pulls * size);
  const block = new Int16Array(BLOCK_SAMPLES);
  const fillsMs: number[] = [];
  let arrived = 0;
  let fillSum = 0;
  const arriveUntil = (untilMs: number, isEnough: () => boolean) => {
    for (; !isEnough() && (times[arrived] ?? Number.POSITIVE_INFINITY) <= untilMs; arrived += 1) {
      clock.nowMs = Math.max(clock.nowMs, times[arrived] ?? 0);
      const first = arrived * BLOCK_SAMPLES;
      for (let at = 0; at < BLOCK_SAMPLES; at += 1) block[at] = course.sampleAt(first + at);
      ring.push(block);
      speakerFill.onPush();
    }
  };
  for (let pull = 0; pull < pulls; pull += 1) {
    // The card requests the next block only after it received the last.
    const nowMs = Math.max(pull * periodMs, clock.nowMs);
    arriveUntil(nowMs, () => false);
    clock.nowMs = nowMs;
    fillSum += ring.fillSamples;
    if (pull % 100 === 99) {
      fillsMs.push((fillSum / 100 / SAMPLE_RATE) * 1_000);
      fillSum = 0;
    }
    let isFilled = false;
    fill(samples.subarray(pull * size, (pull + 1) * size), () => {
      isFilled = true;
    });
    arriveUntil(clock.dueMs, () => isFilled);
    if (!isFilled) clock.ring();
  }
  return { samples, fillsMs, stallsMs, ring };
}

/** A clock with at most one timer, driven by the simulation. */
class PatienceClock {
  nowMs = 0;
  dueMs = 0;
  #run: (() => void) | null = null;

  after(delayMs: number, run: () => void): () => void {
    this.dueMs = this.nowMs + delayMs;
    this.#run = run;
    return () => {
      this.#run = null;
    };
  }

  ring(): void {
    this.nowMs = this.dueMs;
    this.#run?.();
  }
}

function arrivals({ durationMs, jitterMs, stallEveryMs, stallMs, seed }: Course) {
  const { below } = seededRandom(seed);
  const random = () => below(1_000_000) / 1_000_000;
  const times: number[] = [];
  const stallsMs: number[] = [];
  let nextStallMs = stallEveryMs * (0.5 + random());
  let notBeforeMs = 0;
  for (let at = 0; at * BLOCK_MS < durationMs; at += 1) {
    const dueMs = at * BLOCK_MS + random() * jitterMs;
    if (dueMs >= nextStallMs) {
      notBeforeMs = dueMs + stallMs;
      stallsMs.push(dueMs);
      nextStallMs += stallEveryMs * (0.5 + random());
    }
    notBeforeMs = Math.max(notBeforeMs, dueMs);
    times.push(notBeforeMs);
  }
  return { times, stallsMs };
}

/** The longest time in ms during which no sample is louder than `level`. */
export function longestGapMs(samples: Int16Array, level: number): number {
  let longest = 0;
  let length = 0;
  for (const sample of samples) {
    length = Math.abs(sample) < level ? length + 1 : 0;
    longest = Math.max(longest, length);
  }
  return (longest * 1_000) / SAMPLE_RATE;
}

/**
 * Measures the sine in a piece of sound: its pitch from the phase difference between the halves, and its level above
 * everything else. `nearHz` may be off by less than a period over half the length.
 */
export function analyseSine(samples: Int16Array, nearHz: number): { hz: number; snrDb: number } {
  const half = samples.length / 2;
  const turn = phaseOf(samples.subarray(half), nearHz) - phaseOf(samples.subarray(0, half), nearHz);
  const expected = (2 * Math.PI * nearHz * half) / SAMPLE_RATE;
  const offset = Math.atan2(Math.sin(turn - expected), Math.cos(turn - expected));
  const hz = nearHz + (offset * SAMPLE_RATE) / (2 * Math.PI * half);
  const { a, b } = fit(samples, hz);
  let signal = 0;
  let noise = 0;
  samples.forEach((sample, at) => {
    const angle = (2 * Math.PI * hz * at) / SAMPLE_RATE;
    const value = a * Math.cos(angle) + b * Math.sin(angle);
    signal += value * value;
    noise += (sample - value) ** 2;
  });
  return { hz, snrDb: 10 * Math.log10(signal / Math.max(noise, 1e-9)) };
}

/** The phase of cos(wt + phase) at the beginning. */
function phaseOf(samples: Int16Array, hz: number): number {
  const { a, b } = fit(samples, hz);
  return Math.atan2(-b, a);
}

/** Least squares of a·cos + b·sin. */
function fit(samples: Int16Array, hz: number): { a: number; b: number } {
  let [cc, ss, cs, xc, xs] = [0, 0, 0, 0, 0];
  samples.forEach((sample, at) => {
    const angle = (2 * Math.PI * hz * at) / SAMPLE_RATE;
    const c = Math.cos(angle);
    const s = Math.sin(angle);
    cc += c * c;
    ss += s * s;
    cs += c * s;
    xc += sample * c;
    xs += sample * s;
  });
  const determinant = cc * ss - cs * cs;
  return { a: (xc * ss - xs * cs) / determinant, b: (xs * cc - xc * cs) / determinant };
}
