// Which of a viewer's messages are handed on. A viewer keeps what came while nobody listened, without time stamps, and
// replays it at the next connection: calls that are long over must not ring. Knows no HTTP and no clock.

import { BoundedMap } from "../../common/bounded-map.ts";
import type { TransportMessage } from "../transport/host-transport.ts";
import { isHangup } from "../transport/topic-queue.ts";

/** A viewer replays 200 messages a peer at most; this many are told apart from what came before. */
const MAX_REMEMBERED = 4_096;
/** Held while a replay lasts; far above 200 messages of every peer that called. */
const MAX_HELD = 4_096;
const MAX_ENDED = 1_024;

/** As the viewer's event names it; `id` is the sender's. */
export interface ReceivedMessage extends TransportMessage {
  readonly id: string;
}

/**
 * While a replay lasts, a call that begins in it is held back until its end is known or the replay is over. Messages of calls
 * that began before pass at once, in order.
 */
export class ReplayedMessages {
  readonly #pass: (message: TransportMessage) => void;
  readonly #seen = new BoundedMap<string, true>(MAX_REMEMBERED);
  readonly #ended = new BoundedMap<string, true>(MAX_ENDED);
  /** By call, each in order. */
  readonly #held = new Map<string, TransportMessage[]>();
  #heldCount = 0;
  #isReplaying = false;

  constructor(pass: (message: TransportMessage) => void) {
    this.#pass = pass;
  }

  get isReplaying(): boolean {
    return this.#isReplaying;
  }

  /** A connection begins: what comes now may be old. */
  beginReplay(): void {
    this.#isReplaying = true;
  }

  /** What is still held is of calls that may still ring. */
  endReplay(): void {
    this.#isReplaying = false;
    const held = [...this.#held.values()].flat();
    this.#held.clear();
    this.#heldCount = 0;
    for (const message of held) this.#pass(message);
  }

  /** Our side hung up: a request of this call that comes later is old. */
  noteHangup(message: TransportMessage): void {
    this.#ended.set(keyOf(message), true);
  }

  receive({ id, ...message }: ReceivedMessage): void {
    const { peerId, payload } = message;
    // A message that was sent twice has two ids; this is the same one told twice.
    if (id !== "") {
      if (this.#seen.has(`${peerId} ${id}`)) return;
      this.#seen.set(`${peerId} ${id}`, true);
    }
    const key = keyOf(message);
    if (payload.type === "call-request" && this.#ended.has(key)) return;
    if (isHangup(message)) this.#ended.set(key, true);
    if (!this.#isReplaying) this.#pass(message);
    else this.#takeReplayed(message, key);
  }

  #takeReplayed(message: TransportMessage, key: string): void {
    const held = this.#held.get(key);
    if (!held && message.payload.type !== "call-request") this.#pass(message);
    else if (isHangup(message)) {
      this.#held.delete(key);
      this.#heldCount -= held?.length ?? 0;
    } else if (this.#heldCount < MAX_HELD) {
      this.#held.set(key, [...(held ?? []), message]);
      this.#heldCount += 1;
    }
  }
}

function keyOf({ peerId, topic }: TransportMessage): string {
  return `${peerId} ${topic}`;
}
