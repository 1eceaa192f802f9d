// A simulated room between speaker and microphone, with delay, level and a decaying response. Deterministic.
// Samples are fractions of full scale at 48 kHz.

import { SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { seededRandom } from "../process/seeded-random.ts";

/** The response falls by 60 dB in this time. */
const DECAY_SECONDS = 0.1;
/** The ratio of the direct sound to the first reflection. */
const DIRECT = 4;

/** The impulse response: after the delay a direct sound and reflections, with a total power of `levelDb`. */
export function roomResponse(delayMs: number, levelDb: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  const delay = Math.round((delayMs * SAMPLE_RATE) / 1_000);
  const length = DECAY_SECONDS * SAMPLE_RATE;
  const response = new Float64Array(delay + length);
  for (let at = 0; at < length; at += 1) {
    const decay = 10 ** ((-3 * at) / length);
    response[delay + at] = decay * (random.below(2 ** 24) / 2 ** 23 - 1);
  }
  response[delay] = DIRECT;
  const power = response.reduce((sum, sample) => sum + sample ** 2, 0);
  const gain = 10 ** (levelDb / 20) / Math.sqrt(power);
  return response.map((sample) => sample * gain);
}

/** Convolves `samples` with `response` by overlap-add, truncated to the length of `samples`. */
export function throughRoom(samples: Float64Array, response: Float64Array): Float64Array {
  const size = 2 ** Math.ceil(Math.log2(2 * response.length));
  const step = size - response.length + 1;
  const room = spectrumOf(response, size);
  const convolved = new Float64Array(samples.length);
  for (let start = 0; start < samples.length; start += step) {
    const { re, im } = spectrumOf(samples.subarray(start, start + step), size);
    for (let bin = 0; bin < size; bin += 1) {
      const a = re[bin] ?? 0;
      const b = im[bin] ?? 0;
      re[bin] = a * (room.re[bin] ?? 0) - b * (room.im[bin] ?? 0);
      // Conjugated, so that the forward transform below computes the inverse.
      im[bin] = -(a * (room.im[bin] ?? 0) + b * (room.re[bin] ?? 0));
    }
    transform(re, im);
    const end = Math.min(samples.length, start + size);
    for (let at = start; at < end; at += 1)
      convolved[at] = (convolved[at] ?? 0) + (re[at - start] ?? 0) / size;
  }
  return convolved;
}

interface Spectrum {
  readonly re: Float64Array;
  readonly im: Float64Array;
}

function spectrumOf(samples: Float64Array, size: number): Spectrum {
  const re = new Float64Array(size);
  const im = new Float64Array(size);
  re.set(samples);
  transform(re, im);
  return { re, im };
}

/** Fast Fourier transform in place, radix 2. */
function transform(re: Float64Array, im: Float64Array): void {
  reorder(re, im);
  for (let half = 1; half < re.length; half *= 2) {
    for (let at = 0; at < half; at += 1) {
      const cos = Math.cos((-Math.PI * at) / half);
      const sin = Math.sin((-Math.PI * at) / half);
      for (let low = at; low < re.length; low += 2 * half) {
        const high = low + half;
        const a = (re[high] ?? 0) * cos - (im[high] ?? 0) * sin;
        const b = (re[high] ?? 0) * sin + (im[high] ?? 0) * cos;
        re[high] = (re[low] ?? 0) - a;
        im[high] = (im[low] ?? 0) - b;
        re[low] = (re[low] ?? 0) + a;
        im[low] = (im[low] ?? 0) + b;
      }
    }
  }
}

/** Swaps each element with the one at its bit-reversed index. */
function reorder(re: Float64Array, im: Float64Array): void {
  let to = 0;
  for (let from = 1; from < re.length; from += 1) {
    let bit = re.length / 2;
    for (; to & bit; bit /= 2) to ^= bit;
    to ^= bit;
    if (from >= to) continue;
    [re[from], re[to]] = [re[to] ?? 0, re[from] ?? 0];
    [im[from], im[to]] = [im[to] ?? 0, im[from] ?? 0];
  }
}
