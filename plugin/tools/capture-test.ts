// `goop-call-plugin capture-test`: saves a picture and some seconds of sound, and prints their formats and measured rates.
// Every opened device is closed again on each path.

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { damageOf, habitOf } from "../../native/frame-faults.ts";
import type { CameraMode, CaptureConstraints, CaptureCounters, VideoFrame } from "../../native/types.ts";
import type { CameraCallbacks, Cameras } from "../camera/camera.ts";
import { errorText } from "../common/error-text.ts";
import { makeFolder } from "../common/make-folder.ts";
import { FileError, failureText } from "../common/system-failure.ts";
import type { PngEncoder } from "../frames/png-encoder.ts";
import { formatText } from "../sound/device-format/device-format.ts";
import { peakLevel } from "../sound/level.ts";
import { NO_PROCESSING, NONE_ID, SAMPLE_RATE, type Sound } from "../sound/sound.ts";
import { encodeWav } from "./wav.ts";

/** A webcam may take two seconds for its first frame, and an idle sound server as long for its first block. */
const FIRST_DATA_LIMIT_MS = 10_000;
/** Concert pitch, for the test tone. */
const TONE_HZ = 440;
/** The user asked for this folder, so it gets the usual permissions, see umask(2). */
const ORDINARY = 0o777;

interface CaptureTestOptions {
  readonly camera: string;
  readonly microphone: string;
  readonly seconds: number;
  /** Created if it is missing. Files of an earlier test are replaced. */
  readonly folder: string;
  readonly picture: CaptureConstraints;
  /** Ends the capture early. */
  readonly signal: AbortSignal;
}

interface CaptureEngines {
  readonly cameras: Cameras;
  readonly sound: Sound;
  readonly png: Pick<PngEncoder, "encode" | "close">;
}

/** The result of one device as lines of text. `hasCaptured` is false if nothing was captured. */
interface CaptureReport {
  readonly lines: readonly string[];
  readonly hasCaptured: boolean;
}

/** Tests one device at a time, so that they do not affect each other's figures. A failing device does not reject. */
export async function captureTest(
  engines: CaptureEngines,
  options: CaptureTestOptions,
): Promise<CaptureReport> {
  const parts: CaptureReport[] = [];
  try {
    await makeFolder(options.folder, ORDINARY);
    if (options.camera !== NONE_ID) parts.push(await orFailure("camera", testCamera(engines, options)));
    if (options.microphone !== NONE_ID)
      parts.push(await orFailure("microphone", testMicrophone(engines, options)));
  } catch (error) {
    parts.push(failed(`The folder ${options.folder} cannot be created: ${failureText(error)}`));
  } finally {
    await engines.png.close();
    await engines.sound.close();
  }
  return {
    lines: parts.flatMap(({ lines }) => lines),
    hasCaptured: parts.every(({ hasCaptured }) => hasCaptured),
  };
}

async function orFailure(device: string, test: Promise<CaptureReport>): Promise<CaptureReport> {
  try {
    return await test;
  } catch (error) {
    return failed(`${device}: ${errorText(error)}`);
  }
}

function failed(line: string): CaptureReport {
  return { lines: [line], hasCaptured: false };
}

/** Saves the newest frame, because the first ones are often dark until the camera has adjusted its exposure. */
async function testCamera(
  { cameras, png }: CaptureEngines,
  options: CaptureTestOptions,
): Promise<CaptureReport> {
  const first = Promise.withResolvers<void>();
  const timestampsUs: number[] = [];
  /** What went wrong on the way to the frames. */
  const troubles: string[] = [];
  let last: VideoFrame | undefined;
  const callbacks: CameraCallbacks = {
    onFrame(frame) {
      frame.retain();
      last?.release();
      last = frame;
      timestampsUs.push(frame.capturedAtUs);
      first.resolve();
    },
    onError: (error) => {
      first.reject(error);
      troubles.push(error.message);
    },
    onInterrupted: (reason) => troubles.push(`in ${modeText(camera.mode)} ${reason}`),
    onTrouble: (message) => troubles.push(message),
  };
  const camera = await cameras.open(options.camera, options.picture, callbacks, options.signal);
  let counters: CaptureCounters;
  try {
    await waitForData(first.promise, options, `no picture arrived within ${FIRST_DATA_LIMIT_MS / 1000} s`);
    counters = camera.counters();
  } finally {
    await camera.close();
  }
  if (last === undefined) return failed(`camera: ${camera.deviceName} delivered no picture`);
  const path = join(options.folder, "camera.png");
  const { base64 } = await png.encode(last);
  last.release();
  await save("The picture", path, Buffer.from(Buffer.from(base64).toString("latin1"), "base64"));
  const { captured, faulty, dropped, repaired, damaged } = counters;
  // Some damaged frames among many whole ones come from a loose plug; the repaired ones from the camera itself.
  const habits = [...camera.notes, habitOf(counters), damageOf(counters), ...troubles].filter(
    (habit) => habit !== null,
  );
  const lines = [
    `camera: ${camera.deviceName} [${camera.deviceId}]`,
    `  format   ${modeText(camera.mode)} at ${round(camera.mode.fps)} fps`,
    `  reached  ${round(rateOf(timestampsUs))} fps, ${captured} captured, ${faulty} faulty, ${dropped} dropped`,
    ...(repaired + damaged === 0 ? [] : [`  frames   ${repaired} repaired, ${damaged} damaged`]),
    ...habits.map((habit) => `  note     ${habit}`),
    `  saved    ${path}`,
  ];
  return { lines, hasCaptured: true };
}

function modeText({ fourcc, width, height }: CameraMode): string {
  return `${fourcc} ${width}x${height}`;
}

/** Disables voice processing, so that the recording shows the device itself. */
async function testMicrophone(
  { sound }: CaptureEngines,
  options: CaptureTestOptions,
): Promise<CaptureReport> {
  const first = Promise.withResolvers<void>();
  const blocks: Int16Array[] = [];
  const arrivalsUs: number[] = [];
  const soundOptions = { toneHz: TONE_HZ, processing: NO_PROCESSING };
  const microphone = await sound.openMicrophone(options.microphone, soundOptions, {
    onBlock(block) {
      blocks.push(block);
      arrivalsUs.push(performance.now() * 1000);
      first.resolve();
    },
    onLost: first.reject,
  });
  try {
    await waitForData(first.promise, options, `no sound arrived within ${FIRST_DATA_LIMIT_MS / 1000} s`);
  } finally {
    await microphone.close();
  }
  const samples = concat(blocks);
  const path = join(options.folder, "microphone.wav");
  await save("The sound", path, encodeWav(samples, SAMPLE_RATE));
  // Each block holds 10 ms, and the arrival times show the device's actual rate.
  const perBlock = samples.length / Math.max(1, blocks.length);
  const lines = [
    `microphone: ${microphone.deviceName} [${microphone.deviceId}]`,
    `  format   16 bit mono at ${SAMPLE_RATE} Hz${microphone.opened === null ? "" : `, from ${formatText(microphone.opened)}`}`,
    `  reached  ${Math.round(rateOf(arrivalsUs) * perBlock)} samples/s, ${round(samples.length / SAMPLE_RATE)} s`,
    `  level    peak ${decibels(peakLevel(samples))}, mean ${decibels(meanLevel(samples))}${peakLevel(samples) === 0 ? ": silence, the microphone may be muted" : ""}`,
    `  saved    ${path}`,
  ];
  return { lines, hasCaptured: true };
}

/** Waits for the first data, then for `seconds`. Rejects when the device fails or the first data is late. */
async function waitForData(
  first: Promise<void>,
  { seconds, signal }: CaptureTestOptions,
  lateMessage: string,
): Promise<void> {
  // Ends the timer on every path, so that it does not keep the process alive.
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const tooLate = wait(FIRST_DATA_LIMIT_MS, undefined, { signal: either }).then(() => {
    throw new Error(lateMessage);
  });
  try {
    await Promise.race([first, tooLate]);
    await wait(seconds * 1000, undefined, { signal });
  } finally {
    done.abort();
    await tooLate.catch(() => undefined);
  }
}

/** Events a second, from timestamps in microseconds. */
function rateOf(timestampsUs: readonly number[]): number {
  const first = timestampsUs[0] ?? 0;
  const last = timestampsUs.at(-1) ?? 0;
  return last > first ? ((timestampsUs.length - 1) * 1e6) / (last - first) : 0;
}

function concat(blocks: readonly Int16Array[]): Int16Array {
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

/** In dBFS, as audio programs show it. */
function decibels(level: number): string {
  return level === 0 ? "none" : `${round(20 * Math.log10(level))} dBFS`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** @throws FileError */
async function save(what: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes);
  } catch (error) {
    throw new FileError(what, path, "cannot be written", error);
  }
}
