// Lip sync at the receiving end. Sound takes longer than video, through the sound server. When users would notice the
// difference, remote frames are delayed by the excess, up to a limit.

import type { VideoFrame } from "../../native/types.ts";
import { type Clock, systemClock } from "../common/clock.ts";

/** The engine's estimate of its own audio delay is too low by this, for packets and blocks of 10 ms. Measured too. */
const ENGINE_MS = 15;
/** From the frame that is shown to the host's canvas, the median at 640x480. */
export const DRAWING_MS = 6;
/**
 * ITU-R BT.1359 puts the detection threshold at 45 ms; frames and blocks scatter by some 10 ms. The tolerance is not
 * smaller, because every delayed frame is late for the conversation.
 */
const TOLERANCE_MS = 32;
const MAX_HOLD_MS = 80;
/** Enough for 80 ms at 30 frames a second. At a higher rate the oldest frame is shown early. */
const MAX_HELD = 3;
/** Weight of a new estimate, which comes once a second. */
const SMOOTHING = 0.3;
/** The hold changes by this many milliseconds in a second, too slowly to be seen. */
const SLEW_MS_PER_S = 15;
/** A timer is off by a millisecond, so a shorter hold is not worth one. */
const LEAST_HOLD_MS = 2;

interface HeldFrame {
  readonly frame: VideoFrame;
  readonly dueMs: number;
}

export interface LipSyncOptions {
  /** Shows a frame, which is borrowed until this returns. */
  show(frame: VideoFrame): void;
  readonly clock?: Clock;
}

export class LipSync {
  readonly #show: (frame: VideoFrame) => void;
  readonly #clock: Clock;
  readonly #held: HeldFrame[] = [];
  #cancel: (() => void) | null = null;
  /** Smoothed delay of the sound behind the video, at the user. */
  #avOffsetMs: number | null = null;
  #targetMs = 0;
  #holdMs = 0;
  #lastMs: number | null = null;

  constructor({ show, clock = systemClock }: LipSyncOptions) {
    this.#show = show;
    this.#clock = clock;
  }

  /** The delay of frames at present. */
  get holdMs(): number {
    return this.#holdMs;
  }

  /**
   * @param engineMs how much older WebRTC's audio output is than its video output. Null when one of them does not flow or
   *   no one listens; frames are then no longer delayed.
   * @param speakerMs from WebRTC's audio output to the sound card
   */
  update(engineMs: number | null, speakerMs: number): void {
    if (engineMs === null) this.#avOffsetMs = null;
    else {
      const offsetMs = engineMs + ENGINE_MS + speakerMs - DRAWING_MS;
      this.#avOffsetMs =
        this.#avOffsetMs === null ? offsetMs : this.#avOffsetMs + SMOOTHING * (offsetMs - this.#avOffsetMs);
    }
    this.#targetMs = Math.min(MAX_HOLD_MS, Math.max(0, (this.#avOffsetMs ?? 0) - TOLERANCE_MS));
  }

  /** Shows the frame, at once or when it is due. Frames keep their order. */
  offer(frame: VideoFrame): void {
    const nowMs = this.#clock.nowMs();
    this.#slew(nowMs);
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

  /** Releases the held frames without showing them. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    for (const { frame } of this.#held.splice(0)) frame.release();
  }

  #slew(nowMs: number): void {
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
