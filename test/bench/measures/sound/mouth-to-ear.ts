// The delay from one plugin's microphone to the other's speaker. Two equal recorders record bursts at the microphone's source
// and at the speaker's sink, so their own delay cancels out.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { PULSE_RATE, type Pulse } from "../../../support/sound/pulse.ts";

/** One burst a second, which is longer than any usable delay. */
const PERIOD_MS = 1000;
const BURST_MS = 40;
const BURST_HZ = 1000;
/** Share of the burst's peak, above the codec's pre-echo. */
const ONSET_SHARE = 0.4;
const QUIET_MS = 300;
/** Long enough to contain a chunk that arrived in time. */
const NEAR_MS = 250;
const SPARE_MS = 10_000;

/**
 * Near silence with one burst, to be played in a loop.
 * @param periodMs between two bursts; `delaysBetween` needs the usual second
 */
export function burstLoop(periodMs = PERIOD_MS): Int16Array {
  const samples = new Int16Array((PULSE_RATE * periodMs) / 1000);
  const burst = (PULSE_RATE * BURST_MS) / 1000;
  for (let at = 0; at < burst; at += 1) {
    samples[at] = Math.round(16_000 * Math.sin((2 * Math.PI * BURST_HZ * at) / PULSE_RATE));
  }
  return samples;
}

/** The number of samples that had arrived at a time. */
export interface Arrival {
  readonly samples: number;
  /** Monotonic time, ms. */
  readonly atMs: number;
}

export interface TimedSound {
  readonly samples: Int16Array;
  readonly arrivals: readonly Arrival[];
}

/** @returns the delays of the bursts, ms */
export async function measureMouthToEar(from: Pulse, to: Pulse, durationMs: number): Promise<number[]> {
  return (await hearBursts(from, to, durationMs)).delaysMs;
}

export interface HeardBursts {
  readonly delaysMs: number[];
  /** The loudest sample of each, of 32,767; 0 where nothing was recorded. It tells a silent call from a silent microphone. */
  readonly mouthPeak: number;
  readonly earPeak: number;
}

export async function hearBursts(from: Pulse, to: Pulse, durationMs: number): Promise<HeardBursts> {
  const [mouth, ear] = await Promise.all([
    recordTimed(from, "micfeed", durationMs),
    recordTimed(to, "speaker", durationMs),
  ]);
  const delaysMs = delaysBetween(findOnsets(mouth), findOnsets(ear));
  return { delaysMs, mouthPeak: peakOf(mouth), earPeak: peakOf(ear) };
}

function peakOf({ samples }: TimedSound): number {
  return samples.reduce((largest, sample) => Math.max(largest, Math.abs(sample)), 0);
}

/** Pairs each onset with the first one after it. */
export function delaysBetween(mouth: readonly number[], ear: readonly number[]): number[] {
  return mouth.flatMap((spoken) => {
    const heard = ear.find((one) => one > spoken);
    return heard === undefined || heard - spoken >= PERIOD_MS ? [] : [heard - spoken];
  });
}

/**
 * Monotonic times in ms at which the sound rises after silence.
 * @param nearMs chunks this near date a sample
 */
export function findOnsets(sound: TimedSound, rate = PULSE_RATE, nearMs = NEAR_MS): number[] {
  const { samples } = sound;
  const threshold = Math.max(peakOf(sound) * ONSET_SHARE, 500);
  const onsets: number[] = [];
  let lastLoud = Number.NEGATIVE_INFINITY;
  samples.forEach((sample, at) => {
    if (Math.abs(sample) < threshold) return;
    if (at - lastLoud > (QUIET_MS * rate) / 1000) onsets.push(timeOf(sound, at, rate, nearMs));
    lastLoud = at;
  });
  // The first burst may have begun before the recording.
  return onsets.slice(1);
}

/**
 * Chunks arrive late or in time, never early, so the earliest one dates the samples around it. Only nearby chunks count, so
 * that lost samples do not shift what follows.
 */
function timeOf({ arrivals }: TimedSound, at: number, rate: number, nearMs: number): number {
  const near = arrivals.filter(({ samples }) => Math.abs(samples - at) <= (nearMs * rate) / 1000);
  return (at * 1000) / rate + Math.min(...near.map(({ samples, atMs }) => atMs - (samples * 1000) / rate));
}

/** Records the input of a sink, each chunk with the time of its arrival. */
export async function recordTimed(pulse: Pulse, sink: string, durationMs: number): Promise<TimedSound> {
  const wanted = 2 * Math.round((durationMs * PULSE_RATE) / 1000);
  const format = ["--raw", "--format=s16le", `--rate=${PULSE_RATE}`, "--channels=1", "--latency-msec=10"];
  const recorder = spawn("parecord", ["-d", `${sink}.monitor`, ...format], {
    env: pulse.env,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const gone = once(recorder, "exit");
  const deadline = setTimeout(() => recorder.kill("SIGKILL"), durationMs + SPARE_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  const arrivals: Arrival[] = [];
  try {
    for await (const chunk of recorder.stdout as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      bytes += chunk.length;
      arrivals.push({ samples: Math.floor(bytes / 2), atMs: performance.now() });
      if (bytes >= wanted) break;
    }
  } finally {
    clearTimeout(deadline);
    recorder.kill("SIGKILL");
    await gone;
  }
  const all = Buffer.concat(chunks);
  return { samples: new Int16Array(new Uint8Array(all).buffer, 0, Math.floor(all.length / 2)), arrivals };
}
