// Clean JPEG pictures of every kind that a decoder meets, made by libjpeg-turbo's cjpeg.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../process/seeded-random.ts";

const TOOL_LIMIT_MS = 60_000;

/** cjpeg's arguments by kind. `restarts` have a marker for each row of MCUs. */
const KINDS = {
  plain: ["-sample", "2x1"],
  restarts: ["-sample", "2x1", "-restart", "1"],
  restartsTwoRows: ["-sample", "2x1", "-restart", "2"],
  restartsFourMcus: ["-sample", "2x1", "-restart", "4B"],
  restarts420: ["-sample", "2x2", "-restart", "1"],
  plain420: ["-sample", "2x2"],
  plain444: ["-sample", "1x1"],
  plain440: ["-sample", "1x2"],
  plain411: ["-sample", "4x1"],
  grey: ["-grayscale"],
  optimized: ["-sample", "2x1", "-optimize"],
  progressive: ["-sample", "2x1", "-progressive"],
  arithmetic: ["-sample", "2x1", "-arithmetic"],
  oneScanEach: ["-sample", "2x1", "-scans"],
} as const;

export type JpegKind = keyof typeof KINDS;
export const JPEG_KINDS = Object.keys(KINDS) as JpegKind[];
export type JpegBases = Readonly<Record<JpegKind, Uint8Array>>;

/** Pixels; multiples of 32, so that every sampling has whole MCUs. */
export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

export function makeBases(size: PictureSize): JpegBases {
  const work = mkdtempSync(join(tmpdir(), "jpeg-bases-"));
  try {
    const scans = join(work, "scans");
    writeFileSync(scans, "0;\n1;\n2;\n");
    const picture = ppm(size);
    const make = (args: readonly string[]) =>
      execFileSync(
        "cjpeg",
        ["-quality", "85", ...args.flatMap((arg) => (arg === "-scans" ? [arg, scans] : [arg]))],
        {
          input: picture,
          timeout: TOOL_LIMIT_MS,
          stdio: ["pipe", "pipe", "ignore"],
        },
      );
    const bases: Partial<Record<JpegKind, Uint8Array>> = {};
    for (const kind of JPEG_KINDS) bases[kind] = make(KINDS[kind]);
    // Every kind was made.
    return bases as JpegBases;
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Slopes of every colour with some noise, so that a displaced or missing block shows. */
function ppm({ width, height }: PictureSize): Buffer {
  const random = seededRandom(width * height);
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const noise = random.below(24);
      const at = (y * width + x) * 3;
      pixels[at] = 20 + Math.floor((200 * x) / width) + noise;
      pixels[at + 1] = 20 + Math.floor((200 * y) / height) + noise;
      pixels[at + 2] = 20 + ((x * 3 + y * 5) % 200) + noise;
    }
  }
  return Buffer.concat([Buffer.from(`P6\n${width} ${height}\n255\n`), pixels]);
}
