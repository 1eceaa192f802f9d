// Scenes in a simulated room, in simulated time: they mix near voice and speaker sound, and measure what processing leaves
// of each. The figures are the same at every run on the same processor type.

import { loadNative, type VoiceSettings } from "../../../native/index.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { roomResponse, throughRoom } from "./simulated-room.ts";
import { fanNoise, music, speech } from "./speech.ts";
import { gainOfDb, powerDb, powerWhereDb, swallowedShare } from "./voice-measures.ts";

const PEAK_SAMPLE = 32_767;
/** Loud speech, the target level of meeting programs. */
const FAR_DB = -20;
const NEAR_DB = -26;
/** The level of the speaker's sound in the microphone, relative to the played level. */
const ROOM_DB = -6;
/** The microphone's own noise. */
const FLOOR_DB = -70;
/** The echo has to be gone from then on. */
const LEARNT_SECONDS = 3;
const NEAR_FROM_SECONDS = 6;
const SCENE_SECONDS = 14;

export const ECHO_ONLY = { echoCancellation: true, noiseSuppression: false, automaticGain: false };
export const NOISE_ONLY = { echoCancellation: false, noiseSuppression: true, automaticGain: false };
export const GAIN_ONLY = { echoCancellation: false, noiseSuppression: false, automaticGain: true };
export const ALL_ON = { echoCancellation: true, noiseSuppression: true, automaticGain: true };

export const FAR_SOUNDS = ["speech", "music"] as const;
export const DELAYS_MS = [50, 120, 300] as const;

/** Processes both signals block by block. */
function processed(far: Float64Array, near: Float64Array, settings: VoiceSettings): Float64Array {
  const processor = loadNative().createVoiceProcessor(settings);
  const played = toSamples(far);
  const captured = toSamples(near);
  for (let at = 0; at + BLOCK_SAMPLES <= captured.length; at += BLOCK_SAMPLES) {
    processor.playing(played.subarray(at, at + BLOCK_SAMPLES));
    processor.captured(captured.subarray(at, at + BLOCK_SAMPLES));
  }
  return Float64Array.from(captured, (sample) => sample / PEAK_SAMPLE);
}

interface EchoFigures {
  /** Echo return loss enhancement after 3 s: power captured against power sent while only the far end sounds. */
  readonly enhancementDb: number;
  /** Gain of the near voice while both ends sound; see gainOfDb. */
  readonly nearGainDb: number;
  /** Share of the near voice that is swallowed while both ends sound; see swallowedShare. */
  readonly nearSwallowed: number;
}

/** The far end sounds all the time; in a second run the near voice joins it after 6 s. */
export function measureEcho(
  sound: (typeof FAR_SOUNDS)[number],
  delayMs: number,
  settings: VoiceSettings = ECHO_ONLY,
): EchoFigures {
  const far = sound === "speech" ? speech("far", SCENE_SECONDS, FAR_DB) : music(SCENE_SECONDS, FAR_DB);
  const echo = mixed(throughRoom(far, roomResponse(delayMs, ROOM_DB, 7)), floor());
  const near = speech("near", SCENE_SECONDS, NEAR_DB).fill(0, 0, NEAR_FROM_SECONDS * SAMPLE_RATE);
  const bothSent = processed(far, mixed(echo, near), settings);
  const spoken = near.subarray(NEAR_FROM_SECONDS * SAMPLE_RATE);
  const sent = bothSent.subarray(NEAR_FROM_SECONDS * SAMPLE_RATE);
  return {
    enhancementDb: powerDb(echo, LEARNT_SECONDS) - powerDb(processed(far, echo, settings), LEARNT_SECONDS),
    nearGainDb: gainOfDb(spoken, sent),
    nearSwallowed: swallowedShare(spoken, sent),
  };
}

/** @returns the loudest sample sent of digital silence while the far end speaks */
export function measureSilence(settings: VoiceSettings = ALL_ON): number {
  const sent = processed(speech("far", SCENE_SECONDS, FAR_DB), silence(), settings);
  return sent.reduce((loudest, sample) => Math.max(loudest, Math.abs(sample)), 0);
}

/** What makes an echo harder to cancel than the one of measureEcho. */
export const ECHO_TROUBLES = ["first second", "delay jump", "clock drift", "distortion"] as const;
export type EchoTrouble = (typeof ECHO_TROUBLES)[number];

/** @returns echo return loss enhancement of speech in that trouble: after it, in its first second, or at all times after 3 s */
export function measureTrouble(trouble: EchoTrouble, settings: VoiceSettings = ECHO_ONLY): number {
  const far = speech("far", SCENE_SECONDS, FAR_DB);
  const echo = mixed(troubledEcho(far, trouble), floor());
  const sent = processed(far, echo, settings);
  const [from, to] = TROUBLE_SECONDS[trouble];
  const during = (samples: Float64Array) => powerDb(samples.subarray(from * SAMPLE_RATE, to * SAMPLE_RATE));
  return during(echo) - during(sent);
}

const JUMP_SECONDS = 6;
/** Two seconds after the jump, the canceller must have found the new delay. */
const TROUBLE_SECONDS = {
  "first second": [0, 1],
  "delay jump": [JUMP_SECONDS + 2, SCENE_SECONDS],
  "clock drift": [LEARNT_SECONDS, SCENE_SECONDS],
  distortion: [LEARNT_SECONDS, SCENE_SECONDS],
} as const;
/** Two sound cards with clocks of their own; 100 ppm each is within what they may have. */
const DRIFT = 200e-6;
/** A small speaker at a high volume: a peak of -12 dB loses 3 dB. */
const DRIVE = 4;

function troubledEcho(far: Float64Array, trouble: EchoTrouble): Float64Array {
  const echoAfter = (delayMs: number) => throughRoom(far, roomResponse(delayMs, ROOM_DB, 7));
  if (trouble === "distortion") {
    const driven = far.map((sample) => Math.tanh(DRIVE * sample) / DRIVE);
    return throughRoom(driven, roomResponse(120, ROOM_DB, 7));
  }
  const echo = echoAfter(120);
  if (trouble === "first second") return echo;
  if (trouble === "clock drift") return drifted(echo);
  const later = echoAfter(160);
  return echo.map((sample, at) => (at < JUMP_SECONDS * SAMPLE_RATE ? sample : (later[at] ?? 0)));
}

/** Linear interpolation is enough for speech: it loses 1 dB at 12 kHz. */
function drifted(samples: Float64Array): Float64Array {
  return samples.map((_, at) => {
    const position = at * (1 + DRIFT);
    const before = Math.floor(position);
    const share = position - before;
    return (1 - share) * (samples[before] ?? 0) + share * (samples[before + 1] ?? 0);
  });
}

interface NoiseFigures {
  /** In the pauses of speech, after 3 s. */
  readonly reductionDb: number;
  readonly speechGainDb: number;
}

/** A fan 15 dB below the voice. */
export function measureNoise(settings: VoiceSettings = NOISE_ONLY): NoiseFigures {
  const voice = speech("near", SCENE_SECONDS, NEAR_DB);
  const captured = mixed(voice, fanNoise(SCENE_SECONDS, NEAR_DB - 15, 3));
  const sent = later(processed(silence(), captured, settings));
  const reference = later(voice);
  return {
    reductionDb: powerWhereDb(later(captured), reference, "silent") - powerWhereDb(sent, reference, "silent"),
    speechGainDb: gainOfDb(reference, sent),
  };
}

/** @returns the sent level of a voice of `levelDb` in the last 5 s, while it speaks, in decibels of full scale */
export function measureGain(levelDb: number, settings: VoiceSettings = GAIN_ONLY): number {
  const voice = speech("near", SCENE_SECONDS, levelDb);
  const sent = processed(silence(), mixed(voice, floor()), settings);
  const from = (SCENE_SECONDS - 5) * SAMPLE_RATE;
  return powerWhereDb(sent.subarray(from), voice.subarray(from), "active");
}

function floor(): Float64Array {
  return fanNoise(SCENE_SECONDS, FLOOR_DB, 1);
}

function silence(): Float64Array {
  return new Float64Array(SCENE_SECONDS * SAMPLE_RATE);
}

function later(samples: Float64Array): Float64Array {
  return samples.subarray(LEARNT_SECONDS * SAMPLE_RATE);
}

function mixed(one: Float64Array, other: Float64Array): Float64Array {
  return one.map((sample, at) => sample + (other[at] ?? 0));
}

function toSamples(sound: Float64Array): Int16Array {
  return Int16Array.from(sound, (sample) => Math.round(PEAK_SAMPLE * Math.max(-1, Math.min(1, sample))));
}
