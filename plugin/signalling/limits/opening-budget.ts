// How often peers may open streams, since each costs processor time whatever it holds. Strangers share one rate. When it is
// used up, a stranger that opens few streams still may, and one that opens many may not.

import { BoundedMap } from "../../common/bounded-map.ts";
import { TokenBucket } from "../../common/token-bucket.ts";
import type { PeerClass } from "./peer-class.ts";

/** Streams in a row, and then each second. */
type Rate = readonly [burst: number, perSecond: number];

/** A call needs about 60 messages, and a burst of candidates about 20. Each may come with a receipt on another stream. */
export const KNOWN_OPENINGS: Rate = [1_024, 128];
export const STRANGER_OPENINGS: Rate = [256, 32];
/** Strangers together. */
export const ALL_STRANGERS_OPENINGS: Rate = [512, 128];
/** For one stranger while the others have used up the shared rate. Enough to call, and to exchange identity and label. */
export const SCARCE_OPENINGS: Rate = [16, 2];
/** A peer that is dropped has its whole budget again. Connections are limited too, so this takes an attacker a while. */
const MAX_PEERS = 1_024;

export class OpeningBudget {
  readonly #classOf: (peerId: string) => PeerClass;
  readonly #now: () => number;
  readonly #shared: TokenBucket;
  readonly #own = new BoundedMap<string, TokenBucket>(MAX_PEERS);
  readonly #scarce = new BoundedMap<string, TokenBucket>(MAX_PEERS);

  /** @param now a monotonic clock in milliseconds */
  constructor(classOf: (peerId: string) => PeerClass, now: () => number = () => performance.now()) {
    this.#classOf = classOf;
    this.#now = now;
    this.#shared = new TokenBucket(...ALL_STRANGERS_OPENINGS, now);
  }

  /** @returns whether the peer may open another stream now; if so, it counts */
  take(peerId: string): boolean {
    const of = this.#classOf(peerId);
    const own = this.#bucket(
      this.#own,
      `${of} ${peerId}`,
      of === "known" ? KNOWN_OPENINGS : STRANGER_OPENINGS,
    );
    if (!own.take()) return false;
    return (
      of === "known" || this.#shared.take() || this.#bucket(this.#scarce, peerId, SCARCE_OPENINGS).take()
    );
  }

  #bucket(buckets: BoundedMap<string, TokenBucket>, key: string, rate: Rate): TokenBucket {
    const bucket = buckets.get(key) ?? new TokenBucket(...rate, this.#now);
    buckets.set(key, bucket);
    return bucket;
  }
}
