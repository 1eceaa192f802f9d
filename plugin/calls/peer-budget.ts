// A rate limit for each peer: a burst, then a steady rate. One peer cannot use up the budget of another. Strangers have a limit
// together too, because one program can be a thousand of them.

import { BoundedMap } from "../common/bounded-map.ts";
import { TokenBucket } from "../common/token-bucket.ts";

/** One stranger has this part of the strangers' limit, so that it leaves some to the others. */
const STRANGERS_SHARE = 4;
/** A peer that is dropped has its whole budget again. Strangers do not gain by it, because they share a limit. */
const MAX_PEERS = 256;

interface Rate {
  /** How often in a row. */
  readonly burst: number;
  /** Milliseconds until one more is allowed. */
  readonly refillMs: number;
}

export interface BudgetOptions extends Rate {
  /** The limit of all strangers together. */
  readonly strangers: Rate;
  /** Whether the user has chosen the peer. */
  isKnown(peerId: string): boolean;
  /** A monotonic clock, in milliseconds. */
  nowMs(): number;
  /** `take` failed. */
  onRefused?(): void;
}

export class PeerBudget {
  readonly #options: BudgetOptions;
  /** The least recently used peer comes first. A peer without a bucket has its whole budget. */
  readonly #known = new BoundedMap<string, TokenBucket>(MAX_PEERS);
  readonly #strangers = new BoundedMap<string, TokenBucket>(MAX_PEERS);
  readonly #allStrangers: TokenBucket;

  constructor(options: BudgetOptions) {
    this.#options = options;
    this.#allStrangers = this.#bucketOf(options.strangers);
  }

  /** Number of peers that have used some of their budget. */
  get size(): number {
    return this.#known.size + this.#strangers.size;
  }

  /** Whether `take` would succeed now. */
  allows(peerId: string): boolean {
    const isKnown = this.#options.isKnown(peerId);
    if (!isKnown && !this.#allStrangers.canTake()) return false;
    return this.#bucketsOf(isKnown).get(peerId)?.canTake() ?? true;
  }

  /** @param cost in tokens; above 1 for what costs more than usual @returns false, with nothing taken, when the budget is used up */
  take(peerId: string, cost = 1): boolean {
    if (!this.allows(peerId)) {
      this.#options.onRefused?.();
      return false;
    }
    const isKnown = this.#options.isKnown(peerId);
    const buckets = this.#bucketsOf(isKnown);
    const bucket = buckets.get(peerId) ?? this.#bucketOf(isKnown ? this.#options : shareOf(this.#options));
    bucket.charge(cost);
    buckets.set(peerId, bucket);
    if (!isKnown) this.#allStrangers.charge(cost);
    return true;
  }

  /** Gives the peer its whole budget again. */
  restore(peerId: string): void {
    this.#known.delete(peerId);
    this.#strangers.delete(peerId);
  }

  #bucketsOf(isKnown: boolean): BoundedMap<string, TokenBucket> {
    return isKnown ? this.#known : this.#strangers;
  }

  #bucketOf({ burst, refillMs }: Rate): TokenBucket {
    return new TokenBucket(burst, 1_000 / refillMs, this.#options.nowMs);
  }
}

/** Of one stranger, which never has more than a known peer. */
function shareOf({ burst, refillMs, strangers }: BudgetOptions): Rate {
  return {
    burst: Math.max(1, Math.min(burst, Math.floor(strangers.burst / STRANGERS_SHARE))),
    refillMs: Math.max(refillMs, strangers.refillMs * STRANGERS_SHARE),
  };
}
