// Writes PNGs with a palette (PNG specification, colour type 3), which pngjs only reads. A third of the size of true colour.

import { crc32, deflateSync } from "node:zlib";

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const MAX_COLOURS = 256;
/** Finer in the dark, where the eye, and the comparison, see smaller differences. */
const LEVELS = [0, 4, 8, 12, 16, 20, 25, 31, 39, 49, 61, 75, 92, 110, 130, 151, 172, 194, 216, 237, 255];
const nearestLevel = Uint8Array.from({ length: 256 }, (_, value) => {
  const distance = (level: number) => Math.abs(level - value);
  return LEVELS.reduce((best, level) => (distance(level) < distance(best) ? level : best), 0);
});

interface Picture {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue, alpha; the alpha is dropped. */
  readonly data: Uint8Array;
}

/** @returns a PNG of at most 256 colours: the most frequent ones, and the nearest of them for all others */
export function writeIndexedPng({ width, height, data }: Picture): Buffer {
  const counts = new Map<number, number>();
  const colours = new Uint32Array(width * height);
  for (let at = 0; at < colours.length; at += 1) {
    const colour = colourAt(data, 4 * at);
    colours[at] = colour;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const palette = byCount.slice(0, MAX_COLOURS);
  const indices = new Map(byCount.map((colour) => [colour, nearestIndex(palette, colour)]));
  // Each row begins with its filter, 0 for none.
  const rows = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      rows[y * (width + 1) + 1 + x] = indices.get(colours[y * width + x] ?? 0) ?? 0;
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a pixel, with a palette; compression, filter and interlace are the standard's defaults.
  header.set([8, 3, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk("IHDR", header),
    chunk("PLTE", Buffer.from(palette.flatMap(channelsOf))),
    chunk("IDAT", deflateSync(rows, { level: 9, memLevel: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function colourAt(data: Uint8Array, at: number): number {
  const level = (offset: number) => nearestLevel[data[at + offset] ?? 0] ?? 0;
  return (level(0) << 16) | (level(1) << 8) | level(2);
}

function channelsOf(colour: number): number[] {
  return [colour >> 16, (colour >> 8) & 255, colour & 255];
}

function nearestIndex(palette: readonly number[], colour: number): number {
  const exact = palette.indexOf(colour);
  if (exact >= 0) return exact;
  const distances = palette.map((one) => {
    const [a, b] = [channelsOf(one), channelsOf(colour)];
    return a.reduce((sum, value, channel) => sum + Math.abs(value - (b[channel] ?? 0)), 0);
  });
  return distances.indexOf(Math.min(...distances));
}

function chunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const whole = Buffer.alloc(body.length + 8);
  whole.writeUInt32BE(content.length, 0);
  whole.set(body, 4);
  whole.writeUInt32BE(crc32(body), 4 + body.length);
  return whole;
}
