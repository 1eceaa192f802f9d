// Sends silence while the microphone sends nothing: it is muted, lost, missing or being changed. The engine stamps our sound by the
// number of blocks that it was given. Without silence each pause would leave the stamps behind the time by its length, and receivers
// would play sound and pictures apart.

import { type Clock, systemClock } from "../../common/clock.ts";
import { SEND_BLOCK_SAMPLES } from "../../peer/media-checks.ts";

export interface SilenceOptions {
  /** Takes 10 ms of mono at 48 kHz, and does not change it. */
  send(block: Int16Array): void;
  /** Whether the peer gets silence, asked before each block. */
  isNeeded(): boolean;
  readonly clock?: Clock;
}

const BLOCK_MS = 10;
/** A microphone that is so late has stopped. A shorter pause is followed by the blocks that it held back. */
const LATE_MS = 100;
const INTERVAL_MS = 20;
/** After a longer pause this process was stopped, and the connection is renewed. */
const MAX_BLOCKS = 100;

const SILENCE = new Int16Array(SEND_BLOCK_SAMPLES);

/** The caller of `start` also calls `stop`. Between `stop` and `start` there is no timer. */
export class Silence {
  readonly #options: SilenceOptions;
  readonly #clock: Clock;
  #cancel: (() => void) | null = null;
  /** Up to this moment the peer has our sound. */
  #sentUntilMs = 0;
  #isSilent = false;

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Does nothing while it runs already or is not needed. */
  start(): void {
    if (this.#cancel !== null || !this.#options.isNeeded()) return;
    this.soundSent();
    this.#plan();
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** A block of the microphone was sent. */
  soundSent(): void {
    this.#sentUntilMs = this.#clock.nowMs();
    this.#isSilent = false;
  }

  #plan(): void {
    const dueMs = this.#sentUntilMs + LATE_MS - this.#clock.nowMs();
    this.#cancel = this.#clock.after(this.#isSilent ? INTERVAL_MS : Math.max(1, dueMs), () => this.#fill());
  }

  #fill(): void {
    this.#cancel = null;
    if (!this.#options.isNeeded()) return;
    const pauseMs = this.#clock.nowMs() - this.#sentUntilMs;
    this.#isSilent ||= pauseMs >= LATE_MS;
    if (this.#isSilent) {
      const blocks = Math.min(MAX_BLOCKS, Math.floor(pauseMs / BLOCK_MS));
      for (let sent = 0; sent < blocks; sent += 1) this.#options.send(SILENCE);
      this.#sentUntilMs += blocks === MAX_BLOCKS ? pauseMs : blocks * BLOCK_MS;
    }
    this.#plan();
  }
}
