// How many messages of a gossip neighbour are read. A neighbour signs with as many identities as it likes, and each message costs
// the check of a signature. Above the limit a neighbour is not listened to until its budget has refilled.

import type { PeerClass } from "./peer-class.ts";
import { type ClassRates, RateBudget } from "./rate-budget.ts";

/**
 * A network of 500 peers publishes 100 messages a second, and one neighbour may forward them all. A burst is read in one turn of
 * the event loop, so it is short.
 */
export const GOSSIP: ClassRates = {
  known: [100, 100],
  stranger: [40, 100],
  allStrangers: [80, 200],
  scarce: [20, 5],
};

export class GossipBudget {
  readonly #rates: RateBudget;
  #dropped = 0;

  /** @param now a monotonic clock in milliseconds */
  constructor(classOf: (peerId: string) => PeerClass, now?: () => number) {
    this.#rates = new RateBudget(classOf, GOSSIP, now);
  }

  /** Messages that were dropped unread. */
  get dropped(): number {
    return this.#dropped;
  }

  /** A message came from this neighbour. @returns false to drop it unread */
  take(neighbour: string): boolean {
    const isTaken = this.#rates.take(neighbour);
    if (!isTaken) this.#dropped += 1;
    return isTaken;
  }

  /** Whether the next message would be dropped, so that it need not be decoded. */
  isUsedUp(neighbour: string): boolean {
    return !this.#rates.allows(neighbour);
  }
}
