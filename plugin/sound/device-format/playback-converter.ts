// From 10 ms blocks of one channel at 48 kHz to a speaker's own format. The blocks are requested as the device's clock asks for
// frames, so the drift control of the playback ring follows that clock at any rate.

import type { Resampler } from "../../../native/sound-device.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../sound.ts";
import { type ConversionEngine, type DeviceBlocks, resamplerBetween } from "./device-blocks.ts";
import { PLAIN } from "./device-format.ts";

/** Fills a block now or later, then calls back. */
export type FillBlock = (block: Int16Array, onFilled: () => void) => void;

export interface PlaybackConverter {
  /** Fills a block of the device, then calls back. Call it again only after the callback. */
  readonly fill: FillBlock;
  /** What the conversion adds, in milliseconds. */
  readonly delayMs: number;
}

/**
 * @param fill gives the sound
 * @throws Error when the rate cannot be converted
 */
export function createPlaybackConverter(
  device: DeviceBlocks,
  engine: ConversionEngine | null,
  fill: FillBlock,
): PlaybackConverter {
  const { sampleRate, channels } = device.format;
  if (sampleRate === PLAIN.sampleRate && channels === PLAIN.channels) return { fill, delayMs: 0 };
  return new Converter(device, resamplerBetween(SAMPLE_RATE, sampleRate, engine), fill);
}

class Converter implements PlaybackConverter {
  readonly delayMs: number;
  readonly #resampler: Resampler | null;
  readonly #channels: number;
  readonly #frames: number;
  readonly #pull: FillBlock;
  readonly #block = new Int16Array(BLOCK_SAMPLES);
  /** At the device's rate, not played yet: less than a block of it before each request. */
  readonly #samples: Int16Array;
  #waiting = 0;

  constructor(device: DeviceBlocks, resampler: Resampler | null, pull: FillBlock) {
    const { frames, format } = device;
    this.#resampler = resampler;
    this.#channels = format.channels;
    this.#frames = frames;
    this.#pull = pull;
    const converted = Math.ceil((BLOCK_SAMPLES * format.sampleRate) / SAMPLE_RATE) + 1;
    this.#samples = new Int16Array(frames + converted);
    this.delayMs = resampler?.delayMs ?? 0;
  }

  /** Bound, because it is passed on as a function. */
  readonly fill: FillBlock = (interleaved, onFilled) => {
    if (this.#waiting >= this.#frames) {
      this.#spread(interleaved);
      onFilled();
      return;
    }
    this.#pull(this.#block, () => {
      this.#convert();
      this.fill(interleaved, onFilled);
    });
  };

  #convert(): void {
    if (this.#resampler === null) {
      this.#samples.set(this.#block, this.#waiting);
      this.#waiting += BLOCK_SAMPLES;
      return;
    }
    this.#waiting += this.#resampler.process(this.#block, this.#samples.subarray(this.#waiting));
  }

  /** To front left and front right; the other channels stay silent. */
  #spread(interleaved: Int16Array): void {
    interleaved.fill(0);
    for (let frame = 0; frame < this.#frames; frame += 1) {
      const sample = this.#samples[frame] ?? 0;
      const at = frame * this.#channels;
      interleaved[at] = sample;
      if (this.#channels > 1) interleaved[at + 1] = sample;
    }
    this.#samples.copyWithin(0, this.#frames, this.#waiting);
    this.#waiting -= this.#frames;
  }
}
