// How many messages of a gossip neighbour are read. A neighbour signs with as many identities as it likes, and each message costs
// the check of a signature. Above the limit a neighbour is not listened to until its budget has refilled.

import { BoundedMap } from "../../common/bounded-map.ts";
import { TokenBucket } from "../../common/token-bucket.ts";

/** A network of 500 peers publishes 100 messages a second, and one neighbour may forward them all. */
export const GOSSIP_OF_NEIGHBOUR = [400, 100] as const;
/** Of all neighbours that the user has not chosen. */
export const GOSSIP_OF_STRANGERS = [800, 200] as const;
/** As many as connections. */
const MAX_NEIGHBOURS = 128;

export class GossipBudget {
  readonly #isKnown: (peerId: string) => boolean;
  readonly #now: () => number;
  readonly #own = new BoundedMap<string, TokenBucket>(MAX_NEIGHBOURS);
  readonly #strangers: TokenBucket;
  #dropped = 0;

  /** @param now a monotonic clock in milliseconds */
  constructor(isKnown: (peerId: string) => boolean, now: () => number = () => performance.now()) {
    this.#isKnown = isKnown;
    this.#now = now;
    this.#strangers = new TokenBucket(...GOSSIP_OF_STRANGERS, now);
  }

  /** Messages that were dropped unread. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A message came from this neighbour. @returns false to drop it unread */
  take(neighbour: string): boolean {
    const bucket = this.#own.get(neighbour) ?? new TokenBucket(...GOSSIP_OF_NEIGHBOUR, this.#now);
    this.#own.set(neighbour, bucket);
    const isTaken = bucket.take() && (this.#isKnown(neighbour) || this.#strangers.take());
    if (!isTaken) this.#dropped += 1;
    return isTaken;
  }

  /** Whether the next message would be dropped, so that it need not be decoded. */
  isUsedUp(neighbour: string): boolean {
    if (this.#own.get(neighbour)?.canTake() === false) return true;
    return !this.#isKnown(neighbour) && !this.#strangers.canTake();
  }
}
