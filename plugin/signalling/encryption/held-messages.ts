// Holds messages that cannot be decrypted while their sender's key is requested. A peer may encrypt its first message
// before its identity has arrived. Number, size and time are limited, and strangers have half of it.

import { MAX_HELD_CHARS, MAX_HELD_MESSAGES, MAX_HELD_PER_PEER } from "../timings.ts";

interface HeldMessage {
  readonly topic: string;
  /** The encrypted text. */
  readonly sealed: string;
}

interface HeldForPeer {
  readonly messages: HeldMessage[];
  readonly timer: NodeJS.Timeout;
}

export class HeldMessages {
  readonly #holdMs: number;
  readonly #onDropped: (from: string, message: HeldMessage) => void;
  readonly #isKnown: (peerId: string) => boolean;
  readonly #held = new Map<string, HeldForPeer>();

  /**
   * @param onDropped runs for each message that expired or exceeded a limit
   * @param isKnown see Signalling.isKnown
   */
  constructor(
    holdMs: number,
    onDropped: (from: string, message: HeldMessage) => void,
    isKnown: (peerId: string) => boolean,
  ) {
    this.#holdMs = holdMs;
    this.#onDropped = onDropped;
    this.#isKnown = isKnown;
  }

  hold(from: string, message: HeldMessage): void {
    const held = this.#held.get(from);
    const of = this.#messagesOf(this.#isKnown(from));
    const chars = of.reduce((sum, { sealed }) => sum + sealed.length, message.sealed.length);
    const isFull =
      (held?.messages.length ?? 0) >= MAX_HELD_PER_PEER ||
      of.length >= MAX_HELD_MESSAGES / 2 ||
      chars > MAX_HELD_CHARS / 2;
    if (isFull) {
      this.#onDropped(from, message);
      return;
    }
    if (held) held.messages.push(message);
    else this.#held.set(from, { messages: [message], timer: this.#startTimer(from) });
  }

  /** Removes and returns the peer's messages in order of arrival. */
  release(from: string): readonly HeldMessage[] {
    const held = this.#held.get(from);
    if (!held) return [];
    clearTimeout(held.timer);
    this.#held.delete(from);
    return held.messages;
  }

  /** Drops every message without calling `onDropped`. */
  close(): void {
    for (const from of [...this.#held.keys()]) this.release(from);
  }

  /** All messages of known peers, or of strangers. */
  #messagesOf(isKnown: boolean): HeldMessage[] {
    return [...this.#held].flatMap(([from, { messages }]) =>
      this.#isKnown(from) === isKnown ? messages : [],
    );
  }

  #startTimer(from: string): NodeJS.Timeout {
    return setTimeout(() => {
      for (const message of this.release(from)) this.#onDropped(from, message);
    }, this.#holdMs);
  }
}
