// Keeps the last frame of a shared screen, which may not change for minutes. It is sent again after the connection has changed,
// and again and again to peers that play sound only together with pictures. A change that came too early for the granted rate is
// sent as soon as it may be.

import type { VideoFrame } from "../../../native/types.ts";
import { type Clock, systemClock } from "../../common/clock.ts";

export interface StillScreenOptions {
  /** Reads or retains the frame before it returns. @returns 0 if it is taken, otherwise the milliseconds until it may be */
  send(frame: VideoFrame): number;
  /** Milliseconds until a still frame is repeated; null: the peer needs no repetition. */
  intervalMs(): number | null;
  readonly clock?: Clock;
}

export class StillScreen {
  readonly #options: StillScreenOptions;
  #last: VideoFrame | null = null;
  #cancel: (() => void) | null = null;

  constructor(options: StillScreenOptions) {
    this.#options = options;
  }

  /** Sends a new frame. */
  offer(frame: VideoFrame): void {
    frame.retain();
    this.#last?.release();
    this.#last = frame;
    this.repeat();
  }

  /** Sends the last frame at once, if there is one. */
  repeat(): void {
    this.#cancel?.();
    this.#cancel = null;
    if (this.#last === null) return;
    const { send, intervalMs, clock = systemClock } = this.#options;
    const waitMs = send(this.#last);
    const isEarly = waitMs > 0 && Number.isFinite(waitMs);
    const ms = isEarly ? waitMs : intervalMs();
    if (ms !== null) this.#cancel = clock.after(ms, () => this.repeat());
  }

  /** Releases the frame. Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
    this.#last?.release();
    this.#last = null;
  }
}
