// Reads the test pattern's stamp off a canvas, and records it for every picture that a page draws.
// Everything here runs inside the page: functions are handed over as source text and use nothing around them but each other.
import type { Browser } from "../browser/browser.ts";

/** What the stamp says: layout in two rows of 32 cells, white is 1, over the top eighth of the picture. */
export interface Stamp {
  /** Capture time: Unix time in 100 µs ticks, modulo 2³². */
  readonly ticks: number;
  /** Number of the picture, modulo 2¹⁶. */
  readonly sequence: number;
}

/** One picture that the page drew. */
export interface DrawnFrame {
  readonly source: string;
  /** As the host's frame message said. */
  readonly seq: number;
  readonly capturedAt: number;
  readonly width: number;
  readonly height: number;
  /** When the page said that it was drawn, Unix time in ms. */
  readonly drawnAt: number;
  /** Undefined when the picture carries no readable stamp. */
  readonly stamp?: Stamp;
  /** Time from the stamp to drawnAt in ms; undefined without a stamp. */
  readonly delayMs?: number;
}

declare global {
  interface Window {
    goopDrawn?: DrawnFrame[];
  }
}

/** @returns the 64 cells, row by row, each 0 or 1; averages nine pixels in the middle of a cell, for lossy pictures */
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

/** @returns the stamp, or undefined when the check sum is wrong */
export function readStamp(canvas: HTMLCanvasElement): Stamp | undefined {
  const cells = readCells(canvas);
  const bytes = Array.from({ length: 8 }, (_, index) =>
    Number.parseInt(cells.slice(8 * index, 8 * index + 8).join(""), 2),
  );
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = bytes;
  if (crc16([a, b, c, d, e, f]) !== g * 256 + h) return undefined;
  return { ticks: ((a * 256 + b) * 256 + c) * 256 + d, sequence: e * 256 + f };
}

/** @returns how long ago a stamp was made, in ms, seen from a Unix time in ms; good for half the ticks' range of 5 days */
export function stampDelayMs(ticks: number, nowMs: number): number {
  const difference = (((Math.round(nowMs * 10) - ticks) % 2 ** 32) + 2 ** 32) % 2 ** 32;
  return (difference < 2 ** 31 ? difference : difference - 2 ** 32) / 10;
}

/** Keeps an entry in `window.goopDrawn` for every `goop:drawn` event; the newest 20 000, some five minutes of two streams. */
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

/** Starts the record in the open page; pictures drawn before are not in it. */
export async function startRecording(browser: Browser): Promise<void> {
  await browser.executeSource(`() => { ${pageFunctions}\n recordDrawn(); }`);
}

/** @returns what was drawn since the record was started or last taken, and empties it */
export async function takeDrawn(browser: Browser): Promise<DrawnFrame[]> {
  return await browser.execute(() => window.goopDrawn?.splice(0) ?? []);
}

/** Waits until so many pictures of a source with a readable stamp were drawn. */
export async function waitForDrawn(
  browser: Browser,
  source: string,
  count: number,
  limitMs?: number,
): Promise<void> {
  const condition = `() => (window.goopDrawn ?? []).filter((one) =>
    one.source === ${JSON.stringify(source)} && one.stamp !== undefined).length >= ${count}`;
  await browser.waitForSource(condition, limitMs);
}

/** @returns the stamp on the first canvas that matches, or null when none can be read */
export async function readStampOf(browser: Browser, selector: string): Promise<Stamp | null> {
  const source = `(selector) => { ${pageFunctions}\n return readStamp(document.querySelector(selector)) ?? null; }`;
  return (await browser.executeSource(source, selector)) as Stamp | null;
}
