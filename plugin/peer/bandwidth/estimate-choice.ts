// Chooses who estimates the bandwidth of what we send, once a connection stands and before its first frame. README.md, "Bandwidth
// estimate", has the reasons and the figures.

import { setTimeout as delay } from "node:timers/promises";
import type { Estimator } from "../peer.ts";

/** Below this the path is one machine or one home. Its answers take a few ms, and more where the processors are busy. */
const NEAR_MS = 20;
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
  #shortestMs: number | null = null;
  #reading: Promise<void> | null = null;
  #isAsked = false;

  constructor(options: EstimateChoiceOptions) {
    this.#options = options;
  }

  /** The round trip is read once ICE has found a path. The exchange of keys follows, and delays later ones on a narrow link. */
  iceStateChanged(state: string): void {
    if (PATH_FOUND.includes(state)) void this.#read();
  }

  /** @returns the choice for the path that was found. Never rejects */
  async made(): Promise<Estimator> {
    this.#isAsked = true;
    await this.#read();
    await this.#readOnce().catch(() => undefined);
    return estimatorFor(this.#shortestMs);
  }

  #read(): Promise<void> {
    this.#reading ??= this.#readOften().catch(() => undefined);
    return this.#reading;
  }

  /** A busy machine answers late now and then, and a narrow link each time. So the shortest of all counts. */
  async #readOften(): Promise<void> {
    for (let poll = 0; poll < POLLS && !this.#options.signal.aborted; poll += 1) {
      await this.#readOnce();
      if (this.#isAsked && this.#shortestMs !== null) return;
      await delay(POLL_MS);
    }
  }

  async #readOnce(): Promise<void> {
    const ms = await this.#options.roundTripMs();
    if (ms !== null) this.#shortestMs = Math.min(ms, this.#shortestMs ?? ms);
  }
}
