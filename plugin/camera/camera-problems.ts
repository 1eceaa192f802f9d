// Why a listed camera cannot be opened.

import type { CameraInfo } from "../../native/types.ts";
import type { DeviceProblem } from "../../rpc-schema/index.ts";

const COMPRESSED = /^(H26[345]|HEVC|AVC1|MPE?G[1-4]?|XVID|DIVX|VP80|VP90|VP8|VP9|VC1|THEORA|DVSD|DV)/;

/** A camera as the plugin lists it. */
export interface ListedCamera extends CameraInfo {
  /** What it offers is known after the user allowed it in a dialog of the desktop. */
  readonly asksFirst?: boolean;
}

/** @returns null for a camera that may be opened and offers a format that can be shown */
export function problemOf({
  modes,
  otherFormats = [],
  asksFirst = false,
}: ListedCamera): DeviceProblem | null {
  if (modes.length > 0 || asksFirst) return null;
  return otherFormats.length > 0 ? "format" : "permission";
}

/** @returns such as "offers only H264, which cannot be shown" */
export function unreadableText(formats: readonly string[]): string {
  return `offers only ${formats.join(", ")}, which cannot be shown`;
}

/** Whether these are a sensor's raw data, of which libcamera makes pictures. Others are compressed. */
export function isSensorData(formats: readonly string[]): boolean {
  return !formats.every((name) => COMPRESSED.test(name.toUpperCase()));
}
