// Draws a time stamp into an I420 frame and reads it back, in JavaScript. The layout is that of the add-on's test pattern
// (native/README.md). It serves to measure WebRTC alone.

const CELLS = 32;
const WHITE = 235;
const BLACK = 16;
/** The middle; the codec changes a cell's brightness by far less. */
const THRESHOLD = 126;
const TICKS_PER_MS = 10;
const WRAP = 2 ** 32;

export interface Stamp {
  /** Unix time in units of 100 µs, modulo 2³². */
  readonly ticks: number;
  readonly sequence: number;
}

interface Frame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

export function nowTicks(): number {
  return Math.round((performance.timeOrigin + performance.now()) * TICKS_PER_MS) % WRAP;
}

/** Age of a stamp in milliseconds, correct across the wrap every five days. */
export function ageMs(stamp: Stamp, ticks: number): number {
  return ((ticks - stamp.ticks + WRAP) % WRAP) / TICKS_PER_MS;
}

/** Two rows of 32 cells: the time, then the sequence and the check sum of both. */
export function drawStamp(frame: Frame, stamp: Stamp): void {
  const low = ((stamp.sequence & 0xffff) << 16) | checkSum(stamp);
  drawRow(frame, 0, stamp.ticks);
  drawRow(frame, 1, low);
}

/** Null where there is no stamp, or a damaged one. */
export function readStamp(frame: Frame): Stamp | null {
  const ticks = readRow(frame, 0);
  const low = readRow(frame, 1);
  const stamp = { ticks, sequence: low >>> 16 };
  return (low & 0xffff) === checkSum(stamp) ? stamp : null;
}

function drawRow({ width, height, data }: Frame, row: number, word: number): void {
  const rowHeight = Math.floor(height / 16);
  const line = new Uint8Array(width);
  for (let cell = 0; cell < CELLS; cell++) {
    const isOne = (word >>> (CELLS - 1 - cell)) & 1;
    line.fill(
      isOne ? WHITE : BLACK,
      Math.floor((cell * width) / CELLS),
      Math.floor(((cell + 1) * width) / CELLS),
    );
  }
  for (let y = row * rowHeight; y < (row + 1) * rowHeight; y++) data.set(line, y * width);
  drawChroma({ width, height, data }, row * rowHeight, rowHeight);
}

function drawChroma({ width, height, data }: Frame, top: number, rows: number): void {
  const chromaWidth = Math.ceil(width / 2);
  const planeBytes = chromaWidth * Math.ceil(height / 2);
  const first = Math.floor(top / 2) * chromaWidth;
  const last = Math.ceil((top + rows) / 2) * chromaWidth;
  for (const plane of [width * height, width * height + planeBytes])
    data.fill(128, plane + first, plane + last);
}

function readRow({ width, height, data }: Frame, row: number): number {
  const y = Math.floor((row + 0.5) * Math.floor(height / 16));
  let word = 0;
  for (let cell = 0; cell < CELLS; cell++) {
    const luma = data[y * width + Math.floor(((cell + 0.5) * width) / CELLS)] ?? 0;
    word = (word << 1) | (luma > THRESHOLD ? 1 : 0);
  }
  return word >>> 0;
}

/** CRC-16/CCITT-FALSE over the four bytes of the time and the two of the sequence. */
function checkSum({ ticks, sequence }: Stamp): number {
  const bytes = [ticks >>> 24, ticks >>> 16, ticks >>> 8, ticks, sequence >>> 8, sequence];
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= (byte & 0xff) << 8;
    for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1;
  }
  return crc & 0xffff;
}
