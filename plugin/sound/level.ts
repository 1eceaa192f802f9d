// The level of a block, for the level meters.

/** The largest magnitude of a 16 bit sample. */
const FULL_SCALE = 32_768;

/** Peak of the block, 0 (silence) to 1 (full scale). */
export function peakLevel(block: Int16Array): number {
  let peak = 0;
  for (const sample of block) {
    const magnitude = sample < 0 ? -sample : sample;
    if (magnitude > peak) peak = magnitude;
  }
  return peak / FULL_SCALE;
}
