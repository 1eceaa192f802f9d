// The cost of decoding a camera's JPEG, beside TurboJPEG's own function in the same run.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBases } from "../../../support/pictures/jpeg-bases.ts";
import { buildProgram, runOrFail, withCoreOf } from "../../../support/process/cpp-build.ts";

const SOURCE = fileURLToPath(new URL("./jpeg-decode.cc", import.meta.url));
/** As the add-on is built. */
const COMPILE_FLAGS = ["-O3"];

const SIZES = [
  { width: 640, height: 480 },
  { width: 1280, height: 720 },
];
export const DECODE_FIGURES = ["jpegDecode480", "jpegDecode720", "jpegDecodeAgainstTurbo"] as const;

/** @param set takes a figure with a note */
export async function measureDecoding(
  rounds: number,
  set: (name: (typeof DECODE_FIGURES)[number], value: number, note: string) => void,
): Promise<void> {
  const [vga, hd] = await measureSizes(rounds);
  if (!vga || !hd) return;
  set("jpegDecode480", vga.ownMs, `TurboJPEG ${vga.turboMs.toFixed(2)}`);
  set("jpegDecode720", hd.ownMs, `TurboJPEG ${hd.turboMs.toFixed(2)}`);
  const ratios = [vga, hd].map(({ ownMs, turboMs }) => ownMs / turboMs);
  set("jpegDecodeAgainstTurbo", Math.max(...ratios), "the larger ratio of medians");
}

/** Medians in milliseconds, for each size. */
async function measureSizes(rounds: number): Promise<{ ownMs: number; turboMs: number }[]> {
  const work = await mkdtemp(join(tmpdir(), "jpeg-decode-"));
  try {
    const toolchain = { compiler: "g++", compileFlags: COMPILE_FLAGS, linkFlags: [] };
    const program = await buildProgram(toolchain, withCoreOf([SOURCE]), work);
    const costs: { ownMs: number; turboMs: number }[] = [];
    for (const { width, height } of SIZES) {
      const path = join(work, "frame.jpg");
      await writeFile(path, makeBases({ width, height }).plain);
      const output = await runOrFail(program, [String(rounds), String(width), String(height), path]);
      const [ownMs = 0, turboMs = 0] = output.trim().split(" ").map(Number);
      costs.push({ ownMs, turboMs });
    }
    return costs;
  } finally {
    await rm(work, { recursive: true });
  }
}
