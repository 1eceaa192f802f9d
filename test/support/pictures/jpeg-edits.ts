// Changes JPEG files byte by byte, to make frames as faulty cameras and cables do. ITU-T T.81, annex B.

const MARKER = 0xff;
const SCAN = 0xda;
const isRestart = (code: number) => code >= 0xd0 && code <= 0xd7;

export interface JpegParts {
  /** Offset of the SOS segment. */
  readonly scanHeader: number;
  /** Offset of the coded data. */
  readonly scan: number;
  /** Offsets of the restart markers. */
  readonly restarts: readonly number[];
  /** Offset of the end marker. */
  readonly end: number;
}

/** @throws RangeError for bytes that are no complete baseline JPEG of one scan */
export function partsOf(jpeg: Uint8Array): JpegParts {
  const scanHeader = segmentAt(jpeg, SCAN);
  const scan = scanHeader + 2 + word(jpeg, scanHeader + 2);
  const restarts: number[] = [];
  for (let at = scan; at + 1 < jpeg.length; at++) {
    if (jpeg[at] !== MARKER) continue;
    const code = jpeg[at + 1] ?? 0;
    if (code === 0xd9) return { scanHeader, scan, restarts, end: at };
    if (isRestart(code)) restarts.push(at);
  }
  throw new RangeError("the JPEG has no end marker");
}

/** Offset of the first segment with this marker in the header. */
export function segmentAt(jpeg: Uint8Array, marker: number): number {
  for (let at = 2; at + 4 <= jpeg.length; at += 2 + word(jpeg, at + 2)) {
    if (jpeg[at + 1] === marker) return at;
    if (jpeg[at + 1] === SCAN) break;
  }
  throw new RangeError(`the JPEG has no segment ${marker.toString(16)}`);
}

export function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

export function insert(jpeg: Uint8Array, at: number, more: readonly number[] | Uint8Array): Uint8Array {
  return Buffer.concat([jpeg.subarray(0, at), Uint8Array.from(more), jpeg.subarray(at)]);
}

export function remove(jpeg: Uint8Array, from: number, to: number): Uint8Array {
  return Buffer.concat([jpeg.subarray(0, from), jpeg.subarray(to)]);
}

export function overwrite(jpeg: Uint8Array, at: number, ...bytes: readonly number[]): Uint8Array {
  const copy = Uint8Array.from(jpeg);
  copy.set(bytes.slice(0, copy.length - at), at);
  return copy;
}

/** Inserts bytes before each restart marker for which `which` holds. */
export function beforeRestarts(
  jpeg: Uint8Array,
  more: readonly number[],
  which: (index: number) => boolean = () => true,
): Uint8Array {
  return partsOf(jpeg)
    .restarts.map((at, index) => ({ at, index }))
    .filter(({ index }) => which(index))
    .reverse()
    .reduce((changed, { at }) => insert(changed, at, more), jpeg);
}

/** Numbers each restart marker as `numberOf` says. */
export function renumbered(jpeg: Uint8Array, numberOf: (index: number) => number): Uint8Array {
  return partsOf(jpeg).restarts.reduce(
    (changed, at, index) => overwrite(changed, at + 1, 0xd0 + (numberOf(index) & 7)),
    jpeg,
  );
}

/** Removes every segment with this marker from the header. */
export function withoutSegments(jpeg: Uint8Array, marker: number): Uint8Array {
  let changed = jpeg;
  for (;;) {
    try {
      const at = segmentAt(changed, marker);
      changed = remove(changed, at, at + 2 + word(changed, at + 2));
    } catch (error) {
      if (error instanceof RangeError) return changed;
      throw error;
    }
  }
}

/** Writes another size into the frame header. */
export function withSize(jpeg: Uint8Array, width: number, height: number): Uint8Array {
  return overwrite(jpeg, segmentAt(jpeg, 0xc0) + 5, height >> 8, height & 255, width >> 8, width & 255);
}
