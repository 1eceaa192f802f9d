// A link of a given rate, queue, delay and loss, as a pure schedule: it says when each packet arrives. Seeded, without a clock.

import type { Random } from "../process/seeded-random.ts";

export interface LinkShape {
  /** Bits per second, headers included; null without a limit. */
  readonly rateBps: number | null;
  /** The longest wait in the queue before the link. A packet that would wait longer is dropped. */
  readonly queueMs: number;
  /** Of every packet, after the queue. */
  readonly delayMs: number;
  /** At most this much is added to the delay. Packets keep their order. */
  readonly jitterMs: number;
  /** Share of packets that are lost at random, 0 to 1. */
  readonly loss: number;
}

export const FREE_LINK: LinkShape = { rateBps: null, queueMs: 1_000, delayMs: 0, jitterMs: 0, loss: 0 };
/** IPv4 and UDP. */
const HEADER_BYTES = 28;

/** `lost` at random, or `overflowed` because the queue was full. */
export type PacketFate = { readonly arrivesAtMs: number; readonly queuedMs: number } | "lost" | "overflowed";

export class ShapedLink {
  readonly #random: Random;
  #shape: LinkShape;
  /** When the link has sent everything that was admitted. */
  #idleAtMs = 0;
  #lastArrivalMs = 0;

  constructor(shape: LinkShape, random: Random) {
    this.#shape = shape;
    this.#random = random;
  }

  /** Applies to packets from now on. Those in the queue keep their time. */
  set shape(shape: LinkShape) {
    this.#shape = shape;
  }

  /** @param bytes of UDP payload; `nowMs` never decreases */
  admit(bytes: number, nowMs: number): PacketFate {
    const { rateBps, queueMs, delayMs, jitterMs, loss } = this.#shape;
    const startMs = Math.max(nowMs, this.#idleAtMs);
    const queuedMs = startMs - nowMs;
    if (queuedMs > queueMs) return "overflowed";
    const takesMs = rateBps === null ? 0 : (8_000 * (bytes + HEADER_BYTES)) / rateBps;
    this.#idleAtMs = startMs + takesMs;
    // A packet that is lost behind the queue has taken its time on the link.
    if (loss > 0 && this.#random.chance(loss)) return "lost";
    const jitter = jitterMs > 0 ? this.#random.below(jitterMs + 1) : 0;
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, this.#idleAtMs + delayMs + jitter);
    return { arrivesAtMs: this.#lastArrivalMs, queuedMs };
  }
}
