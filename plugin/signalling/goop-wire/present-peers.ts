// Who was heard lately on the presence topic, and how often each may be heard. Bounded whatever anybody publishes; counts
// sweeps instead of reading a clock, so a machine that slept has not lost everybody.

import { BURST_OF_NEWCOMERS, MAX_CONTACTS, NEWCOMERS_PER_SECOND } from "../timings.ts";

/** Messages in a row that a peer may send, and how many come back to it with every sweep. */
const BURST_OF_PEER = 10;
const REFILL_OF_PEER = 2;

export type Verdict = "taken" | "stale" | "tooMany";

interface Present {
  /** The sender's clock at its newest message. */
  newestMs: number;
  sweepsLeft: number;
  allowance: number;
  isHere: boolean;
}

export interface PresentPeersOptions {
  /** How many sweeps a peer that is silent counts as here, and then as known. */
  readonly sweepsHere: number;
  readonly sweepsKnown: number;
  isContact(peerId: string): boolean;
  onSilent(peerId: string): void;
  onForgotten(peerId: string): void;
}

export class PresentPeers {
  readonly #options: PresentPeersOptions;
  readonly #peers = new Map<string, Present>();
  #newcomers = BURST_OF_NEWCOMERS;

  constructor(options: PresentPeersOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** A peer spoke, or said that it leaves. `sentAtMs` is its own clock; an older message than its newest is stale. */
  hear(peerId: string, sentAtMs: number, isHere: boolean): Verdict {
    const known = this.#peers.get(peerId);
    if (known ? known.allowance === 0 : !this.#admits(peerId)) return "tooMany";
    const { sweepsHere, sweepsKnown } = this.#options;
    const allowance = (known?.allowance ?? BURST_OF_PEER) - 1;
    // Who was silent for long may have a clock that was set back meanwhile.
    const isStale = known?.isHere === true && sentAtMs !== 0 && sentAtMs < known.newestMs;
    if (isStale) {
      known.allowance = allowance;
      return "stale";
    }
    const sweepsLeft = isHere ? sweepsHere : sweepsKnown;
    this.#peers.set(peerId, { newestMs: sentAtMs, sweepsLeft, allowance, isHere });
    return "taken";
  }

  /** To be called at equal intervals. */
  sweep(): void {
    this.#newcomers = Math.min(BURST_OF_NEWCOMERS, this.#newcomers + NEWCOMERS_PER_SECOND);
    for (const [peerId, present] of this.#peers) {
      present.allowance = Math.min(BURST_OF_PEER, present.allowance + REFILL_OF_PEER);
      present.sweepsLeft -= 1;
      if (!this.#options.isContact(peerId)) this.#peers.delete(peerId);
      else if (present.sweepsLeft <= 0) this.#end(peerId, present);
    }
  }

  #end(peerId: string, present: Present): void {
    if (present.isHere) {
      present.isHere = false;
      present.sweepsLeft = this.#options.sweepsKnown;
      this.#options.onSilent(peerId);
    } else {
      this.#peers.delete(peerId);
      this.#options.onForgotten(peerId);
    }
  }

  /** A contact always; of strangers so many in a time, and no more than there are contacts. */
  #admits(peerId: string): boolean {
    if (this.#peers.size >= 2 * MAX_CONTACTS) return false;
    if (this.#options.isContact(peerId)) return true;
    if (this.#newcomers === 0) return false;
    this.#newcomers -= 1;
    return true;
  }
}
