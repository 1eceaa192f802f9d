// Every shape of JPEG that cameras are known to send, through the addon's decoder with sanitizers. The pixels are compared
// with those of the clean picture, of djpeg (libjpeg-turbo) and of ffmpeg, whose decoder shares no code with libjpeg.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { JPEG_KINDS, type JpegKind, makeBases } from "../../support/pictures/jpeg-bases.ts";
import { type JpegShape, makeShapes } from "../../support/pictures/jpeg-shapes.ts";
import { buildProgram, run, withCoreOf } from "../../support/process/cpp-build.ts";

const SIZE = { width: 160, height: 128 };
const WEBCAM_JPEG = fileURLToPath(new URL("../../support/pictures/webcam-jpeg/", import.meta.url));
const LUMA = SIZE.width * SIZE.height;
const TOOL_LIMIT_MS = 30_000;
/** ffmpeg's inverse transform rounds otherwise than libjpeg's fast one. */
const LEAST_PSNR_DB = 35;
const SANITIZERS = "-fsanitize=address,undefined";

interface Decoded {
  readonly quality: string;
  readonly isShown: boolean;
  readonly faults: readonly string[];
  readonly frame: Uint8Array;
  /** The JPEG that is handed on. */
  readonly jpeg: Buffer | null;
}

const work = mkdtempSync(join(tmpdir(), "jpeg-shapes-"));
after(() => rm(work, { recursive: true }));

const source = fileURLToPath(new URL("./decoder/decode-frames.cc", import.meta.url));
const compileFlags = ["-O1", "-g1", SANITIZERS, "-fno-sanitize-recover=all", "-Wall", "-Wextra", "-Werror"];
const program = await buildProgram(
  { compiler: "g++", compileFlags, linkFlags: [SANITIZERS] },
  withCoreOf([source]),
  work,
);

async function decodeAll(
  frames: readonly Uint8Array[],
  prefix: string,
  { width, height } = SIZE,
): Promise<Decoded[]> {
  const paths = frames.map((bytes, index) => {
    const path = join(work, `${prefix}${index}`);
    writeFileSync(path, bytes);
    return path;
  });
  const ended = await run(program, [String(width), String(height), ...paths]);
  assert.equal(ended.stderr, "");
  assert.equal(ended.status, 0);
  const lines = ended.stdout.trim().split("\n");
  return paths.map((path, index) => ({
    // The program above types it.
    ...(JSON.parse(lines[index] ?? "") as Pick<Decoded, "quality" | "isShown" | "faults">),
    frame: readFileSync(`${path}.yuv`),
    jpeg: existsSync(`${path}.jpg`) ? readFileSync(`${path}.jpg`) : null,
  }));
}

const bases = makeBases(SIZE);
const shapes = makeShapes(bases, SIZE);
const decoded = await decodeAll(
  shapes.map(({ bytes }) => bytes),
  "shape",
);
const cleanFrames = await decodeAll(
  JPEG_KINDS.map((kind) => bases[kind]),
  "base",
);
const cleanOf = (kind: JpegKind) => cleanFrames[JPEG_KINDS.indexOf(kind)]?.frame ?? new Uint8Array();
const again = await decodeAll(
  decoded.map(({ jpeg }) => jpeg ?? new Uint8Array()),
  "again",
);

/** The luma plane in video range; null when djpeg makes none. */
function djpegLuma(jpeg: Uint8Array): Uint8Array | null {
  const ended = spawnSync("djpeg", ["-dct", "fast", "-grayscale"], { input: jpeg, timeout: TOOL_LIMIT_MS });
  const pixels = ended.stdout.subarray(ended.stdout.length - LUMA);
  // djpeg's status is 2 after a warning.
  if ((ended.status !== 0 && ended.status !== 2) || pixels.length !== LUMA) return null;
  return pixels.map((value) => 16 + ((value * 56_284 + 32_768) >> 16));
}

/** The luma plane in video range; null when ffmpeg makes none of this size. */
function ffmpegLuma(jpeg: Uint8Array): Uint8Array | null {
  const output = ["-frames:v", "1", "-pix_fmt", "yuv420p", "-color_range", "tv", "-f", "rawvideo", "-"];
  const ended = spawnSync("ffmpeg", ["-v", "quiet", "-f", "mjpeg", "-i", "-", ...output], {
    input: jpeg,
    timeout: TOOL_LIMIT_MS,
  });
  return ended.stdout.length === LUMA * 1.5 ? ended.stdout.subarray(0, LUMA) : null;
}

function psnrDb(one: Uint8Array, other: Uint8Array): number {
  const error = one.reduce((sum, value, at) => sum + (value - (other[at] ?? 0)) ** 2, 0) / one.length;
  return 10 * Math.log10(255 ** 2 / Math.max(error, 1e-9));
}

/** The share of luma rows that are those of the other frame. */
function equalRows(one: Uint8Array, other: Uint8Array): number {
  const row = (of: Uint8Array, y: number) => of.subarray(y * SIZE.width, (y + 1) * SIZE.width);
  const rows = Array.from({ length: SIZE.height }, (_, y) => y);
  return rows.filter((y) => Buffer.compare(row(one, y), row(other, y)) === 0).length / rows.length;
}

function checkPixels(shape: JpegShape, { frame, isShown }: Decoded): void {
  const clean = cleanOf(shape.base);
  if (shape.quality !== "damaged") {
    assert.ok(isShown);
    assert.equal(Buffer.compare(frame, clean), 0, "other pixels than the clean picture");
    return;
  }
  assert.equal(isShown, shape.cleanRows !== undefined);
  if (!isShown) return;
  const right = equalRows(frame, clean);
  const before = equalRows(frame, new Uint8Array(LUMA).fill(77));
  assert.ok(right >= (shape.cleanRows ?? 0), `${right} of the rows are right, expected ${shape.cleanRows}`);
  assert.ok(right + before > 0.999, `${1 - right - before} of the rows are of neither frame`);
}

describe("of JPEG as cameras send it", () => {
  test("at least forty damaged shapes and the clean ones are tried", () => {
    assert.ok(shapes.filter(({ quality }) => quality !== "whole").length >= 40);
    assert.equal(new Set(shapes.map(({ name }) => name)).size, shapes.length);
  });

  for (const [index, shape] of shapes.entries()) {
    const { quality, fault, cleanRows, isWorseWithDjpeg = false } = shape;
    const fate = quality !== "damaged" ? "shown" : cleanRows === undefined ? "not shown" : "shown in part";
    test(`${shape.name}: ${quality}, ${fate}`, () => {
      const result = decoded[index];
      assert.ok(result);
      assert.equal(result.quality, quality, result.faults.join(", "));
      if (fault === undefined) assert.deepEqual(result.faults, []);
      else assert.ok(result.faults.includes(fault), `${result.faults.join(", ")} instead of ${fault}`);
      checkPixels(shape, result);
      assert.equal(result.jpeg !== null, quality !== "damaged", "a JPEG is handed on");
      if (quality === "damaged") return;
      const luma = djpegLuma(shape.bytes);
      const isSame = luma !== null && Buffer.compare(luma, result.frame.subarray(0, LUMA)) === 0;
      assert.equal(isSame, !isWorseWithDjpeg, "the pixels of djpeg");
    });
  }

  test("what is handed on is a standard picture of the same pixels for this decoder, djpeg and ffmpeg", () => {
    for (const [index, { jpeg, frame }] of decoded.entries()) {
      if (jpeg === null) continue;
      const name = shapes[index]?.name;
      assert.equal(Buffer.compare(again[index]?.frame ?? new Uint8Array(), frame), 0, name);
      assert.equal(Buffer.compare(again[index]?.jpeg ?? new Uint8Array(), jpeg), 0, `${name}: changes again`);
      assert.equal(jpeg.lastIndexOf(Buffer.of(0xff, 0xd9)), jpeg.length - 2, name);
      assert.equal(jpeg.indexOf(Buffer.of(0xff, 0xe1)), -1, name);
      const luma = frame.subarray(0, LUMA);
      assert.equal(Buffer.compare(djpegLuma(jpeg) ?? new Uint8Array(), luma), 0, `${name}: djpeg`);
      const likeness = psnrDb(ffmpegLuma(jpeg) ?? new Uint8Array(LUMA), luma);
      assert.ok(likeness > LEAST_PSNR_DB, `${name}: ${likeness} dB to ffmpeg`);
    }
  });

  test("the frames that stand for public reports of webcams have the pixels of the clean one", async () => {
    const names = [
      "restart-markers-clean",
      "one-zero-before-one-restart",
      "two-zeros-before-every-restart",
      "no-end-marker",
    ];
    const frames = names.map((name) => readFileSync(join(WEBCAM_JPEG, `${name}.jpg`)));
    const [clean, ...others] = await decodeAll(frames, "webcam", { width: 320, height: 240 });
    assert.deepEqual(clean?.faults, []);
    for (const [index, { frame, quality, jpeg }] of others.entries()) {
      assert.equal(Buffer.compare(frame, clean?.frame ?? new Uint8Array()), 0, names[index + 1]);
      assert.equal(quality, "repaired", names[index + 1]);
      // The zeros are gone: it is the clean file. The last one has no restart markers.
      if (index < 2) assert.equal(Buffer.compare(jpeg ?? new Uint8Array(), frames[0] ?? new Uint8Array()), 0);
    }
  });
});
