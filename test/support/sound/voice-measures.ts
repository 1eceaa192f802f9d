// Measures how much of a sound is left after processing. Samples are fractions of full scale at 48 kHz.

import { SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { activeFrames, FRAME_SAMPLES, framePowers, silentFrames } from "./speech.ts";

/** The longest delay that processing may add, 40 ms. */
const MAX_LAG = 0.04 * SAMPLE_RATE;
/** The lag is searched in a piece of sound that holds a few words. */
const SOUGHT = 3 * SAMPLE_RATE;
const SILENCE = 1e-12;
/** -12 dB. */
const SWALLOWED = 10 ** -1.2;

/** Mean power in decibels of full scale squared, from `fromSeconds` on. */
export function powerDb(samples: Float64Array, fromSeconds = 0): number {
  return toDb(meanPower(samples.subarray(fromSeconds * SAMPLE_RATE)));
}

/** Mean power over the 20 ms frames in which `reference` is active, or in which it is silent. */
export function powerWhereDb(
  samples: Float64Array,
  reference: Float64Array,
  where: "active" | "silent",
): number {
  const frames = where === "active" ? activeFrames(reference) : silentFrames(reference);
  const powers = frames.flatMap((isWanted, frame) =>
    isWanted ? [meanPower(samples.subarray(frame * FRAME_SAMPLES, (frame + 1) * FRAME_SAMPLES))] : [],
  );
  return toDb(powers.reduce((sum, power) => sum + power, 0) / powers.length);
}

/**
 * The gain of `reference` in `samples`, in decibels: the part of `samples` that equals `reference`, delayed by up to
 * 40 ms (least squares over the 20 ms frames in which `reference` is active). Other sounds, such as residual echo, do not
 * count.
 */
export function gainOfDb(reference: Float64Array, samples: Float64Array): number {
  const lag = lagOf(reference, samples);
  let product = 0;
  let power = 0;
  for (const [frame, active] of activeFrames(reference).entries()) {
    if (!active) continue;
    for (let at = frame * FRAME_SAMPLES; at < (frame + 1) * FRAME_SAMPLES; at += 1) {
      const wanted = reference[at] ?? 0;
      product += wanted * (samples[at + lag] ?? 0);
      power += wanted ** 2;
    }
  }
  return 20 * Math.log10(Math.max(SILENCE, product / power));
}

/** The share of the 20 ms frames with `reference` in which `samples`, delayed by up to 40 ms, are at least 12 dB below it: what is swallowed. */
export function swallowedShare(reference: Float64Array, samples: Float64Array): number {
  const late = samples.subarray(lagOf(reference, samples));
  const wanted = framePowers(reference);
  const sent = framePowers(late);
  const active = activeFrames(reference).flatMap((isActive, frame) => (isActive ? [frame] : []));
  const swallowed = active.filter((frame) => (sent[frame] ?? 0) < SWALLOWED * (wanted[frame] ?? 0));
  return swallowed.length / active.length;
}

/** The delay in samples at which `samples` correlates most with `reference`. */
function lagOf(reference: Float64Array, samples: Float64Array): number {
  const first = Math.max(
    0,
    reference.findIndex((sample) => Math.abs(sample) > 0.01),
  );
  let best = { lag: 0, likeness: Number.NEGATIVE_INFINITY };
  for (let lag = 0; lag <= MAX_LAG; lag += 1) {
    let likeness = 0;
    for (let at = first; at < first + SOUGHT; at += 1)
      likeness += (reference[at] ?? 0) * (samples[at + lag] ?? 0);
    if (likeness > best.likeness) best = { lag, likeness };
  }
  return best.lag;
}

function meanPower(samples: Float64Array): number {
  return samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
}

function toDb(power: number): number {
  return 10 * Math.log10(power + SILENCE);
}
