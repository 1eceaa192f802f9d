// Decides when to measure whether the link carries more. WebRTC's estimate falls within a second, but grows by 8 % a second only, and
// while the link carries sound alone it does not grow at all.

import { type Clock, systemClock } from "../../common/clock.ts";

/** What one second of a call showed. */
export interface SearchedSecond {
  /** A search can raise the estimate. */
  readonly isSearchable: boolean;
  readonly availableSendBps: number | null;
  /** The picture would have taken more than the estimate. */
  readonly isHeldBack: boolean;
  /** Frames wait for a link that carries them. */
  readonly isPictureAwaited: boolean;
  /** The settings' maximum for video. */
  readonly maxVideoBps: number;
}

export interface BandwidthSearchOptions {
  /** Rejects when the connection cannot change now; the next second tries again. */
  search(bps: number): Promise<void>;
  readonly clock?: Clock;
}

/** The engine measures by itself when the connection stands. */
const FIRST_MS = 1_500;
/** Each second. On a mobile link the bandwidth changes every few of them. */
const SEARCH_MS = 900;
/** One measurement must not delay the sound behind it for long. */
const FACTOR = 3;
/** Enough for a small picture and the sound. A larger burst would wait long in a link for sound alone. */
const AWAITED_BPS = 150_000;
const AWAITED_MS = 3_500;

/** For one connection. */
export class BandwidthSearch {
  readonly #options: BandwidthSearchOptions;
  readonly #clock: Clock;
  #searchedMs: number;
  #heldBackMs = FIRST_MS;

  constructor(options: BandwidthSearchOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#searchedMs = this.#clock.nowMs();
  }

  /** Call it once a second while the connection stands. Never rejects. */
  async update(second: SearchedSecond): Promise<void> {
    const bps = wantedBps(second);
    if (bps === null) return;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#searchedMs < (second.isPictureAwaited ? AWAITED_MS : this.#heldBackMs)) return;
    this.#searchedMs = nowMs;
    this.#heldBackMs = SEARCH_MS;
    await this.#options.search(bps).catch(() => {
      // A negotiation is under way, or the connection ends.
      this.#searchedMs = Number.NEGATIVE_INFINITY;
    });
  }
}

function wantedBps(second: SearchedSecond): number | null {
  const { isSearchable, availableSendBps: bps, isHeldBack, isPictureAwaited, maxVideoBps } = second;
  if (!isSearchable || bps === null) return null;
  if (isPictureAwaited) return bps < AWAITED_BPS ? AWAITED_BPS : null;
  return isHeldBack && bps < maxVideoBps ? Math.min(Math.round(FACTOR * bps), maxVideoBps) : null;
}
