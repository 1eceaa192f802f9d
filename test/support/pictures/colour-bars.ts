// The colour bars of the kernel's virtual test camera, and an assertion that a frame shows them.

import assert from "node:assert/strict";

/** SMPTE bars of 75 % in RGB: grey, yellow, cyan, green, magenta, red, blue, black. */
const COLOUR_BARS: readonly (readonly number[])[] = [
  [191, 191, 191],
  [191, 191, 0],
  [0, 191, 191],
  [0, 191, 0],
  [191, 0, 191],
  [191, 0, 0],
  [0, 0, 191],
  [0, 0, 0],
];

/** The same bars as the driver writes them: Y U V of video range, BT.601. */
export const COLOUR_BARS_YUV: readonly (readonly number[])[] = [
  [180, 128, 128],
  [162, 44, 142],
  [131, 156, 44],
  [112, 72, 58],
  [84, 184, 198],
  [65, 100, 212],
  [35, 212, 114],
  [16, 128, 128],
];

/** @param found RGB in the middle of each bar, 0 to 255. @param tolerance for each of the three values */
export function assertColourBars(found: readonly (readonly number[])[], tolerance: number): void {
  for (const [index, bar] of COLOUR_BARS.entries()) {
    const isNear = bar.every(
      (value, at) => Math.abs(value - (found[index]?.[at] ?? Number.NaN)) <= tolerance,
    );
    assert.ok(isNear, `bar ${index} of ${JSON.stringify(found)}`);
  }
}
