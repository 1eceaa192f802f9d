// Keeps the stamps of our sound true. The engine stamps sound by the number of blocks that it was given. Without silence each pause of
// the microphone would leave the stamps behind the time by its length, and receivers would play sound and pictures apart. A pause is a
// mute, a lost or missing microphone, or a change of it. Blocks that a busy process dropped leave the stamps behind in the same way.

import { type Clock, systemClock } from "../../common/clock.ts";
import { SEND_BLOCK_SAMPLES } from "../../peer/media-checks.ts";
import { SoundStamps } from "./sound-stamps.ts";

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
/** From when on a microphone has held back its blocks for longer than that. Otherwise silence could replace them again and again. */
const MOST_LATE_MS = 300;
const INTERVAL_MS = 20;
/** Long enough for the event loop to read what came while it was kept waiting. */
const READING_MS = 1;
/** After a longer pause this process was stopped, and the connection is renewed. */
const MAX_BLOCKS = 100;

const SILENCE = new Int16Array(SEND_BLOCK_SAMPLES);

/** The caller of `start` also calls `stop`. Between `stop` and `start` there is no timer. */
export class Silence {
  readonly #options: SilenceOptions;
  readonly #clock: Clock;
  readonly #stamps = new SoundStamps();
  #cancel: (() => void) | null = null;
  #lastBlockMs = 0;
  #lateMs = LATE_MS;
  #pause: "none" | "suspected" | "filled" = "none";

  constructor(options: SilenceOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** Does nothing while it runs already or is not needed. */
  start(): void {
    if (this.#cancel !== null || !this.#options.isNeeded()) return;
    this.#pause = "none";
    this.#lateMs = LATE_MS;
    this.#lastBlockMs = this.#clock.nowMs();
    this.#stamps.restart(this.#lastBlockMs);
    this.#plan();
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** The microphone has a block. @returns whether it is sent; false for a late one that silence has replaced */
  microphoneBlock(): boolean {
    if (this.#cancel === null) return true;
    const nowMs = this.#clock.nowMs();
    if (this.#pause === "filled") this.#fillUntil(nowMs - BLOCK_MS);
    this.#pause = "none";
    this.#lastBlockMs = nowMs;
    const isSent = this.#stamps.microphoneBlock(nowMs);
    if (!isSent) this.#lateMs = MOST_LATE_MS;
    this.#fill(Math.min(this.#stamps.takeLostBlocks(), MAX_BLOCKS));
    return isSent;
  }

  #plan(): void {
    const dueMs = {
      none: Math.max(READING_MS, this.#lastBlockMs + this.#lateMs - this.#clock.nowMs()),
      suspected: READING_MS,
      filled: INTERVAL_MS,
    }[this.#pause];
    this.#cancel = this.#clock.after(dueMs, () => this.#look());
  }

  #look(): void {
    this.#cancel = null;
    if (!this.#options.isNeeded()) return;
    const nowMs = this.#clock.nowMs();
    // After a wait of the event loop its timers run before it reads the microphone's blocks.
    if (this.#pause === "none" && nowMs - this.#lastBlockMs >= this.#lateMs) this.#pause = "suspected";
    else if (this.#pause !== "none") {
      this.#pause = "filled";
      this.#fillUntil(nowMs);
    }
    this.#plan();
  }

  #fillUntil(untilMs: number): void {
    const blocks = Math.floor(this.#stamps.behindMs(untilMs) / BLOCK_MS);
    this.#fill(Math.min(blocks, MAX_BLOCKS));
    if (blocks > MAX_BLOCKS) this.#stamps.restart(untilMs);
  }

  #fill(blocks: number): void {
    for (let sent = 0; sent < blocks; sent += 1) {
      this.#options.send(SILENCE);
      this.#stamps.silentBlock();
    }
  }
}
