// Brings a block to the speaker's rate. WebRTC delivers 16 kHz for the first blocks only, so straight lines
// between the samples are good enough.

/**
 * Writes as many samples as `target` holds, spread evenly over `source`, which spans the same time.
 * `previous` is the last sample of the block before, so that blocks join without a click.
 * @returns the last sample of `source`, the next call's `previous`.
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
