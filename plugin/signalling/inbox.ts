// Sorts the messages that were acknowledged: signals of calls, who peers are, and what is nothing to us, which is
// counted. What a signal means, and whether its sender is the call's peer, is the desk's to say.

import type { Signal } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { IDENTITY_RESPONSE_TOPIC, IDENTITY_TOPIC, type PeerIdentity, parseIdentity } from "./identity.ts";
import { type IgnoredWhy, understand } from "./topics.ts";

export interface InboxOptions {
  onSignal(from: string, callId: string, signal: Signal): void;
  onIdentityAsked(from: string): void;
  onIdentity(from: string, identity: PeerIdentity): void;
  readonly log: Log;
}

/** Messages that were acknowledged and not taken, by why. */
export type Ignored = Record<IgnoredWhy | "badIdentity", number>;

export class Inbox {
  readonly #options: InboxOptions;
  readonly #ignored: Ignored = {
    otherTopic: 0,
    loopback: 0,
    badCallId: 0,
    unknownSignal: 0,
    endOfCandidates: 0,
    badIdentity: 0,
  };

  constructor(options: InboxOptions) {
    this.#options = options;
  }

  get ignored(): Readonly<Ignored> {
    return { ...this.#ignored };
  }

  /** Never throws, unless a listener does. `from` is the identity that the connection proved. */
  take(from: string, topic: string, payload: unknown): void {
    if (topic === IDENTITY_TOPIC) {
      this.#options.onIdentityAsked(from);
    } else if (topic === IDENTITY_RESPONSE_TOPIC) {
      const identity = parseIdentity(payload, from);
      if (identity) this.#options.onIdentity(from, identity);
      else this.#ignore("badIdentity", from, topic);
    } else {
      const understood = understand(topic, payload);
      if ("ignored" in understood) this.#ignore(understood.ignored, from, topic);
      else this.#options.onSignal(from, understood.callId, understood.signal);
    }
  }

  #ignore(why: keyof Ignored, from: string, topic: string): void {
    this.#ignored[why] += 1;
    this.#options.log("debug", `message from ${from} ignored: ${why}, topic ${topic.slice(0, 80)}`);
  }
}
