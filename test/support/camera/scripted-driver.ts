// Builds the scripted V4L2 driver and runs a script of Node over it. scripted-driver.cc explains the names of its devices.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Ended, run, runOrFail } from "../process/cpp-build.ts";

const SOURCE = fileURLToPath(new URL("./scripted-driver.cc", import.meta.url));
const LIMIT_MS = 120_000;

/** Numbers of linux/videodev2.h. */
export const FIELDS = {
  top: 2,
  bottom: 3,
  interlaced: 4,
  upperFirst: 5,
  lowerFirst: 6,
  alternate: 7,
} as const;
export const OUTPUT = 0x2;
export const OUTPUT_MPLANE = 0x2000;
export const MEMORY_TO_MEMORY = 0x8000;

export interface ScriptedDevice {
  /** Such as YUYV, or NM12 for NV12 in two buffers. */
  readonly fourcc: string;
  readonly width?: number;
  /** Lines in a buffer. */
  readonly height?: number;
  /** 1: a device that knows V4L2's multi-planar interface only. */
  readonly mplane?: 0 | 1;
  /** Of FIELDS. */
  readonly field?: number;
  /** 1: each fourth field is lost. */
  readonly lossy?: 0 | 1;
  /** Bytes after each line. */
  readonly padding?: number;
  /** Bytes before the data in each plane of a multi-planar device. */
  readonly offset?: number;
  /** What the driver reports instead of the true values: bytes of a line, of an image, of a buffer, and the frame's interval. */
  readonly line?: number;
  readonly image?: number;
  readonly length?: number;
  readonly numerator?: number;
  readonly denominator?: number;
  /** Further capability bits. */
  readonly capabilities?: number;
}

export function pathOf(device: ScriptedDevice): string {
  const words = Object.entries(device).map(([key, value]) => `${key}=${value}`);
  return `/scripted/${words.join(",")}`;
}

/** Runs Node with these arguments and the driver preloaded. The driver is built for it. */
export async function runOverScriptedDriver(args: readonly string[]): Promise<Ended> {
  const folder = await mkdtemp(join(tmpdir(), "scripted-driver-"));
  try {
    const library = join(folder, "scripted-driver.so");
    const flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-O1", "-shared", "-fPIC"];
    await runOrFail("g++", [...flags, SOURCE, "-o", library, "-ldl"]);
    return await run(process.execPath, args, {
      env: { ...process.env, LD_PRELOAD: library },
      limitMs: LIMIT_MS,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Luma at a place of the frame that the driver draws. */
export function drawnLuma(x: number, line: number): number {
  return 30 + ((2 * x + 3 * line) % 180);
}

/** U and V, the same on all lines. `x` counts pairs of pixels. */
export function drawnChroma(x: number): readonly [number, number] {
  return [60 + (x % 120), 200 - (x % 120)];
}
