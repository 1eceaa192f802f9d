// What one connection may cost before any protocol handler knows of it: streams that are reset at once, pings, empty frames,
// unknown protocols, and bytes. A peer above its rate loses the connection, since no smaller answer would end the cost.

import type { PeerClass } from "./peer-class.ts";
import { type ClassRates, RateBudget } from "./rate-budget.ts";

/** Streams, counted at their first frame. Twice as many as the handlers take, which also use some for gossip and identify. */
export const STARTED_STREAMS: ClassRates = {
  known: [2_048, 256],
  stranger: [512, 64],
  allStrangers: [1_024, 256],
  scarce: [32, 4],
};
/** Frames of both directions, since a peer can make us answer. A neighbour may forward a hundred presence messages a second. */
export const FRAMES: ClassRates = {
  known: [16_384, 2_048],
  stranger: [1_024, 512],
  allStrangers: [8_192, 2_048],
  scarce: [300, 64],
};
/** A longer frame costs as much as several. So a message of the largest size costs 257 frames. */
const BYTES_PER_FRAME = 4_096;

export class FrameBudget {
  readonly #starts: RateBudget;
  readonly #frames: RateBudget;

  /** @param now a monotonic clock in milliseconds */
  constructor(classOf: (peerId: string) => PeerClass, now?: () => number) {
    this.#starts = new RateBudget(classOf, STARTED_STREAMS, now);
    this.#frames = new RateBudget(classOf, FRAMES, now);
  }

  /** @returns false if the connection must end */
  take(peerId: string, bytes: number): boolean {
    return this.#frames.take(peerId, 1 + bytes / BYTES_PER_FRAME);
  }

  /** The peer starts a stream. @returns false if the connection must end */
  start(peerId: string): boolean {
    return this.#starts.take(peerId);
  }
}
