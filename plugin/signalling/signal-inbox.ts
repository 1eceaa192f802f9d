// Opens and sorts the messages that were acknowledged: signals of calls, who peers are, and what is nothing to us,
// which is counted. What a signal means, and whether its sender is the call's peer, is the desk's to say.

import type { Signal } from "../../rpc-schema/index.ts";
import type { Log } from "../log.ts";
import { HeldMessages } from "./encryption/held-messages.ts";
import type { Opened } from "./encryption/sealing.ts";
import {
  IDENTITY_RESPONSE_TOPIC,
  IDENTITY_TOPIC,
  type PeerIdentity,
  parseIdentity,
} from "./goop-wire/identity.ts";
import { type IgnoredWhy, understand } from "./topics.ts";

export interface SignalInboxOptions {
  open(from: string, payload: unknown): Opened;
  /** A message came sealed with a key that we do not know, or for one that is not ours. */
  onUnopened(from: string): void;
  onSignal(from: string, callId: string, signal: Signal): void;
  onIdentityAsked(from: string): void;
  onIdentity(from: string, identity: PeerIdentity): void;
  readonly holdSealedMs: number;
  readonly log: Log;
}

/** Messages that were acknowledged and not taken, by why. */
export type Ignored = Record<IgnoredWhy | "badIdentity" | "undecryptable", number>;

export class SignalInbox {
  readonly #options: SignalInboxOptions;
  readonly #held: HeldMessages;
  readonly #ignored: Ignored = {
    otherTopic: 0,
    loopback: 0,
    badCallId: 0,
    unknownSignal: 0,
    endOfCandidates: 0,
    badIdentity: 0,
    undecryptable: 0,
  };

  constructor(options: SignalInboxOptions) {
    this.#options = options;
    this.#held = new HeldMessages(options.holdSealedMs, (from, { topic }) =>
      this.#ignore("undecryptable", from, topic),
    );
  }

  get ignored(): Readonly<Ignored> {
    return { ...this.#ignored };
  }

  /** Never throws, unless a listener does. `from` is the identity that the connection proved. */
  take(from: string, topic: string, payload: unknown): void {
    const opened = this.#options.open(from, payload);
    if ("payload" in opened) {
      this.#sort(from, topic, opened.payload);
      return;
    }
    this.#held.hold(from, { topic, sealed: opened.sealed });
    this.#options.onUnopened(from);
  }

  /** The peer's key is another one now: what it sealed before may be readable. */
  onNewKey(from: string): void {
    for (const { topic, sealed } of this.#held.release(from)) {
      const opened = this.#options.open(from, { enc: sealed });
      if ("payload" in opened) this.#sort(from, topic, opened.payload);
      else this.#ignore("undecryptable", from, topic);
    }
  }

  /** What is still held is forgotten. */
  close(): void {
    this.#held.close();
  }

  #sort(from: string, topic: string, payload: unknown): void {
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
