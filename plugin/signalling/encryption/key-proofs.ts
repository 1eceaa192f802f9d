// Which peers have our key. A peer that loses it acknowledges our encrypted messages and drops them. The only evidence is what
// the peer sends: an encrypted message proves that it has our key, and a plain one shows that it lost it.

import { BoundedMap } from "../../common/bounded-map.ts";
import { MAX_PACED_PEERS } from "../timings.ts";

/** The newest evidence since the last connection with the peer began. */
export type KeyProof = "proven" | "lacking";

/** Waits for the next evidence about one peer. A caller that no longer waits calls `end`. */
export interface ProofWait {
  readonly evidence: Promise<KeyProof>;
  /** True once the peer was asked for its identity, so that a plain identity is evidence. */
  isIdentityRequested: boolean;
  end(): void;
}

interface KeyProofsOptions {
  /** A peer is found to lack our key. */
  onLacking(peerId: string): void;
  /** Age in milliseconds above which a proof no longer counts. */
  readonly maxAgeMs: number;
  /** A monotonic clock in milliseconds. */
  readonly now?: () => number;
}

interface Evidence {
  readonly proof: KeyProof;
  readonly atMs: number;
}

export class KeyProofs {
  readonly #options: KeyProofsOptions;
  readonly #now: () => number;
  readonly #evidence = new BoundedMap<string, Evidence>(MAX_PACED_PEERS);
  /** Peers that are this plugin. They may send plain messages although they have our key. */
  readonly #plugins = new BoundedMap<string, true>(MAX_PACED_PEERS);
  /** As many as call requests that are being sent, which the send lanes limit. */
  readonly #waiting = new Map<string, Set<PromiseWithResolvers<KeyProof> & ProofWait>>();

  constructor(options: KeyProofsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** @returns undefined if there is no evidence since the last connection began, or only an old proof */
  get(peerId: string): KeyProof | undefined {
    const evidence = this.#evidence.get(peerId);
    if (evidence?.proof !== "proven") return evidence?.proof;
    return this.#now() - evidence.atMs <= this.#options.maxAgeMs ? "proven" : undefined;
  }

  record(peerId: string, proof: KeyProof): void {
    const isChange = this.#evidence.get(peerId)?.proof !== proof;
    this.#evidence.set(peerId, { proof, atMs: this.#now() });
    for (const wait of this.#waiting.get(peerId) ?? []) wait.resolve(proof);
    if (isChange && proof === "lacking") this.#options.onLacking(peerId);
  }

  /** The peer's identity names a key of the recipient, as only this plugin's does. */
  onPluginIdentity(peerId: string, isOurKey: boolean): void {
    this.#plugins.set(peerId, true);
    this.record(peerId, isOurKey ? "proven" : "lacking");
  }

  /** A plain identity is evidence only as an answer, since peers send identities plainly to introduce themselves. */
  onPlainIdentity(peerId: string): void {
    const waits = [...(this.#waiting.get(peerId) ?? [])];
    if (waits.some(({ isIdentityRequested }) => isIdentityRequested)) this.record(peerId, "lacking");
  }

  /** A plain message of a call. Goop² encrypts each one if it can. The plugin does so only with a proof of its own. */
  onPlainMessage(peerId: string): void {
    if (!this.#plugins.has(peerId)) this.record(peerId, "lacking");
  }

  /** The peer may have restarted, or it did not react to what it should have read. */
  forget(peerId: string): void {
    this.#evidence.delete(peerId);
  }

  waitFor(peerId: string): ProofWait {
    const waits = this.#waiting.get(peerId) ?? new Set();
    const { promise, resolve, reject } = Promise.withResolvers<KeyProof>();
    const wait = {
      ...{ promise, resolve, reject, evidence: promise, isIdentityRequested: false },
      end: () => {
        waits.delete(wait);
        if (waits.size === 0 && this.#waiting.get(peerId) === waits) this.#waiting.delete(peerId);
      },
    };
    waits.add(wait);
    this.#waiting.set(peerId, waits);
    return wait;
  }
}
