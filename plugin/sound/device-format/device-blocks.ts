// The blocks that a device moves, and the conversion between its rate and 48 kHz.

import type { Native } from "../../../native/index.ts";
import type { Resampler } from "../../../native/sound-device.ts";
import type { DeviceFormat } from "./device-format.ts";

/** The part of the addon that converts. */
export type ConversionEngine = Pick<Native, "createResampler">;

export interface DeviceBlocks {
  readonly format: DeviceFormat;
  /** Frames of a block: 10 ms, to the nearest frame. */
  readonly frames: number;
  readonly bytes: number;
}

const BLOCKS_PER_S = 100;

export function blocksOf(format: DeviceFormat): DeviceBlocks {
  const frames = Math.round(format.sampleRate / BLOCKS_PER_S);
  return { format, frames, bytes: frames * format.channels * Int16Array.BYTES_PER_ELEMENT };
}

/**
 * @returns null where both rates are the same
 * @throws Error without the addon, or with its reason
 */
export function resamplerBetween(
  fromRate: number,
  toRate: number,
  engine: ConversionEngine | null,
): Resampler | null {
  if (fromRate === toRate) return null;
  if (engine === null)
    throw new Error(`without the addon ${fromRate} Hz cannot be converted to ${toRate} Hz`);
  return engine.createResampler(fromRate, toRate);
}
