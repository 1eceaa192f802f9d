// Reads between the samples: band-limited interpolation by a windowed sinc, see J. O. Smith, "Digital Audio Resampling"
// (https://ccrma.stanford.edu/~jos/resample/). Knows nothing of why somebody reads there.

/** Samples needed before and after the place; 16 in all keep a voice's band within -70 dB. */
export const REACH = 8;
const TAPS = 2 * REACH;
/** Places for which weights are kept; between two of them they are weighed together. */
const PHASES = 256;
/** Kaiser's window: the trade between a sharp edge and faint images. */
const BETA = 8;

const weights = makeWeights();

function makeWeights(): Float64Array {
  const table = new Float64Array((PHASES + 1) * TAPS);
  for (let phase = 0; phase <= PHASES; phase += 1) {
    for (let tap = 0; tap < TAPS; tap += 1) {
      const distance = tap - (REACH - 1) - phase / PHASES;
      table[phase * TAPS + tap] = sinc(distance) * kaiser(distance / REACH);
    }
  }
  return table;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function kaiser(x: number): number {
  return Math.abs(x) > 1 ? 0 : bessel(BETA * Math.sqrt(1 - x * x)) / bessel(BETA);
}

/** Modified Bessel function of the first kind, order zero, by its power series. */
function bessel(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > 1e-12 * sum; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

/**
 * Fills `target` from `source`, beginning at place `from` and going on by `step` for each sample. `source` must hold
 * REACH samples on both sides of every place.
 * @returns the place after the last
 */
export function readFractional(target: Int16Array, source: Int16Array, from: number, step: number): number {
  let place = from;
  for (let index = 0; index < target.length; index += 1) {
    const before = Math.floor(place);
    const phase = (place - before) * PHASES;
    const row = Math.floor(phase);
    const share = phase - row;
    const first = before - (REACH - 1);
    let sum = 0;
    for (let tap = 0; tap < TAPS; tap += 1) {
      const low = weights[row * TAPS + tap] ?? 0;
      const high = weights[row * TAPS + TAPS + tap] ?? low;
      sum += (source[first + tap] ?? 0) * (low + (high - low) * share);
    }
    target[index] = Math.max(-32_768, Math.min(32_767, Math.round(sum)));
    place += step;
  }
  return place;
}
