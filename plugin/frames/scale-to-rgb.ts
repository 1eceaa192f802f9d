// Makes RGB of RGBA, scaled down by averaging for streams whose maxWidth is below the frame's width. Pure.

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Keeps the aspect ratio and makes sizes even, as for JPEG. Never enlarges a frame. */
export function sizeWithinWidth(width: number, height: number, maxWidth: number): Size {
  if (width <= maxWidth) return { width, height };
  const even = (length: number) => Math.max(2, Math.round(length / 2) * 2);
  const scaledWidth = Math.max(2, Math.floor(maxWidth / 2) * 2);
  return { width: scaledWidth, height: even((height * scaledWidth) / width) };
}

/**
 * Each pixel is the mean of the whole pixels that it covers. Alpha is left out: frames of a call are opaque.
 *
 * @param into receives 3 bytes for each pixel of `size`
 */
export function scaleToRgb(rgba: Uint8Array, { width, height }: Size, size: Size, into: Uint8Array): void {
  let at = 0;
  for (let y = 0; y < size.height; y += 1) {
    const rows = span(y, height, size.height);
    for (let x = 0; x < size.width; x += 1) {
      const columns = span(x, width, size.width);
      for (let channel = 0; channel < 3; channel += 1) {
        into[at] = mean(rgba, width, rows, columns, channel);
        at += 1;
      }
    }
  }
}

type Span = readonly [from: number, to: number];

function span(index: number, from: number, to: number): Span {
  const start = Math.floor((index * from) / to);
  return [start, Math.max(start + 1, Math.floor(((index + 1) * from) / to))];
}

function mean(rgba: Uint8Array, width: number, rows: Span, columns: Span, channel: number): number {
  let sum = 0;
  for (let y = rows[0]; y < rows[1]; y += 1) {
    for (let x = columns[0]; x < columns[1]; x += 1) sum += rgba[(y * width + x) * 4 + channel] ?? 0;
  }
  return Math.round(sum / ((rows[1] - rows[0]) * (columns[1] - columns[0])));
}
