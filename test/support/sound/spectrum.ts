// Finds tones in recorded sound. Pure.
//
//     toneLevel(samples, 48_000, 440)      amplitude of the sine at 440 Hz, 0 to 1 of full scale
//     dominantFrequency(samples, 48_000)   hertz of the loudest sine between 50 Hz and 8 kHz
//     measureTone(samples, 48_000, 440)      both, for sound that passed a jitter buffer on a busy machine
//
// All need at least 100 ms. Trim silence at the ends first.

const FULL_SCALE = 32_768;
/** A Hann window's mean. Dividing by it restores the amplitude. */
const HANN_MEAN = 0.5;
const LOWEST_HZ = 50;
const HIGHEST_HZ = 8_000;

/** Amplitude of the sine at `hz` under a Hann window, so that neighbouring tones leak little. */
export function toneLevel(samples: Int16Array, sampleRate: number, hz: number): number {
  return amplitudeAt(windowed(samples), sampleRate, hz);
}

/** Applied once for all frequencies: the cosines cost ten times as much as one measurement. */
function windowed(samples: Int16Array): Float64Array {
  const step = (2 * Math.PI) / samples.length;
  return Float64Array.from(samples, (sample, index) => sample * (0.5 - 0.5 * Math.cos(step * index)));
}

/** The Goertzel algorithm (https://en.wikipedia.org/wiki/Goertzel_algorithm). */
function amplitudeAt(samples: Float64Array, sampleRate: number, hz: number): number {
  const coefficient = 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
  let before = 0;
  let last = 0;
  for (let index = 0; index < samples.length; index += 1) {
    const next = (samples[index] ?? 0) + coefficient * last - before;
    before = last;
    last = next;
  }
  const power = last * last + before * before - coefficient * last * before;
  return (2 * Math.sqrt(Math.max(0, power))) / (samples.length * HANN_MEAN * FULL_SCALE);
}

/**
 * The medians over tenths of a second. A jitter buffer that stretches or shortens sound, as it does when blocks are late,
 * breaks the sine's phase. Over a whole second the pieces would cancel each other out.
 */
export function measureTone(
  samples: Int16Array,
  sampleRate: number,
  hz: number,
): { hz: number; level: number } {
  const size = sampleRate / 10;
  const parts = Array.from({ length: Math.floor(samples.length / size) }, (_, index) =>
    samples.subarray(index * size, (index + 1) * size),
  );
  return {
    hz: medianOf(parts.map((part) => dominantFrequency(part, sampleRate))),
    level: medianOf(parts.map((part) => toneLevel(part, sampleRate, hz))),
  };
}

function medianOf(values: number[]): number {
  return values.toSorted((one, other) => one - other)[values.length >> 1] ?? 0;
}

/** Searches in steps of half a bin, then refines the loudest to a hundredth of a bin. */
export function dominantFrequency(samples: Int16Array, sampleRate: number): number {
  // 100 ms are enough to find the loudest bin. Searching a long recording would take seconds.
  const rough = windowed(samples.subarray(0, Math.min(samples.length, sampleRate / 10)));
  const whole = windowed(samples);
  const roughBin = sampleRate / rough.length;
  const found = loudest(rough, sampleRate, LOWEST_HZ, HIGHEST_HZ, roughBin / 2);
  const bin = sampleRate / samples.length;
  const near = loudest(whole, sampleRate, found - roughBin, found + roughBin, bin / 2);
  return loudest(whole, sampleRate, near - bin, near + bin, bin / 100);
}

function loudest(
  samples: Float64Array,
  sampleRate: number,
  fromHz: number,
  toHz: number,
  stepHz: number,
): number {
  let best = { hz: fromHz, level: -1 };
  for (let hz = fromHz; hz <= toHz; hz += stepHz) {
    const level = amplitudeAt(samples, sampleRate, hz);
    if (level > best.level) best = { hz, level };
  }
  return best.hz;
}

/** The samples from the first to the last one above `threshold` (0 to 1). */
export function withoutSilence(samples: Int16Array, threshold = 0.01): Int16Array {
  const isLoud = (sample: number) => Math.abs(sample) > threshold * FULL_SCALE;
  const first = samples.findIndex(isLoud);
  return first < 0 ? new Int16Array(0) : samples.subarray(first, samples.findLastIndex(isLoud) + 1);
}

/** Makes a sine. */
export function sine(hz: number, durationMs: number, sampleRate: number, amplitude = 0.25): Int16Array {
  const count = Math.round((durationMs * sampleRate) / 1_000);
  const peak = amplitude * (FULL_SCALE - 1);
  return Int16Array.from({ length: count }, (_, index) =>
    Math.round(peak * Math.sin((2 * Math.PI * hz * index) / sampleRate)),
  );
}
