// Asks peers who they are and tells them who we are: when we get to know one, when one asks, and when what we say of
// ourselves has changed. What an answer means is decided by whoever listens.

import { BoundedMap } from "../../common/bounded-map.ts";
import type { Log } from "../../log.ts";
import { IDENTITY_RESPONSE_TOPIC, IDENTITY_TOPIC } from "../goop-wire/identity.ts";
import { MAX_PACED_PEERS, type Timings } from "../timings.ts";
import { PeerPacer } from "./peer-pacer.ts";

export interface IdentityExchangeOptions {
  /** Unsealed: who holds a stale key of ours could not open it, and this is what brings the new one. */
  deliver(peerId: string, topic: string, payload: unknown, signal: AbortSignal): Promise<void>;
  /** Our own answer as it stands now, with our key or without. */
  own(isKeyTold: boolean): object;
  readonly closing: AbortSignal;
  readonly timings: Timings;
  readonly log: Log;
}

/**
 * Each peer is asked, and told, at most once per `identityPauseMs`. Ends with `closing`. A peer hears our key only after
 * we have heard who it is: a host that has our key seals its answer too, and without its key we could never read that.
 */
export class IdentityExchange {
  /** Who told of itself while this process lives, and whether it took our key since; the oldest leave first. */
  readonly #heard = new BoundedMap<string, { hasOurKey: boolean }>(MAX_PACED_PEERS);
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
      work: async (peerId, signal) => {
        const heard = this.#heard.get(peerId);
        await deliver(peerId, IDENTITY_RESPONSE_TOPIC, own(heard !== undefined), signal);
        if (heard) heard.hasOurKey = true;
      },
    });
  }

  /** Both ways. */
  introduce(peerId: string): void {
    this.#telling.want(peerId);
    this.#asking.want(peerId);
  }

  /**
   * The peer said who it is, with a new key or not, or sealed something, so that it has a key of ours already: it may
   * have the one that we have now.
   */
  onHeard(peerId: string, isKeyNew: boolean): void {
    if (this.#heard.has(peerId) && !isKeyNew) return;
    if (!this.#heard.has(peerId)) this.#heard.set(peerId, { hasOurKey: false });
    this.#telling.want(peerId);
  }

  /** While our key is on its way: what we seal the peer could not read. One met in an earlier life has it. */
  isKeyOwed(peerId: string): boolean {
    return this.#heard.get(peerId)?.hasOurKey === false;
  }

  tell(peerId: string): void {
    this.#telling.want(peerId);
  }
}
