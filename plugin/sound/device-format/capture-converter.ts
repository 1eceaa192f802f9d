// From a microphone's own format to 10 ms blocks of one channel at 48 kHz.

import type { Resampler } from "../../../native/sound-device.ts";
import { BLOCK_BYTES, createBlockSplitter } from "../playback/block-splitter.ts";
import { SAMPLE_RATE } from "../sound.ts";
import { ChannelChoice } from "./channel-choice.ts";
import { type ConversionEngine, type DeviceBlocks, resamplerBetween } from "./device-blocks.ts";
import { PLAIN } from "./device-format.ts";

export interface CaptureConverter {
  /** Takes one block of the device. Others are ignored: a closing stream may deliver part of one, which would shift all later samples. */
  push(bytes: Uint8Array): void;
  /** What the conversion adds, in milliseconds. */
  readonly delayMs: number;
}

/**
 * @param onBlock gets 960 bytes, which are its own
 * @throws Error when the rate cannot be converted
 */
export function createCaptureConverter(
  device: DeviceBlocks,
  engine: ConversionEngine | null,
  onBlock: (bytes: Uint8Array) => void,
): CaptureConverter {
  const { sampleRate, channels } = device.format;
  if (sampleRate === PLAIN.sampleRate && channels === PLAIN.channels) {
    const push = (bytes: Uint8Array) => {
      if (bytes.length === BLOCK_BYTES) onBlock(bytes);
    };
    return { push, delayMs: 0 };
  }
  const resampler = resamplerBetween(sampleRate, SAMPLE_RATE, engine);
  return new Converter(device, resampler, onBlock);
}

class Converter implements CaptureConverter {
  readonly delayMs: number;
  readonly #resampler: Resampler | null;
  readonly #choice: ChannelChoice;
  /** One block of the device. The bytes that arrive may begin at an odd offset. */
  readonly #interleaved: Int16Array;
  readonly #bytes: Uint8Array;
  readonly #mono: Int16Array;
  readonly #converted: Int16Array;
  readonly #splitter: ReturnType<typeof createBlockSplitter>;

  constructor(device: DeviceBlocks, resampler: Resampler | null, onBlock: (bytes: Uint8Array) => void) {
    const { frames, format } = device;
    this.#resampler = resampler;
    this.#choice = new ChannelChoice(format.channels);
    this.#interleaved = new Int16Array(frames * format.channels);
    this.#bytes = new Uint8Array(this.#interleaved.buffer);
    this.#mono = new Int16Array(frames);
    this.#converted = new Int16Array(Math.ceil((frames * SAMPLE_RATE) / format.sampleRate) + 1);
    this.#splitter = createBlockSplitter((block) => onBlock(new Uint8Array(block.buffer)));
    this.delayMs = resampler?.delayMs ?? 0;
  }

  push(bytes: Uint8Array): void {
    if (bytes.length !== this.#bytes.length) return;
    this.#bytes.set(bytes);
    this.#choice.take(this.#interleaved, this.#mono);
    const samples =
      this.#resampler === null
        ? this.#mono
        : this.#converted.subarray(0, this.#resampler.process(this.#mono, this.#converted));
    this.#splitter.push(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
  }
}
