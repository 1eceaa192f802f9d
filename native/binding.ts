// Types and loads the compiled addon. Only native/*.ts may import this file.

import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { AlsaFormat, Resampler } from "./sound-device.ts";
import type { OpenBoundSoundServer } from "./sound-server.ts";
import type { CameraInfo, CameraMode, CaptureCounters, PatternStamp, Rotation } from "./types.ts";
import type { CreateBoundVoice } from "./voice.ts";

/** A capture as the addon returns it. */
export interface BoundCapture {
  readonly mode: CameraMode;
  readonly notes: readonly string[];
  /** The frame pool. A slot is an index into it. */
  readonly buffers: readonly ArrayBuffer[];
  /** Buffers for the device's own JPEG of each frame. Empty when the device makes no JPEG. */
  readonly jpegBuffers: readonly ArrayBuffer[];
  counters(): CaptureCounters;
  giveBack(slot: number): void;
  /** Call it once only. */
  close(): Promise<void>;
}

/** Called with each frame, and once with slot -1 and the error when the source failed. */
export type BoundListener = (slot: number, capturedAtUs: number, error: unknown, jpegLength: number) => void;

type Encode = (
  data: Uint8Array,
  width: number,
  height: number,
  maxWidth: number,
  quality: number,
  rotation: Rotation,
) => Promise<{ buffer: ArrayBuffer; length: number; width: number; height: number }>;

export interface BoundEncoder {
  /** Makes base64 text. */
  readonly encode: Encode;
  /** Makes the JPEG's bytes. */
  readonly compress: Encode;
  text(jpeg: Uint8Array): Promise<{ buffer: ArrayBuffer; length: number }>;
}

export interface BoundScaler {
  scale(
    data: Uint8Array,
    width: number,
    height: number,
    targetWidth: number,
    targetHeight: number,
  ): Promise<ArrayBuffer>;
}

export interface Binding {
  libraryVersions(): Readonly<Record<string, string>>;
  listCameras(): CameraInfo[];
  /** An empty path opens the test pattern. An empty fourcc allows any format. */
  openCapture(
    path: string,
    width: number,
    height: number,
    fps: number,
    fourcc: string,
    listener: BoundListener,
  ): Promise<BoundCapture>;
  createEncoder(): BoundEncoder;
  createScaler(): BoundScaler;
  readonly createVoiceProcessor: CreateBoundVoice;
  toRgba(data: Uint8Array, width: number, height: number, rotation: Rotation): Promise<ArrayBuffer>;
  readStamp(data: Uint8Array, width: number, height: number): PatternStamp | null;
  protectStdout(): number;
  closeOnExec(): void;
  limitMallocArenas(arenas: number): void;
  releaseFreeMemory(): Promise<void>;
  dieWithParent(): void;
  guardRealTime(softUs: number, hardUs: number): void;
  withholdRealTime(): void;
  setRealTime(tid: number, priority: number): void;
  setNiceness(tid: number, nice: number): void;
  openResettingListener(): number;
  alsaFormats(name: string, isCapture: boolean): AlsaFormat[];
  createResampler(fromRate: number, toRate: number): Resampler;
  readonly openSoundServer: OpenBoundSoundServer;
}

const FUNCTIONS = [
  "libraryVersions",
  "listCameras",
  "openCapture",
  "createEncoder",
  "createScaler",
  "createVoiceProcessor",
  "toRgba",
  "readStamp",
  "protectStdout",
  "closeOnExec",
  "limitMallocArenas",
  "releaseFreeMemory",
  "dieWithParent",
  "guardRealTime",
  "withholdRealTime",
  "setRealTime",
  "setNiceness",
  "openResettingListener",
  "alsaFormats",
  "createResampler",
  "openSoundServer",
] as const satisfies readonly (keyof Binding)[];

const REMEDY = "build it with: npm run build:native";

/** @throws Error that names the file that is missing, does not load or is out of date, and the command to run */
export function loadBinding(): Binding {
  return loadAddon<Binding>("callnative", FUNCTIONS);
}

/**
 * @param name of the binary. @param functions that it must have. @param remedy where it does not load
 * @throws Error as {@link loadBinding}
 */
export function loadAddon<Loaded>(
  name: string,
  functions: readonly (keyof Loaded)[],
  remedy: string = REMEDY,
): Loaded {
  const binary = `build/Release/${name}.node`;
  // Relative to native/ and to dist/native/. The binary always stays in the source tree.
  const places = [`./${binary}`, `../../native/${binary}`].map((place) =>
    fileURLToPath(new URL(place, import.meta.url)),
  );
  const path = places.find((place) => existsSync(place));
  if (path === undefined) throw new Error(`The native addon ${places[0]} is missing; ${REMEDY}`);
  const loaded = requireAddon(path, remedy);
  if (!hasFunctions(loaded, functions)) throw new Error(`The native addon ${path} is out of date; ${REMEDY}`);
  return loaded;
}

function requireAddon(path: string, remedy: string): unknown {
  try {
    return createRequire(import.meta.url)(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The native addon ${path} does not load (${reason}); ${remedy}`, { cause });
  }
}

function hasFunctions<Loaded>(loaded: unknown, names: readonly (keyof Loaded)[]): loaded is Loaded {
  if (typeof loaded !== "object" || loaded === null) return false;
  return names.every((name) => typeof Reflect.get(loaded, name) === "function");
}
