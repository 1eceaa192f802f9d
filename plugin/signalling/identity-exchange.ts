// Asks peers who they are and tells them who we are: when we get to know one, when one asks, and when what we say of
// ourselves has changed. What an answer means is decided by whoever listens.

import type { Log } from "../log.ts";
import { IDENTITY_RESPONSE_TOPIC, IDENTITY_TOPIC } from "./identity.ts";
import { PeerPacer } from "./peer-pacer.ts";
import type { Timings } from "./timings.ts";

export interface IdentityExchangeOptions {
  /** Unsealed: who holds a stale key of ours could not open it, and this is what brings the new one. */
  deliver(peerId: string, topic: string, payload: unknown, signal: AbortSignal): Promise<void>;
  /** Our own answer as it stands now. */
  own(): object;
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/** Each peer is asked, and told, at most once per `identityPauseMs`. Ends with `closing`. */
export class IdentityExchange {
  readonly #asking: PeerPacer;
  readonly #telling: PeerPacer;

  constructor({ deliver, own, closing, timings, log }: IdentityExchangeOptions) {
    const pace = { pauseMs: timings.identityPauseMs, closing, log };
    this.#asking = new PeerPacer({
      ...pace,
      what: "asking who is",
      work: async (peerId, signal) => deliver(peerId, IDENTITY_TOPIC, null, signal),
    });
    this.#telling = new PeerPacer({
      ...pace,
      what: "telling who we are to",
      work: async (peerId, signal) => deliver(peerId, IDENTITY_RESPONSE_TOPIC, own(), signal),
    });
  }

  /** Both ways. Ours first, so that the peer can seal its answer. */
  introduce(peerId: string): void {
    this.#telling.want(peerId);
    this.#asking.want(peerId);
  }

  tell(peerId: string): void {
    this.#telling.want(peerId);
  }
}
