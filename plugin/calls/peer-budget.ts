// A rate limit for each peer: a burst, then a steady rate. One peer cannot use up the budget of another.

import { BoundedMap } from "../common/bounded-map.ts";
import { TokenBucket } from "../common/token-bucket.ts";

/** A peer that is dropped has its whole budget again. To exploit that, an attacker needs this many peer ids. */
const MAX_PEERS = 256;

export interface BudgetOptions {
  /** How often in a row. */
  readonly burst: number;
  /** Milliseconds until one more is allowed. */
  readonly refillMs: number;
  /** A monotonic clock, in milliseconds. */
  nowMs(): number;
}

export class PeerBudget {
  readonly #options: BudgetOptions;
  /** The least recently used peer comes first. A peer without a bucket has its whole budget. */
  readonly #buckets = new BoundedMap<string, TokenBucket>(MAX_PEERS);

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** Number of peers that have used some of their budget. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Whether `take` would succeed now. */
  allows(peerId: string): boolean {
    return this.#buckets.get(peerId)?.canTake() ?? true;
  }

  /** @returns false, with nothing taken, when the budget is used up */
  take(peerId: string): boolean {
    const { burst, refillMs, nowMs } = this.#options;
    const bucket = this.#buckets.get(peerId) ?? new TokenBucket(burst, 1_000 / refillMs, nowMs);
    if (!bucket.take()) return false;
    this.#buckets.set(peerId, bucket);
    return true;
  }

  /** Gives the peer its whole budget again. */
  restore(peerId: string): void {
    this.#buckets.delete(peerId);
  }
}
