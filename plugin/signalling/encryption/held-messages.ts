// Holds messages that cannot be opened for the moment it takes to ask their sender's key: a peer may seal its first
// message before its answer to who it is has come. Bounded in number, size and time.

import { MAX_HELD_CHARS, MAX_HELD_MESSAGES, MAX_HELD_PER_PEER } from "../timings.ts";

export interface HeldMessage {
  readonly topic: string;
  /** The sealed text. */
  readonly sealed: string;
}

interface Held {
  readonly messages: HeldMessage[];
  readonly timer: NodeJS.Timeout;
}

export class HeldMessages {
  readonly #holdMs: number;
  readonly #onGivenUp: (from: string, message: HeldMessage) => void;
  readonly #held = new Map<string, Held>();
  #count = 0;
  #chars = 0;

  /** @param onGivenUp for each message that was held in vain, or found no room */
  constructor(holdMs: number, onGivenUp: (from: string, message: HeldMessage) => void) {
    this.#holdMs = holdMs;
    this.#onGivenUp = onGivenUp;
  }

  hold(from: string, message: HeldMessage): void {
    const held = this.#held.get(from);
    const isFull =
      (held?.messages.length ?? 0) >= MAX_HELD_PER_PEER ||
      this.#count >= MAX_HELD_MESSAGES ||
      this.#chars + message.sealed.length > MAX_HELD_CHARS;
    if (isFull) {
      this.#onGivenUp(from, message);
      return;
    }
    this.#count += 1;
    this.#chars += message.sealed.length;
    if (held) held.messages.push(message);
    else this.#held.set(from, { messages: [message], timer: this.#startTimer(from) });
  }

  /** What was held for the peer, in the order it came; it is held no longer. */
  release(from: string): readonly HeldMessage[] {
    const held = this.#held.get(from);
    if (!held) return [];
    clearTimeout(held.timer);
    this.#held.delete(from);
    this.#count -= held.messages.length;
    for (const { sealed } of held.messages) this.#chars -= sealed.length;
    return held.messages;
  }

  /** Lets go of everything without a word. */
  close(): void {
    for (const from of [...this.#held.keys()]) this.release(from);
  }

  #startTimer(from: string): NodeJS.Timeout {
    return setTimeout(() => {
      for (const message of this.release(from)) this.#onGivenUp(from, message);
    }, this.#holdMs);
  }
}
