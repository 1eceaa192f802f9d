// Exchanges identities with peers. We request a peer's identity when it becomes a contact. We send ours then, on request,
// and after it changed.

import { BoundedMap } from "../../common/bounded-map.ts";
import type { Log } from "../../log.ts";
import { IDENTITY_RESPONSE_TOPIC, IDENTITY_TOPIC } from "../goop-wire/identity.ts";
import { MAX_PACED_PEERS, type Timings } from "../timings.ts";
import { PeerPacer } from "./peer-pacer.ts";

interface IdentityExchangeOptions {
  /** Must not encrypt: a peer with an old key of ours could not decrypt the message that carries the new key. */
  deliver(peerId: string, topic: string, payload: unknown, signal: AbortSignal): Promise<void>;
  /** Our current identity message. */
  own(includesKey: boolean): object;
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/**
 * Sends each peer at most one request and one identity per `identityPauseMs`. Ends with `closing`. A peer receives our key
 * only after its own identity arrived. Goop² encrypts its identity once it has our key, and we could not decrypt it yet.
 */
export class IdentityExchange {
  /** Peers whose identity arrived since this process started, and whether they acknowledged our key since. */
  readonly #identified = new BoundedMap<string, { hasOurKey: boolean }>(MAX_PACED_PEERS);
  readonly #requests: PeerPacer;
  readonly #answers: PeerPacer;

  constructor({ deliver, own, closing, timings, log }: IdentityExchangeOptions) {
    const pace = { pauseMs: timings.identityPauseMs, closing, log };
    this.#requests = new PeerPacer({
      ...pace,
      what: "requesting the identity of",
      work: async (peerId, signal) => deliver(peerId, IDENTITY_TOPIC, null, signal),
    });
    this.#answers = new PeerPacer({
      ...pace,
      what: "sending our identity to",
      work: async (peerId, signal) => {
        const peer = this.#identified.get(peerId);
        await deliver(peerId, IDENTITY_RESPONSE_TOPIC, own(peer !== undefined), signal);
        if (peer) peer.hasOurKey = true;
      },
    });
  }

  /** Sends our identity and requests the peer's. */
  introduce(peerId: string): void {
    this.#answers.schedule(peerId);
    this.#requests.schedule(peerId);
  }

  /**
   * The peer sent its identity, or an encrypted message that we could not decrypt. Either way it is safe to send our key.
   * Sends it at the first such message, and again whenever the peer has a new key.
   */
  onIdentified(peerId: string, isKeyNew: boolean): void {
    if (this.#identified.has(peerId) && !isKeyNew) return;
    if (!this.#identified.has(peerId)) this.#identified.set(peerId, { hasOurKey: false });
    this.#answers.schedule(peerId);
  }

  /**
   * True until the peer acknowledged our key, since it could not decrypt our messages. False for a peer that sent no
   * identity in this process, since it may have our key from an earlier one.
   */
  isKeyPending(peerId: string): boolean {
    return this.#identified.get(peerId)?.hasOurKey === false;
  }

  sendIdentity(peerId: string): void {
    this.#answers.schedule(peerId);
  }
}
