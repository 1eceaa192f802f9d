// The ring and the tones around a call, synthesised in blocks of 10 ms. Users know their pitch and cadence from European telephones
// (ITU-T E.180).

import type { RingSound } from "../../statecharts/index.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../sound/sound.ts";

/** A note, or a pause when `hz` is 0. */
interface Note {
  readonly hz: number;
  readonly ms: number;
}

interface Tone {
  readonly notes: readonly Note[];
  /** Peak, 0 to 1 of full scale. */
  readonly level: number;
  /** How often the notes are played; a ring goes on until it is stopped. */
  readonly times: number;
}

const pause = (ms: number): Note => ({ hz: 0, ms });
const TELEPHONE_HZ = 425;

const RING: readonly Note[] = [
  { hz: 660, ms: 160 },
  { hz: 880, ms: 160 },
  { hz: 660, ms: 160 },
  { hz: 880, ms: 420 },
  pause(1_800),
];

export const TONES: Readonly<Record<RingSound, Tone>> = {
  ring: { notes: RING, level: 0.25, times: Number.POSITIVE_INFINITY },
  /** Far below a voice: it plays into a conversation. */
  waiting: { notes: [{ hz: 440, ms: 120 }, pause(7_880)], level: 0.03, times: Number.POSITIVE_INFINITY },
  ringBack: {
    notes: [{ hz: TELEPHONE_HZ, ms: 1_000 }, pause(3_000)],
    level: 0.1,
    times: Number.POSITIVE_INFINITY,
  },
  busy: { notes: [{ hz: TELEPHONE_HZ, ms: 320 }, pause(320)], level: 0.1, times: 4 },
  ended: { notes: [{ hz: 480, ms: 140 }, pause(60), { hz: 360, ms: 240 }], level: 0.08, times: 1 },
};

/** Without it every note would begin and end with a click. */
const RAMP_SAMPLES = SAMPLE_RATE / 200;
const PEAK_SAMPLE = 32_767;

/** @returns a function that makes the next block, or null at the end */
export function createTonePlayer(sound: RingSound): () => Int16Array | null {
  const { notes, level, times } = TONES[sound];
  let played = 0;
  let index = 0;
  let at = 0;
  const nextSample = (): number => {
    const note = notes[index];
    if (note === undefined || played >= times) return 0;
    const length = Math.round((note.ms * SAMPLE_RATE) / 1_000);
    const value = sampleOf(note, at, length);
    at += 1;
    if (at < length) return value * level;
    at = 0;
    index += 1;
    if (index < notes.length) return value * level;
    index = 0;
    played += 1;
    return value * level;
  };
  return () => {
    if (played >= times) return null;
    return Int16Array.from({ length: BLOCK_SAMPLES }, () => Math.round(nextSample() * PEAK_SAMPLE));
  };
}

/** @returns the sample at this place of the note, -1 to 1 */
function sampleOf({ hz }: Note, at: number, length: number): number {
  if (hz === 0) return 0;
  const ramp = Math.min(1, (at + 1) / RAMP_SAMPLES, (length - at) / RAMP_SAMPLES);
  return ramp * Math.sin((2 * Math.PI * hz * at) / SAMPLE_RATE);
}

/** @returns the block, fading to silence */
export function fadeOut(block: Int16Array): Int16Array {
  return block.map((sample, index) => Math.round(sample * (1 - (index + 1) / block.length)));
}
