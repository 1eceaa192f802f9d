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

/** @param found RGB in the middle of each bar, 0 to 255. @param tolerance for each of the three values */
export function assertColourBars(found: readonly (readonly number[])[], tolerance: number): void {
  for (const [index, bar] of COLOUR_BARS.entries()) {
    const isNear = bar.every(
      (value, at) => Math.abs(value - (found[index]?.[at] ?? Number.NaN)) <= tolerance,
    );
    assert.ok(isNear, `bar ${index} of ${JSON.stringify(found)}`);
  }
}
