// Converts a block to the speaker's sample rate. WebRTC delivers 16 kHz for the first blocks only, so linear
// interpolation is good enough.

/**
 * Fills `target` with samples spread evenly over `source`, which spans the same time.
 * `previous` is the last sample of the previous block, so that blocks join without a click.
 * @returns the last sample of `source`: `previous` for the next call
 */
export function resampleLinear(source: Int16Array, target: Int16Array, previous: number): number {
  const step = source.length / target.length;
  for (let index = 0; index < target.length; index += 1) {
    const position = (index + 1) * step - 1;
    const before = Math.floor(position);
    const left = before < 0 ? previous : (source[before] ?? 0);
    const right = source[Math.min(before + 1, source.length - 1)] ?? 0;
    target[index] = Math.round(left + (right - left) * (position - before));
  }
  return source.at(-1) ?? previous;
}
