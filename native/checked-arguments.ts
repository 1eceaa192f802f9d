// Checks of arguments that several façades share.

import type { CaptureConstraints } from "./types.ts";

/** The largest side that a capture may ask for. An I420 frame of that size takes 100 MB. */
export const MAX_CAPTURE_SIDE = 8_192;
const MAX_FPS = 240;

/** @throws RangeError that names the field */
export function checkedConstraints(constraints: CaptureConstraints): CaptureConstraints {
  return {
    ...constraints,
    width: checkedNumber("width", Math.floor(constraints.width), 1, MAX_CAPTURE_SIDE),
    height: checkedNumber("height", Math.floor(constraints.height), 1, MAX_CAPTURE_SIDE),
    fps: checkedNumber("fps", constraints.fps, 1, MAX_FPS),
  };
}

/** @returns the value. @throws RangeError that names the field, the value and its limits */
export function checkedNumber(field: string, value: number, least: number, most: number): number {
  if (value >= least && value <= most) return value;
  throw new RangeError(`${field}: ${value}, expected ${least} to ${most}`);
}
