// Reads samples at fractional positions: band-limited interpolation by a windowed sinc. See J. O. Smith, "Digital Audio
// Resampling" (https://ccrma.stanford.edu/~jos/resample/).

/** Samples needed on each side of a position. 16 in total keep errors in a voice's band below -70 dB. */
export const REACH = 8;
const TAPS = 2 * REACH;
/** The number of positions with precomputed weights. Weights between two of them are interpolated. */
const PHASES = 256;
/** Kaiser window parameter: the trade-off between a sharp cut-off and weak images. */
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
 * Fills `target` from `source`, starting at position `from` and advancing by `step` for each sample. `source` must hold
 * REACH samples on both sides of every position.
 * @returns the position after the last sample
 */
export function readFractional(target: Int16Array, source: Int16Array, from: number, step: number): number {
  let position = from;
  for (let index = 0; index < target.length; index += 1) {
    const before = Math.floor(position);
    const phase = (position - before) * PHASES;
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
    position += step;
  }
  return position;
}
