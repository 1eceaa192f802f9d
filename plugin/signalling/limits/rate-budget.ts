// How often peers may do what costs processor time. Strangers share one rate. When it is used up, a stranger that did little may
// go on, and one that did much may not.

import { BoundedMap } from "../../common/bounded-map.ts";
import { TokenBucket } from "../../common/token-bucket.ts";
import type { PeerClass } from "./peer-class.ts";

/** How many in a row, and then each second. */
export type Rate = readonly [burst: number, perSecond: number];

export interface ClassRates {
  readonly known: Rate;
  readonly stranger: Rate;
  /** Strangers together. */
  readonly allStrangers: Rate;
  /** For one stranger while the others have used up the shared rate. */
  readonly scarce: Rate;
}

/** A peer that is dropped has its whole budget again. Connections are limited too, so this takes an attacker a while. */
const MAX_PEERS = 1_024;

export class RateBudget {
  readonly #classOf: (peer: string) => PeerClass;
  readonly #rates: ClassRates;
  readonly #now: () => number;
  readonly #shared: TokenBucket;
  readonly #own = new BoundedMap<string, TokenBucket>(MAX_PEERS);
  readonly #scarce = new BoundedMap<string, TokenBucket>(MAX_PEERS);

  /** @param now a monotonic clock in milliseconds */
  constructor(
    classOf: (peer: string) => PeerClass,
    rates: ClassRates,
    now: () => number = () => performance.now(),
  ) {
    this.#classOf = classOf;
    this.#rates = rates;
    this.#now = now;
    this.#shared = new TokenBucket(...rates.allStrangers, now);
  }

  /** @param cost in tokens @returns whether the peer may go on; if so, the cost is taken, even if less is left */
  take(peer: string, cost = 1): boolean {
    const of = this.#classOf(peer);
    const own = this.#bucket(this.#own, `${of} ${peer}`, this.#rates[of]);
    if (!takeFrom(own, cost)) return false;
    if (of === "known" || takeFrom(this.#shared, cost)) return true;
    return takeFrom(this.#bucket(this.#scarce, peer, this.#rates.scarce), cost);
  }

  /** @returns whether `take` would succeed now */
  allows(peer: string): boolean {
    const of = this.#classOf(peer);
    const canTake = (buckets: BoundedMap<string, TokenBucket>, key: string) =>
      buckets.get(key)?.canTake() ?? true;
    if (!canTake(this.#own, `${of} ${peer}`)) return false;
    return of === "known" || this.#shared.canTake() || canTake(this.#scarce, peer);
  }

  #bucket(buckets: BoundedMap<string, TokenBucket>, key: string, rate: Rate): TokenBucket {
    const bucket = buckets.get(key) ?? new TokenBucket(...rate, this.#now);
    buckets.set(key, bucket);
    return bucket;
  }
}

function takeFrom(bucket: TokenBucket, cost: number): boolean {
  if (!bucket.take()) return false;
  bucket.charge(cost - 1);
  return true;
}
