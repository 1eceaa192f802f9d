// The colours of the eight vertical bars of a frame.

import { PNG } from "pngjs";

const BARS = [0, 1, 2, 3, 4, 5, 6, 7];
/** vivid writes text over the upper part of its bars. */
const BELOW_TEXT = 0.9;

/** RGB, 0 to 255, in the middle of each of eight equal columns. */
export function columnsOf(png: Buffer) {
  const { width, height, data } = PNG.sync.read(png);
  const bars = BARS.map((bar) => {
    const column = Math.floor(((bar + 0.5) * width) / BARS.length);
    const offset = (Math.floor(height * BELOW_TEXT) * width + column) * 4;
    return [...data.subarray(offset, offset + 3)];
  });
  return { width, height, bars };
}

export function columnsOfDataUrl(dataUrl: string) {
  return columnsOf(Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64"));
}
