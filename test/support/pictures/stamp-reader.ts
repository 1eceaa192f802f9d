// Reads the stamp of the test pattern from a canvas, and records it for every frame that a page draws. The functions run in the
// page, where they arrive as source text, so they use nothing but each other.
import type { Browser } from "../browser/browser.ts";

/** The content of a stamp: two rows of 32 cells over the top eighth of the frame, where white is 1. */
export interface Stamp {
  /** Capture time: Unix time in 100 µs ticks, modulo 2³². */
  readonly ticks: number;
  /** Number of the frame, modulo 2¹⁶. */
  readonly sequence: number;
}

/** One frame that the page drew. */
export interface DrawnFrame {
  readonly source: string;
  /** As in the host's `frame` message. */
  readonly seq: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  /** Time of the page's `goop:drawn` event, Unix time in ms. */
  readonly drawnAt: number;
  /** Undefined without a readable stamp. */
  readonly stamp?: Stamp;
  /** Time from the stamp to drawnAt in ms; undefined without a stamp. */
  readonly delayMs?: number;
}

declare global {
  interface Window {
    goopDrawn?: DrawnFrame[];
  }
}

/** @returns the 64 cells, row by row, each 0 or 1. Averages nine pixels of a cell, because JPEG is lossy */
export function readCells(canvas: HTMLCanvasElement): number[] {
  const { width, height } = canvas;
  const top = Math.max(0, Math.floor(height / 32) - 1);
  const bottom = Math.floor((3 * height) / 32) + 1;
  const image = canvas.getContext("2d")?.getImageData(0, top, width, bottom - top + 1);
  if (image === undefined) throw new Error("the canvas has no 2d context");
  return Array.from({ length: 64 }, (_, cell) => {
    const x = Math.floor((((cell % 32) + 0.5) * width) / 32);
    const y = Math.floor((cell < 32 ? height : 3 * height) / 32) - top;
    let sum = 0;
    for (let pixel = 0; pixel < 9; pixel += 1) {
      const at = 4 * ((y - 1 + Math.floor(pixel / 3)) * width + x - 1 + (pixel % 3));
      sum += (image.data[at] ?? 0) + (image.data[at + 1] ?? 0) + (image.data[at + 2] ?? 0);
    }
    return sum > 9 * 3 * 127 ? 1 : 0;
  });
}

/** CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF, nothing reflected. */
export function crc16(bytes: readonly number[]): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ ((crc & 0x8000) === 0 ? 0 : 0x1021)) & 0xffff;
  }
  return crc;
}

/** @returns the stamp, or undefined when its checksum is wrong */
export function readStamp(canvas: HTMLCanvasElement): Stamp | undefined {
  const cells = readCells(canvas);
  const bytes = Array.from({ length: 8 }, (_, index) =>
    Number.parseInt(cells.slice(8 * index, 8 * index + 8).join(""), 2),
  );
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = bytes;
  if (crc16([a, b, c, d, e, f]) !== g * 256 + h) return undefined;
  return { ticks: ((a * 256 + b) * 256 + c) * 256 + d, sequence: e * 256 + f };
}

/** @returns the age of a stamp in ms at a Unix time in ms. Ages up to half the tick range of 5 days are correct */
export function stampDelayMs(ticks: number, nowMs: number): number {
  const difference = (((Math.round(nowMs * 10) - ticks) % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return (difference < 2 ** 31 ? difference : difference - 2 ** 32) / 10;
}

/** Adds an entry to `window.goopDrawn` for every `goop:drawn` event. Keeps 20 000, about five minutes of two streams. */
function recordDrawn(): void {
  const drawn: DrawnFrame[] = [];
  window.goopDrawn = drawn;
  document.addEventListener(
    "goop:drawn",
    (event) => {
      if (!(event instanceof CustomEvent) || !(event.target instanceof HTMLCanvasElement)) return;
      const drawnAt = performance.timeOrigin + performance.now();
      const stamp = readStamp(event.target);
      const reading = stamp === undefined ? {} : { stamp, delayMs: stampDelayMs(stamp.ticks, drawnAt) };
      drawn.push({ ...event.detail, drawnAt, ...reading });
      if (drawn.length > 20_000) drawn.shift();
    },
    true,
  );
}

const pageFunctions = [readCells, crc16, readStamp, stampDelayMs, recordDrawn].map(String).join("\n");

/** Starts recording in the open page. Earlier frames are not recorded. */
export async function startRecording(browser: Browser): Promise<void> {
  await browser.executeSource(`() => { ${pageFunctions}\n recordDrawn(); }`);
}

/** @returns the frames since recording started or since the last call */
export async function takeDrawn(browser: Browser): Promise<DrawnFrame[]> {
  return await browser.execute(() => window.goopDrawn?.splice(0) ?? []);
}

/** Waits until the page has drawn `count` frames of a source with a readable stamp. */
export async function waitForDrawn(
  browser: Browser,
  source: string,
  count: number,
  limitMs?: number,
): Promise<void> {
  const condition = `() => (window.goopDrawn ?? []).filter((frame) =>
    frame.source === ${JSON.stringify(source)} && frame.stamp !== undefined).length >= ${count}`;
  await browser.waitForSource(condition, limitMs);
}

/** @returns the stamp on the first matching canvas, or null when it is unreadable */
export async function readStampOf(browser: Browser, selector: string): Promise<Stamp | null> {
  const source = `(selector) => { ${pageFunctions}\n return readStamp(document.querySelector(selector)) ?? null; }`;
  return (await browser.executeSource(source, selector)) as Stamp | null;
}
