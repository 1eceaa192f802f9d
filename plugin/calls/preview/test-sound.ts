// The test sound of a device check: three rising notes, made here. Pure.

import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../sound/sound.ts";

/** C5, E5 and G5, in hertz. */
const NOTES_HZ = [523.25, 659.25, 783.99];
const NOTE_SAMPLES = 0.3 * SAMPLE_RATE;
/** -12 dB of full scale: clearly audible, and no startle. */
const AMPLITUDE = 0.25 * 32_767;
/** A note that begins or ends at once would click. */
const FADE_SAMPLES = 0.02 * SAMPLE_RATE;

/** @returns 0.9 s in blocks of 10 ms, mono, 16 bit, 48 kHz */
export function testSound(): Int16Array[] {
  const samples = NOTES_HZ.flatMap((hz) =>
    Array.from({ length: NOTE_SAMPLES }, (_, index) => noteAt(hz, index)),
  );
  const count = samples.length / BLOCK_SAMPLES;
  return Array.from({ length: count }, (_, index) =>
    Int16Array.from(samples.slice(index * BLOCK_SAMPLES, (index + 1) * BLOCK_SAMPLES)),
  );
}

function noteAt(hz: number, index: number): number {
  const fade = Math.min(1, index / FADE_SAMPLES, (NOTE_SAMPLES - 1 - index) / FADE_SAMPLES);
  return Math.round(fade * AMPLITUDE * Math.sin((2 * Math.PI * hz * index) / SAMPLE_RATE));
}
