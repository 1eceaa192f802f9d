// `goop-call-plugin capture-test`: a picture and some seconds of sound, saved, with the format and rates that were
// reached. Every device that was opened is closed again, however it ends.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { CaptureConstraints, CaptureCounters, VideoFrame } from "../../native/types.ts";
import type { Cameras } from "../camera/camera.ts";
import { errorText } from "../common/error-text.ts";
import type { PngEncoder } from "../frames/png-encoder.ts";
import { peakLevel } from "../sound/level.ts";
import { NO_PROCESSING, NONE_ID, SAMPLE_RATE, type Sound } from "../sound/sound.ts";
import { encodeWav } from "./wav.ts";

/** Webcams take up to two seconds to their first picture, an idle sound server as long to its first block. */
const FIRST_LIMIT_MS = 10_000;
/** Where the tone is the microphone: concert pitch. */
const TONE_HZ = 440;

export interface CaptureTestOptions {
  readonly camera: string;
  readonly microphone: string;
  readonly seconds: number;
  /** Made when it is missing; the files in it are replaced. */
  readonly folder: string;
  readonly picture: CaptureConstraints;
  /** Ends the capture early. */
  readonly signal: AbortSignal;
}

export interface Engines {
  readonly cameras: Cameras;
  readonly sound: Sound;
  readonly png: Pick<PngEncoder, "encode" | "close">;
}

/** What one device gave, in lines for people. `isGood` is false when nothing was captured. */
export interface CaptureReport {
  readonly lines: readonly string[];
  readonly isGood: boolean;
}

/** One device after the other, so that the figures are its own. Never rejects for a device that fails. */
export async function captureTest(engines: Engines, wish: CaptureTestOptions): Promise<CaptureReport> {
  const parts: CaptureReport[] = [];
  try {
    await mkdir(wish.folder, { recursive: true });
    if (wish.camera !== NONE_ID) parts.push(await orFailure("camera", testCamera(engines, wish)));
    if (wish.microphone !== NONE_ID) parts.push(await orFailure("microphone", testMicrophone(engines, wish)));
  } catch (error) {
    parts.push(failed(`The folder ${wish.folder} cannot be made: ${errorText(error)}`));
  } finally {
    await engines.png.close();
    await engines.sound.close();
  }
  return { lines: parts.flatMap(({ lines }) => lines), isGood: parts.every(({ isGood }) => isGood) };
}

async function orFailure(device: string, test: Promise<CaptureReport>): Promise<CaptureReport> {
  try {
    return await test;
  } catch (error) {
    return failed(`${device}: ${errorText(error)}`);
  }
}

function failed(line: string): CaptureReport {
  return { lines: [line], isGood: false };
}

/** The newest picture is the one that is saved: a camera's first ones are often dark, until it has found its exposure. */
async function testCamera({ cameras, png }: Engines, wish: CaptureTestOptions): Promise<CaptureReport> {
  const first = Promise.withResolvers<void>();
  const stampsUs: number[] = [];
  let last: VideoFrame | undefined;
  const camera = await cameras.open(wish.camera, wish.picture, {
    onFrame(frame) {
      frame.retain();
      last?.release();
      last = frame;
      stampsUs.push(frame.capturedAtUs);
      first.resolve();
    },
    onError: first.reject,
  });
  let counters: CaptureCounters;
  try {
    await gather(first.promise, wish, `no picture came within ${FIRST_LIMIT_MS / 1000} s`);
    counters = camera.counters();
  } finally {
    await camera.close();
  }
  if (last === undefined) return failed(`camera: ${camera.deviceName} gave no picture`);
  const path = join(wish.folder, "camera.png");
  const { base64 } = await png.encode(last);
  last.release();
  await writeFile(path, Buffer.from(Buffer.from(base64).toString("latin1"), "base64"));
  const { width, height, fps, fourcc } = camera.mode;
  const lines = [
    `camera: ${camera.deviceName} [${camera.deviceId}]`,
    `  format   ${fourcc} ${width}x${height} at ${round(fps)} fps`,
    `  reached  ${round(rateOf(stampsUs))} fps, ${counters.captured} captured, ${counters.faulty} faulty, ${counters.dropped} dropped`,
    `  saved    ${path}`,
  ];
  return { lines, isGood: true };
}

/** Unprocessed: what is to be judged is the device, not what is made of its sound. */
async function testMicrophone({ sound }: Engines, wish: CaptureTestOptions): Promise<CaptureReport> {
  const first = Promise.withResolvers<void>();
  const blocks: Int16Array[] = [];
  const arrivalsUs: number[] = [];
  const options = { toneHz: TONE_HZ, processing: NO_PROCESSING };
  const microphone = await sound.openMicrophone(wish.microphone, options, {
    onBlock(block) {
      blocks.push(block);
      arrivalsUs.push(performance.now() * 1000);
      first.resolve();
    },
    onLost: first.reject,
  });
  try {
    await gather(first.promise, wish, `no sound came within ${FIRST_LIMIT_MS / 1000} s`);
  } finally {
    await microphone.close();
  }
  const samples = joined(blocks);
  const path = join(wish.folder, "microphone.wav");
  await writeFile(path, encodeWav(samples, SAMPLE_RATE));
  // Blocks are 10 ms each, but when they come is what the device makes of it.
  const perBlock = samples.length / Math.max(1, blocks.length);
  const lines = [
    `microphone: ${microphone.deviceName} [${microphone.deviceId}]`,
    `  format   16 bit mono at ${SAMPLE_RATE} Hz`,
    `  reached  ${Math.round(rateOf(arrivalsUs) * perBlock)} samples/s, ${round(samples.length / SAMPLE_RATE)} s`,
    `  level    peak ${decibels(peakLevel(samples))}, mean ${decibels(meanLevel(samples))}${peakLevel(samples) === 0 ? ": silence; is it muted?" : ""}`,
    `  saved    ${path}`,
  ];
  return { lines, isGood: true };
}

/** Waits for the first of it, then for as long as is wished; a failure of the device ends both. */
async function gather(
  first: Promise<void>,
  { seconds, signal }: CaptureTestOptions,
  late: string,
): Promise<void> {
  // Whichever ends first, no timer is left behind that would keep the process waiting.
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const tooLate = wait(FIRST_LIMIT_MS, undefined, { signal: either }).then(() => {
    throw new Error(late);
  });
  try {
    await Promise.race([first, tooLate]);
    await wait(seconds * 1000, undefined, { signal });
  } finally {
    done.abort();
    await tooLate.catch(() => undefined);
  }
}

/** Events a second; their stamps are in microseconds. */
function rateOf(stampsUs: readonly number[]): number {
  const first = stampsUs[0] ?? 0;
  const last = stampsUs.at(-1) ?? 0;
  return last > first ? ((stampsUs.length - 1) * 1e6) / (last - first) : 0;
}

function joined(blocks: readonly Int16Array[]): Int16Array {
  const samples = new Int16Array(blocks.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const block of blocks) {
    samples.set(block, at);
    at += block.length;
  }
  return samples;
}

/** Root of the mean square, 0 to 1. */
function meanLevel(samples: Int16Array): number {
  const sum = samples.reduce((total, sample) => total + sample * sample, 0);
  return samples.length === 0 ? 0 : Math.sqrt(sum / samples.length) / 32_768;
}

/** Below full scale, as audio programs show it. */
function decibels(level: number): string {
  return level === 0 ? "none" : `${round(20 * Math.log10(level))} dBFS`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
