// Voice processing in the sound process: passes played and captured blocks to the addon, as the settings require. Without
// the addon, or when its library fails, the voice is sent as captured.

import type { Native, VoiceProcessor } from "../../native/index.ts";
import { errorText } from "../common/error-text.ts";
import { BLOCK_BYTES } from "./playback/block-splitter.ts";
import type { Processing } from "./sound.ts";
import { BLOCK_SAMPLES, NO_PROCESSING } from "./sound.ts";

type VoiceEngine = Pick<Native, "createVoiceProcessor">;

export class VoiceProcessing {
  readonly #warn: (message: string) => void;
  #engine: VoiceEngine | null = null;
  #processing = NO_PROCESSING;
  #processor: VoiceProcessor | null = null;
  readonly #block = new Int16Array(BLOCK_SAMPLES);

  /** @param warn called once when the voice cannot be processed */
  constructor(warn: (message: string) => void) {
    this.#warn = warn;
  }

  /** Without an engine nothing is processed. */
  attach(engine: VoiceEngine): void {
    this.#engine = engine;
  }

  /** Takes effect with the next block. */
  configure(processing: Processing): void {
    this.#processing = processing;
    const processor = this.#processor;
    if (processor) this.#guard(() => processor.configure(processing));
  }

  /** Call it when a device changes: the learned echo path is no longer valid. */
  restart(): void {
    this.#processor = null;
  }

  /** Has an effect only after the first captured block. */
  playing(block: Int16Array): void {
    const processor = this.#processor;
    if (processor) this.#guard(() => processor.playing(block));
  }

  /** @param bytes a whole block, processed in place */
  captured(bytes: Uint8Array): void {
    const processor = this.#current();
    if (!processor || bytes.length !== BLOCK_BYTES) return;
    // A separate buffer, because `bytes` may start at any offset of a larger one.
    const block = new Uint8Array(this.#block.buffer);
    block.set(bytes);
    this.#guard(() => {
      processor.captured(this.#block);
      bytes.set(block);
    });
  }

  #current(): VoiceProcessor | null {
    const { echoCancellation, noiseSuppression, automaticGain } = this.#processing;
    const engine = this.#engine;
    if (!engine || !(echoCancellation || noiseSuppression || automaticGain)) return null;
    if (!this.#processor) {
      this.#guard(() => {
        this.#processor = engine.createVoiceProcessor(this.#processing);
      });
    }
    return this.#processor;
  }

  /** Turns processing off after a failure, which would repeat with each block. */
  #guard(use: () => void): void {
    try {
      use();
    } catch (error) {
      this.#engine = null;
      this.#processor = null;
      this.#warn(`the voice is sent as captured: ${errorText(error)}`);
    }
  }
}
