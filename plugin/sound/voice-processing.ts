// The sound process's voice: hands what is played and what is captured to the addon, as far as the settings ask for it.
// Without the addon, or when its library fails, the voice goes on as it was captured. Knows nothing of devices.

import type { Native, VoiceProcessor } from "../../native/index.ts";
import { errorText } from "../common/error-text.ts";
import { BLOCK_BYTES } from "./playback/block-splitter.ts";
import type { Processing } from "./sound.ts";
import { BLOCK_SAMPLES, NO_PROCESSING } from "./sound.ts";

export type VoiceEngine = Pick<Native, "createVoiceProcessor">;

export class VoiceProcessing {
  readonly #say: (message: string) => void;
  #engine: VoiceEngine | null = null;
  #processing = NO_PROCESSING;
  #processor: VoiceProcessor | null = null;
  readonly #block = new Int16Array(BLOCK_SAMPLES);

  /** @param say is told once when the voice cannot be processed */
  constructor(say: (message: string) => void) {
    this.#say = say;
  }

  /** Nothing is processed before. */
  attach(engine: VoiceEngine): void {
    this.#engine = engine;
  }

  /** From the next block on. */
  configure(processing: Processing): void {
    this.#processing = processing;
    const processor = this.#processor;
    if (processor) this.#guard(() => processor.configure(processing));
  }

  /** Another device: what was learned of the echo holds no longer. */
  restart(): void {
    this.#processor = null;
  }

  /** Only of use once something is captured too. */
  playing(block: Int16Array): void {
    const processor = this.#processor;
    if (processor) this.#guard(() => processor.playing(block));
  }

  /** @param bytes a whole block, replaced */
  captured(bytes: Uint8Array): void {
    const processor = this.#current();
    if (!processor || bytes.length !== BLOCK_BYTES) return;
    // A view of its own, since the bytes may start anywhere in a larger buffer.
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

  /** What failed once would fail with each block. */
  #guard(use: () => void): void {
    try {
      use();
    } catch (error) {
      this.#engine = null;
      this.#processor = null;
      this.#say(`the voice is sent as captured: ${errorText(error)}`);
    }
  }
}
