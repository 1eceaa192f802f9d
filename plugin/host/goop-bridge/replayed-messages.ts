// Filters the messages that Goop² replays. Goop² keeps messages without time stamps while no client listens, and replays
// them on the next connection. Calls that are long over must not ring.

import { BoundedMap } from "../../common/bounded-map.ts";
import type { TransportMessage } from "../transport/host-transport.ts";
import { isHangup } from "../transport/topic-queue.ts";

/** Message ids for the detection of duplicates. Goop² replays at most 200 messages per peer. */
const MAX_REMEMBERED_IDS = 4_096;
/** Messages held during a replay, far above 200 for each peer that called. */
const MAX_HELD = 4_096;
const MAX_ENDED_CALLS = 1_024;

/** `id` was chosen by the sender. */
export interface ReceivedMessage extends TransportMessage {
  readonly id: string;
}

/**
 * Holds back each call that begins in a replay, until its hang-up arrives or the replay is over. Messages of older calls
 * pass at once, in order.
 */
export class ReplayedMessages {
  readonly #pass: (message: TransportMessage) => void;
  readonly #seenIds = new BoundedMap<string, true>(MAX_REMEMBERED_IDS);
  readonly #endedCalls = new BoundedMap<string, true>(MAX_ENDED_CALLS);
  /** By call, each in order. */
  readonly #held = new Map<string, TransportMessage[]>();
  #heldCount = 0;
  #isReplaying = false;

  /** @param pass receives each message that is not held back or dropped */
  constructor(pass: (message: TransportMessage) => void) {
    this.#pass = pass;
  }

  get isReplaying(): boolean {
    return this.#isReplaying;
  }

  beginReplay(): void {
    this.#isReplaying = true;
  }

  /** Passes on the calls that are still held, because they may still ring. */
  endReplay(): void {
    this.#isReplaying = false;
    const held = [...this.#held.values()].flat();
    this.#held.clear();
    this.#heldCount = 0;
    for (const message of held) this.#pass(message);
  }

  /** Our side hung up, so a request of this call that arrives later is old. */
  noteHangup(message: TransportMessage): void {
    this.#endedCalls.set(keyOf(message), true);
  }

  receive({ id, ...message }: ReceivedMessage): void {
    const { peerId, payload } = message;
    // A message that the peer sent twice has two ids. The same id means that Goop² delivered one message twice.
    if (id !== "" && !this.#isNew(`${peerId} ${id}`)) return;
    const key = keyOf(message);
    if (payload.type === "call-request" && this.#endedCalls.has(key)) return;
    if (isHangup(message)) this.noteHangup(message);
    if (!this.#isReplaying) this.#pass(message);
    else this.#receiveReplayed(message, key);
  }

  #isNew(id: string): boolean {
    if (this.#seenIds.has(id)) return false;
    this.#seenIds.set(id, true);
    return true;
  }

  #receiveReplayed(message: TransportMessage, key: string): void {
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
