// Exchanges identities with peers. We request a peer's identity when it becomes a contact. We send ours then, on request,
// and after it changed. We repeat both a while after a connection began, since a peer may be connected before it listens.

import { BoundedMap } from "../../common/bounded-map.ts";
import type { Log } from "../../log.ts";
import { IDENTITY_RESPONSE_TOPIC, IDENTITY_TOPIC } from "../goop-wire/identity.ts";
import { MAX_PACED_PEERS, type Timings } from "../timings.ts";
import { PeerPacer } from "./peer-pacer.ts";

interface IdentityExchangeOptions {
  /** Must not encrypt: a peer with an old key of ours could not decrypt the message that carries the new key. */
  deliver(peerId: string, topic: string, payload: unknown, signal: AbortSignal): Promise<void>;
  /** Our current identity message. */
  own(peerId: string, includesKey: boolean): object;
  /** Whether repeating the introduction is pointless: the peer has our key, or is not connected. */
  isSettled(peerId: string): boolean;
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
  readonly #options: IdentityExchangeOptions;
  /** Connected peers to which we introduce ourselves again. */
  readonly #repeats = new Map<string, NodeJS.Timeout>();
  readonly #requests: PeerPacer;
  readonly #answers: PeerPacer;

  constructor(options: IdentityExchangeOptions) {
    this.#options = options;
    const { closing, timings, log } = options;
    closing.addEventListener("abort", () => this.#stopRepeats(), { once: true });
    const pace = { pauseMs: timings.identityPauseMs, closing, log };
    this.#requests = new PeerPacer({
      ...pace,
      what: "requesting the identity of",
      work: (peerId, signal) => this.requestIdentity(peerId, signal),
    });
    this.#answers = new PeerPacer({
      ...pace,
      what: "sending our identity to",
      work: (peerId, signal) => this.deliverIdentity(peerId, signal),
    });
  }

  /** Sends our identity at once. Only for work that peers cannot trigger. */
  async deliverIdentity(peerId: string, signal: AbortSignal): Promise<void> {
    const { deliver, own } = this.#options;
    const peer = this.#identified.get(peerId);
    await deliver(peerId, IDENTITY_RESPONSE_TOPIC, own(peerId, peer !== undefined), signal);
    if (peer) peer.hasOurKey = true;
  }

  /** Requests the peer's identity at once. Only for work that peers cannot trigger. */
  async requestIdentity(peerId: string, signal: AbortSignal): Promise<void> {
    await this.#options.deliver(peerId, IDENTITY_TOPIC, null, signal);
  }

  /** A connection with the peer began, or the peer restarted. Introduces us now and again after `introduceAgainMs`. */
  onConnected(peerId: string): void {
    this.introduce(peerId);
    if (this.#repeats.size >= MAX_PACED_PEERS && !this.#repeats.has(peerId)) return;
    this.#repeatAfter(peerId, this.#options.timings.introduceAgainMs);
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

  #repeatAfter(peerId: string, [pauseMs, ...later]: readonly number[]): void {
    clearTimeout(this.#repeats.get(peerId));
    this.#repeats.delete(peerId);
    if (pauseMs === undefined || this.#options.closing.aborted) return;
    const timer = setTimeout(() => {
      this.#repeats.delete(peerId);
      if (this.#options.isSettled(peerId)) return;
      this.introduce(peerId);
      this.#repeatAfter(peerId, later);
    }, pauseMs);
    this.#repeats.set(peerId, timer);
  }

  #stopRepeats(): void {
    for (const timer of this.#repeats.values()) clearTimeout(timer);
    this.#repeats.clear();
  }
}
