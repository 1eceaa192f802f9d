// Which peers announced their presence lately, and a rate limit for each of them. All limits hold whatever peers publish.
// Time is counted in sweeps instead of read from a clock, so peers do not expire while the machine sleeps.

import { TokenBucket } from "../../common/token-bucket.ts";
import { BURST_OF_STRANGERS, MAX_CONTACTS, STRANGERS_PER_SECOND } from "../timings.ts";

/** Messages that one peer may send in a row. */
const BURST_PER_PEER = 10;
/** Messages that one peer regains with each sweep. */
const REFILL_PER_SWEEP = 2;
/** The rate limits count one sweep as one second. */
const SWEEP_MS = 1_000;

/** stale: older than the peer's newest message; tooMany: above a rate limit or a size limit. */
export type PresenceVerdict = "accepted" | "stale" | "tooMany";

interface PresentPeer {
  /** The sender's clock in its newest message. */
  newestMs: number;
  sweepsLeft: number;
  readonly messages: TokenBucket;
  isOnline: boolean;
}

interface PresentPeersOptions {
  /** Number of sweeps after which a silent peer counts as offline. */
  readonly sweepsOnline: number;
  /** Number of further sweeps after which the peer is forgotten. */
  readonly sweepsKnown: number;
  isContact(peerId: string): boolean;
  onSilent(peerId: string): void;
  onForgotten(peerId: string): void;
}

export class PresentPeers {
  readonly #options: PresentPeersOptions;
  readonly #peers = new Map<string, PresentPeer>();
  readonly #strangers: TokenBucket;
  #sweeps = 0;

  constructor(options: PresentPeersOptions) {
    this.#options = options;
    this.#strangers = this.#createBucket(BURST_OF_STRANGERS, STRANGERS_PER_SECOND);
  }

  get size(): number {
    return this.#peers.size;
  }

  isOnline(peerId: string): boolean {
    return this.#peers.get(peerId)?.isOnline ?? false;
  }

  /** Records one message. `sentAtMs` is the peer's own clock, or 0. `isOnline` is false if the peer says that it leaves. */
  record(peerId: string, sentAtMs: number, isOnline: boolean): PresenceVerdict {
    const known = this.#peers.get(peerId);
    if (!known && !this.#admits(peerId)) return "tooMany";
    const messages = known?.messages ?? this.#createBucket(BURST_PER_PEER, REFILL_PER_SWEEP);
    if (!messages.take()) return "tooMany";
    // The clock of a peer that was offline may have been set back meanwhile.
    const isStale = known?.isOnline === true && sentAtMs !== 0 && sentAtMs < known.newestMs;
    if (isStale) return "stale";
    const { sweepsOnline, sweepsKnown } = this.#options;
    const sweepsLeft = isOnline ? sweepsOnline : sweepsKnown;
    this.#peers.set(peerId, { newestMs: sentAtMs, sweepsLeft, messages, isOnline });
    return "accepted";
  }

  /** Call this at equal intervals. */
  sweep(): void {
    this.#sweeps += 1;
    for (const [peerId, peer] of this.#peers) {
      peer.sweepsLeft -= 1;
      if (!this.#options.isContact(peerId)) this.#peers.delete(peerId);
      else if (peer.sweepsLeft <= 0) this.#expire(peerId, peer);
    }
  }

  #createBucket(burst: number, perSweep: number): TokenBucket {
    return new TokenBucket(burst, perSweep, () => this.#sweeps * SWEEP_MS);
  }

  #expire(peerId: string, peer: PresentPeer): void {
    if (peer.isOnline) {
      peer.isOnline = false;
      peer.sweepsLeft = this.#options.sweepsKnown;
      this.#options.onSilent(peerId);
    } else {
      this.#peers.delete(peerId);
      this.#options.onForgotten(peerId);
    }
  }

  /** Contacts are always admitted, strangers at a limited rate. */
  #admits(peerId: string): boolean {
    if (this.#peers.size >= 2 * MAX_CONTACTS) return false;
    return this.#options.isContact(peerId) || this.#strangers.take();
  }
}
