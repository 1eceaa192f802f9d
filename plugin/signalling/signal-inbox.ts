// Decrypts acknowledged messages and dispatches them as signals of calls or as identity messages. Other messages are
// counted and dropped. Whether a signal's sender is the call's peer is checked by the call manager.

import type { Signal } from "../../rpc-schema/index.ts";
import { createUnknownFieldLog, type LogUnknownFields } from "../common/unknown-field-log.ts";
import type { Log } from "../log.ts";
import { HeldMessages } from "./encryption/held-messages.ts";
import { isSealed, type OpenedPayload } from "./encryption/sealing.ts";
import { RECEIPT_TOPIC } from "./goop-wire/goop-mq.ts";
import {
  IDENTITY_RESPONSE_TOPIC,
  IDENTITY_TOPIC,
  type PeerIdentity,
  parseIdentity,
} from "./goop-wire/identity.ts";
import { type IgnoreReason, parseSignal } from "./topics.ts";

interface SignalInboxOptions {
  open(from: string, payload: unknown): OpenedPayload;
  /** The message is encrypted with a key that we do not know, or for a key that is not ours. */
  onUndecryptable(from: string): void;
  /** The message was encrypted, and our keys decrypted it. */
  onDecrypted(from: string): void;
  /** The message is plain and no identity message. */
  onPlain(from: string): void;
  onSignal(from: string, callId: string, signal: Signal): void;
  /** A page of the peer took one of our messages. */
  onReceipt(from: string): void;
  onIdentityRequest(from: string): void;
  onIdentity(from: string, identity: PeerIdentity, wasSealed: boolean): void;
  /** See Signalling.isKnown. */
  isKnown(peerId: string): boolean;
  readonly holdSealedMs: number;
  readonly log: Log;
}

/** The number of messages that were acknowledged but not dispatched, by reason. */
export type IgnoredCounts = Record<IgnoreReason | "badIdentity" | "undecryptable", number>;

export class SignalInbox {
  readonly #options: SignalInboxOptions;
  readonly #held: HeldMessages;
  readonly #logUnknownFields: LogUnknownFields;
  readonly #ignored: IgnoredCounts = {
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
    this.#logUnknownFields = createUnknownFieldLog(options.log);
    this.#held = new HeldMessages(
      options.holdSealedMs,
      (from, { topic }) => this.#ignore("undecryptable", from, topic),
      options.isKnown,
    );
  }

  get ignored(): Readonly<IgnoredCounts> {
    return { ...this.#ignored };
  }

  /** Never throws, unless a callback does. The connection authenticated `from`. */
  receive(from: string, topic: string, payload: unknown): void {
    const opened = this.#options.open(from, payload);
    if ("payload" in opened) {
      this.#dispatch(from, topic, opened.payload, isSealed(payload));
      return;
    }
    this.#held.hold(from, { topic, sealed: opened.sealed });
    this.#options.onUndecryptable(from);
  }

  /** The peer has a new key, which may decrypt the messages that are held for it. */
  onNewKey(from: string): void {
    for (const { topic, sealed } of this.#held.release(from)) {
      const opened = this.#options.open(from, { enc: sealed });
      if ("payload" in opened) this.#dispatch(from, topic, opened.payload, true);
      else this.#ignore("undecryptable", from, topic);
    }
  }

  /** Drops the messages that are still held. */
  close(): void {
    this.#held.close();
  }

  #dispatch(from: string, topic: string, payload: unknown, wasSealed: boolean): void {
    if (wasSealed) this.#options.onDecrypted(from);
    else if (topic !== IDENTITY_TOPIC && topic !== IDENTITY_RESPONSE_TOPIC) this.#options.onPlain(from);
    if (topic === IDENTITY_TOPIC) {
      this.#options.onIdentityRequest(from);
    } else if (topic === IDENTITY_RESPONSE_TOPIC) {
      const identity = parseIdentity(payload, from);
      if (identity) this.#options.onIdentity(from, identity, wasSealed);
      else this.#ignore("badIdentity", from, topic);
    } else {
      if (topic === RECEIPT_TOPIC) this.#options.onReceipt(from);
      const parsed = parseSignal(topic, payload, this.#logUnknownFields);
      if ("ignored" in parsed) this.#ignore(parsed.ignored, from, topic);
      else this.#options.onSignal(from, parsed.callId, parsed.signal);
    }
  }

  #ignore(reason: keyof IgnoredCounts, from: string, topic: string): void {
    this.#ignored[reason] += 1;
    this.#options.log("debug", `message from ${from} ignored: ${reason}, topic ${topic.slice(0, 80)}`);
  }
}
