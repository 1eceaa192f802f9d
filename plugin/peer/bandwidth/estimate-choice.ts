// Chooses who estimates the bandwidth of what we send, once a connection stands and before its first frame. README.md, "Bandwidth
// estimate", has the reasons and the figures.

import { setTimeout as delay } from "node:timers/promises";
import type { Estimator } from "../peer.ts";

/** Below this the path is one machine or one home. */
const NEAR_MS = 10;
/** Above this, answers come late, and the delays of such paths vary. Our engine takes that for a full queue. */
const FAR_MS = 350;
/** The first check of the path has measured it. The engine's statistics may lag behind. */
const POLL_MS = 20;
const POLLS = 15;

/** @param roundTripMs null: not known */
export function estimatorFor(roundTripMs: number | null): Estimator {
  return roundTripMs === null || roundTripMs < NEAR_MS || roundTripMs > FAR_MS ? "receiver" : "sender";
}

/** RTCIceConnectionState, W3C webrtc-pc section 5.6.4. */
const PATH_FOUND: readonly string[] = ["connected", "completed"];

export interface EstimateChoiceOptions {
  /** In milliseconds; null when unknown. */
  roundTripMs(): Promise<number | null>;
  /** Aborts when the peer is closed. */
  readonly signal: AbortSignal;
}

/** For one connection. */
export class EstimateChoice {
  readonly #options: EstimateChoiceOptions;
  #first: Promise<number | null> | null = null;

  constructor(options: EstimateChoiceOptions) {
    this.#options = options;
  }

  /** The round trip is read once ICE has found a path. The exchange of keys follows, and delays later ones on a narrow link. */
  iceStateChanged(state: string): void {
    if (PATH_FOUND.includes(state)) void this.#firstRoundTripMs();
  }

  /** @returns the choice for the path that was found. Never rejects */
  async made(): Promise<Estimator> {
    const firstMs = await this.#firstRoundTripMs();
    // A busy machine answers late now and then, and a narrow link each time.
    const latestMs = await this.#options.roundTripMs().catch(() => null);
    const knownMs = [firstMs, latestMs].filter((ms) => ms !== null);
    return estimatorFor(knownMs.length === 0 ? null : Math.min(...knownMs));
  }

  #firstRoundTripMs(): Promise<number | null> {
    this.#first ??= this.#readRoundTripMs().catch(() => null);
    return this.#first;
  }

  async #readRoundTripMs(): Promise<number | null> {
    const { roundTripMs, signal } = this.#options;
    for (let poll = 0; poll < POLLS && !signal.aborted; poll += 1) {
      const firstMs = await roundTripMs();
      if (firstMs !== null) return firstMs;
      await delay(POLL_MS);
    }
    return null;
  }
}
