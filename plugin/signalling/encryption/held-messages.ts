// Holds messages that cannot be decrypted while their sender's key is requested. A peer may encrypt its first message
// before its identity has arrived. Number, size and time are limited.

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
  readonly #held = new Map<string, HeldForPeer>();
  #count = 0;
  #chars = 0;

  /** @param onDropped runs for each message that expired or exceeded a limit */
  constructor(holdMs: number, onDropped: (from: string, message: HeldMessage) => void) {
    this.#holdMs = holdMs;
    this.#onDropped = onDropped;
  }

  hold(from: string, message: HeldMessage): void {
    const held = this.#held.get(from);
    const isFull =
      (held?.messages.length ?? 0) >= MAX_HELD_PER_PEER ||
      this.#count >= MAX_HELD_MESSAGES ||
      this.#chars + message.sealed.length > MAX_HELD_CHARS;
    if (isFull) {
      this.#onDropped(from, message);
      return;
    }
    this.#count += 1;
    this.#chars += message.sealed.length;
    if (held) held.messages.push(message);
    else this.#held.set(from, { messages: [message], timer: this.#startTimer(from) });
  }

  /** Removes and returns the peer's messages in order of arrival. */
  release(from: string): readonly HeldMessage[] {
    const held = this.#held.get(from);
    if (!held) return [];
    clearTimeout(held.timer);
    this.#held.delete(from);
    this.#count -= held.messages.length;
    for (const { sealed } of held.messages) this.#chars -= sealed.length;
    return held.messages;
  }

  /** Drops every message without calling `onDropped`. */
  close(): void {
    for (const from of [...this.#held.keys()]) this.release(from);
  }

  #startTimer(from: string): NodeJS.Timeout {
    return setTimeout(() => {
      for (const message of this.release(from)) this.#onDropped(from, message);
    }, this.#holdMs);
  }
}
