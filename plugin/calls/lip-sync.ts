// Sound and picture together at the remote end. Sound has the longer way, through the sound server; where it comes so late
// that lips are seen to move too soon, pictures are held back by what is too much, never longer than a bound. Where the
// estimates come from is not known here.

import type { VideoFrame } from "../../native/types.ts";
import { type Clock, systemClock } from "../sound/tone.ts";

/** From the block that WebRTC hands out to the card: ring 12, PortAudio and the sound server 44; measured by the bench. */
const SPEAKER_MS = 56;
/** By which the engine takes its own sound for newer than it is: packets and blocks of 10 ms; measured, too. */
const ENGINE_MS = 15;
/** From the picture that is shown to the host's canvas, the median at 640x480. */
export const DRAWING_MS = 6;
/**
 * ITU-R BT.1359 lets people notice at 45 ms; pictures and blocks scatter by some 10 ms. No less, since every picture that
 * waits is late for the conversation.
 */
const TOLERANCE_MS = 32;
const MAX_HOLD_MS = 80;
/** Of 80 ms at 30 pictures a second; at a higher rate the oldest is shown early. */
const MAX_HELD = 3;
/** Weight of a new estimate, which comes once a second. */
const SMOOTHING = 0.3;
/** Milliseconds by which the hold moves in a second: too slowly for an eye. */
const SLEW_MS_PER_S = 15;
/** Not worth a timer, which is a millisecond off. */
const LEAST_HOLD_MS = 2;

interface Held {
  readonly frame: VideoFrame;
  readonly dueMs: number;
}

export interface LipSyncOptions {
  /** Shows a picture; it is borrowed until this returns. */
  show(frame: VideoFrame): void;
  readonly clock?: Clock;
}

export class LipSync {
  readonly #show: (frame: VideoFrame) => void;
  readonly #clock: Clock;
  readonly #held: Held[] = [];
  #cancel: (() => void) | null = null;
  #behindMs: number | null = null;
  #targetMs = 0;
  #holdMs = 0;
  #lastMs: number | null = null;

  constructor({ show, clock = systemClock }: LipSyncOptions) {
    this.#show = show;
    this.#clock = clock;
  }

  /** By how much a picture is held back now. */
  get holdMs(): number {
    return this.#holdMs;
  }

  /**
   * @param engineMs by how much the sound that WebRTC hands out is older than the picture that it hands out; null where
   *   one of them does not flow or is not listened to: then nothing is held any more
   */
  update(engineMs: number | null): void {
    if (engineMs === null) this.#behindMs = null;
    else {
      const behindMs = engineMs + ENGINE_MS + SPEAKER_MS - DRAWING_MS;
      this.#behindMs =
        this.#behindMs === null ? behindMs : this.#behindMs + SMOOTHING * (behindMs - this.#behindMs);
    }
    this.#targetMs = Math.min(MAX_HOLD_MS, Math.max(0, (this.#behindMs ?? 0) - TOLERANCE_MS));
  }

  /** Shows the picture, at once or when its time has come; the order stays. */
  offer(frame: VideoFrame): void {
    const nowMs = this.#clock.nowMs();
    this.#move(nowMs);
    if (this.#held.length === 0 && this.#holdMs < LEAST_HOLD_MS) {
      this.#show(frame);
      return;
    }
    if (this.#held.length === MAX_HELD) this.#showFirst();
    frame.retain();
    const dueMs = Math.max(nowMs + this.#holdMs, this.#held.at(-1)?.dueMs ?? 0);
    this.#held.push({ frame, dueMs });
    if (this.#cancel === null) this.#wait(nowMs);
  }

  /** Gives back what is held, unseen. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const { frame } of this.#held.splice(0)) frame.release();
  }

  #move(nowMs: number): void {
    const most = (SLEW_MS_PER_S * Math.min(1_000, nowMs - (this.#lastMs ?? nowMs))) / 1_000;
    this.#lastMs = nowMs;
    this.#holdMs += Math.max(-most, Math.min(most, this.#targetMs - this.#holdMs));
  }

  #wait(nowMs: number): void {
    const next = this.#held[0];
    if (!next) return;
    this.#cancel = this.#clock.after(Math.max(0, next.dueMs - nowMs), () => {
      this.#cancel = null;
      const dueMs = this.#clock.nowMs();
      while ((this.#held[0]?.dueMs ?? Number.POSITIVE_INFINITY) <= dueMs) this.#showFirst();
      this.#wait(dueMs);
    });
  }

  #showFirst(): void {
    const first = this.#held.shift();
    if (!first) return;
    this.#show(first.frame);
    first.frame.release();
  }
}
