// Which peers have our key. A peer that loses it acknowledges our encrypted messages and drops them. The only evidence is what
// the peer sends: an encrypted message proves that it has our key, and a plain one shows that it lost it.

import { BoundedMap } from "../../common/bounded-map.ts";
import { MAX_PACED_PEERS } from "../timings.ts";

/** The newest evidence since the last connection with the peer began. */
export type KeyProof = "proven" | "lacking";

/** Waits for the next evidence about one peer. A caller that no longer waits calls `end`. */
export interface ProofWait {
  readonly evidence: Promise<KeyProof>;
  /**
   * The peer may have restarted, or received our key, since the wait began and before the evidence. Evidence then says nothing
   * about messages that were sent before.
   */
  readonly isOutdated: boolean;
  /** True once the peer was asked for its identity, so that a plain identity is evidence. */
  isIdentityRequested: boolean;
  end(): void;
}

class Waiting implements ProofWait {
  readonly #evidence = Promise.withResolvers<KeyProof>();
  readonly #onEnd: (wait: Waiting) => void;
  #isSettled = false;
  isOutdated = false;
  isIdentityRequested = false;

  constructor(onEnd: (wait: Waiting) => void) {
    this.#onEnd = onEnd;
  }

  get evidence(): Promise<KeyProof> {
    return this.#evidence.promise;
  }

  settle(proof: KeyProof): void {
    this.#isSettled = true;
    this.#evidence.resolve(proof);
  }

  outdate(): void {
    if (!this.#isSettled) this.isOutdated = true;
  }

  end(): void {
    this.#onEnd(this);
  }
}

export class KeyProofs {
  readonly #onLacking: (peerId: string) => void;
  readonly #proofs = new BoundedMap<string, KeyProof>(MAX_PACED_PEERS);
  /** As many as call requests that are being sent, which the send lanes limit. */
  readonly #waiting = new Map<string, Set<Waiting>>();

  /** @param onLacking runs when a peer is found to lack our key */
  constructor(onLacking: (peerId: string) => void) {
    this.#onLacking = onLacking;
  }

  /** @returns undefined if there is no evidence since the last connection began */
  get(peerId: string): KeyProof | undefined {
    return this.#proofs.get(peerId);
  }

  record(peerId: string, proof: KeyProof): void {
    const isChange = this.#proofs.get(peerId) !== proof;
    this.#proofs.set(peerId, proof);
    for (const wait of this.#waiting.get(peerId) ?? []) wait.settle(proof);
    if (isChange && proof === "lacking") this.#onLacking(peerId);
  }

  /** A plain identity is evidence only as an answer, since peers send identities plainly to introduce themselves. */
  onPlainIdentity(peerId: string): void {
    const waits = [...(this.#waiting.get(peerId) ?? [])];
    if (waits.some(({ isIdentityRequested }) => isIdentityRequested)) this.record(peerId, "lacking");
  }

  /** The peer may have restarted. */
  forget(peerId: string): void {
    this.#proofs.delete(peerId);
    this.onKeySent(peerId);
  }

  /** We are about to send our key, so later evidence says nothing about earlier messages. */
  onKeySent(peerId: string): void {
    for (const wait of this.#waiting.get(peerId) ?? []) wait.outdate();
  }

  waitFor(peerId: string): ProofWait {
    const waits = this.#waiting.get(peerId) ?? new Set<Waiting>();
    const wait = new Waiting((ended) => {
      waits.delete(ended);
      if (waits.size === 0 && this.#waiting.get(peerId) === waits) this.#waiting.delete(peerId);
    });
    waits.add(wait);
    this.#waiting.set(peerId, waits);
    return wait;
  }
}
