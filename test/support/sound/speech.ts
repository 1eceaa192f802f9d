// Test sounds for voice processing: sentences by espeak-ng, a melody with chords made of sines, and a fan's noise.
// Deterministic. Samples are fractions of full scale at 48 kHz.

import { execFileSync } from "node:child_process";
import { SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { seededRandom } from "../process/seeded-random.ts";

/** A sentence takes espeak-ng 30 ms; a busy machine more. */
const SPEAK_MS = 30_000;
const MAX_WAV_BYTES = 16 * 2 ** 20;
const WAV_HEADER_BYTES = 44;
const WAV_RATE_AT = 24;
const FULL_SCALE = 32_768;
/** Half the width of the interpolation kernel in source samples. It keeps images at or below -60 dB. */
const KERNEL_HALF = 16;
const PAUSE_SECONDS = 1;
/** 20 ms, about the length of a phoneme. */
export const FRAME_SAMPLES = SAMPLE_RATE / 50;
/** A frame counts as speech down to this level below the loudest one. */
const ACTIVE_DB = 25;
/** Frames between this level and the former are neither speech nor silence. */
const SILENT_DB = 50;

const FAR_TEXT =
  "Good morning, can you hear me well? I have read the report that you sent on Friday. The second chapter is clear, " +
  "but the numbers in the third one do not add up. Shall we go through them together, line by line? " +
  "The quick brown fox jumps over the lazy dog, and five boxing wizards follow it quickly to the old harbour.";
const NEAR_TEXT =
  "Yes, of course, give me a moment. I moved the table to another page last night. " +
  "Look at the lower half: every price has gone up by seven percent. We should ask Maria what she thinks about it, " +
  "before the meeting begins at ten.";

/** Two voices that differ in pitch and timbre. */
const VOICES = {
  far: { text: FAR_TEXT, args: ["-v", "en-gb", "-s", "165"] },
  near: { text: NEAR_TEXT, args: ["-v", "en-us+f3", "-s", "155"] },
};
type VoiceName = keyof typeof VOICES;

const spoken = new Map<VoiceName, Float64Array>();

/** Speech with a pause of a second after some sentences, cut at `seconds`; `levelDb` is the mean level while it speaks, in dB of full scale (a square wave). */
export function speech(voice: VoiceName, seconds: number, levelDb: number): Float64Array {
  const text = spoken.get(voice) ?? speak(voice);
  spoken.set(voice, text);
  const samples = Float64Array.from(
    { length: seconds * SAMPLE_RATE },
    (_, at) => text[at % text.length] ?? 0,
  );
  return atLevel(samples, levelDb);
}

function speak(voice: VoiceName): Float64Array {
  const { text, args } = VOICES[voice];
  const options = { timeout: SPEAK_MS, maxBuffer: MAX_WAV_BYTES };
  const wav = execFileSync("espeak-ng", [...args, "--stdout", text], options);
  const rate = wav.readUInt32LE(WAV_RATE_AT);
  const count = Math.floor((wav.length - WAV_HEADER_BYTES) / 2);
  const samples = Float64Array.from(
    { length: count },
    (_, at) => wav.readInt16LE(WAV_HEADER_BYTES + 2 * at) / FULL_SCALE,
  );
  const resampled = resample(samples, rate);
  const text48k = new Float64Array(resampled.length + PAUSE_SECONDS * SAMPLE_RATE);
  text48k.set(resampled);
  return text48k;
}

/** Band-limited interpolation to 48 kHz, https://ccrma.stanford.edu/~jos/resample/. Upsampling only. */
function resample(source: Float64Array, rate: number): Float64Array {
  const count = Math.floor((source.length * SAMPLE_RATE) / rate);
  return Float64Array.from({ length: count }, (_, at) => {
    const position = (at * rate) / SAMPLE_RATE;
    const first = Math.floor(position) - KERNEL_HALF + 1;
    let sum = 0;
    for (let index = first; index < first + 2 * KERNEL_HALF; index += 1) {
      sum += (source[index] ?? 0) * kernel(position - index);
    }
    return sum;
  });
}

function kernel(distance: number): number {
  if (distance === 0) return 1;
  const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / KERNEL_HALF);
  return (window * Math.sin(Math.PI * distance)) / (Math.PI * distance);
}

/** The frequency of a MIDI note. */
const pitch = (note: number) => 440 * 2 ** ((note - 69) / 12);
/** Four chords, each with four notes of melody above it. */
const SONG = [
  { chord: [48, 52, 55], melody: [72, 76, 79, 76] },
  { chord: [45, 48, 52], melody: [72, 71, 69, 76] },
  { chord: [41, 45, 48], melody: [77, 76, 74, 72] },
  { chord: [43, 47, 50], melody: [74, 79, 77, 71] },
];
const NOTE_SECONDS = 0.25;
/** Each overtone has half the level of the one below, like a plucked string's. */
const OVERTONES = 8;

/** A plucked melody over chords. */
export function music(seconds: number, levelDb: number): Float64Array {
  const samples = new Float64Array(seconds * SAMPLE_RATE);
  const noteLength = NOTE_SECONDS * SAMPLE_RATE;
  for (let start = 0, number = 0; start < samples.length; start += noteLength, number += 1) {
    const bar = SONG[Math.floor(number / 4) % SONG.length];
    const melody = bar?.melody[number % 4] ?? 72;
    addNote(samples, start, 2 * noteLength, pitch(melody), 1);
    if (number % 4 !== 0) continue;
    for (const note of bar?.chord ?? []) addNote(samples, start, 4 * noteLength, pitch(note), 0.6);
  }
  return atLevel(samples, levelDb);
}

function addNote(samples: Float64Array, start: number, length: number, hz: number, loudness: number): void {
  const end = Math.min(samples.length, start + length);
  for (let at = start; at < end; at += 1) {
    const seconds = (at - start) / SAMPLE_RATE;
    const envelope = loudness * Math.min(1, seconds / 0.005) * Math.exp(-4 * seconds);
    for (let overtone = 1; overtone <= OVERTONES; overtone += 1) {
      samples[at] =
        (samples[at] ?? 0) + envelope * 2 ** (1 - overtone) * Math.sin(2 * Math.PI * hz * overtone * seconds);
    }
  }
}

/** Steady noise that falls towards high frequencies, like a fan's. */
export function fanNoise(seconds: number, levelDb: number, seed: number): Float64Array {
  const random = seededRandom(seed);
  let low = 0;
  const samples = Float64Array.from({ length: seconds * SAMPLE_RATE }, () => {
    const white = random.below(2 ** 24) / 2 ** 23 - 1;
    low += 0.1 * (white - low);
    return low + 0.05 * white;
  });
  return atLevel(samples, levelDb);
}

/** The 20 ms frames with sound: less than 25 dB below the loudest. */
export function activeFrames(samples: Float64Array): boolean[] {
  const powers = framePowers(samples);
  const least = Math.max(...powers) * 10 ** (-ACTIVE_DB / 10);
  return powers.map((power) => power > least);
}

/** The 20 ms frames without sound: more than 50 dB below the loudest. */
export function silentFrames(samples: Float64Array): boolean[] {
  const powers = framePowers(samples);
  const most = Math.max(...powers) * 10 ** (-SILENT_DB / 10);
  return powers.map((power) => power < most);
}

/** Scales so that the mean power over the active frames is `levelDb` below full scale. */
function atLevel(samples: Float64Array, levelDb: number): Float64Array {
  const active = activeFrames(samples);
  const powers = framePowers(samples).filter((_, index) => active[index]);
  const mean = powers.reduce((sum, power) => sum + power, 0) / powers.length;
  const gain = 10 ** (levelDb / 20) / Math.sqrt(mean);
  return samples.map((sample) => sample * gain);
}

/** Mean power of each whole 20 ms frame. */
export function framePowers(samples: Float64Array): number[] {
  return Array.from({ length: Math.floor(samples.length / FRAME_SAMPLES) }, (_, frame) => {
    let sum = 0;
    for (let at = frame * FRAME_SAMPLES; at < (frame + 1) * FRAME_SAMPLES; at += 1)
      sum += (samples[at] ?? 0) ** 2;
    return sum / FRAME_SAMPLES;
  });
}
