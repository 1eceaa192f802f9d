// A link of a given rate, queue, delay and loss, as a pure schedule: it says when each packet arrives. Seeded, without a clock.
// Loss, bursts, duplicates, late packets, delay and rate were checked against sch_netem: test/kernel/network.test.ts.

import type { Random } from "../../process/seeded-random.ts";

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
  /**
   * Mean number of packets that are lost one after the other; 1 for losses that do not depend on each other, of which
   * neighbours are lost by chance only.
   */
  readonly lossBurst: number;
  /** Share of packets that arrive twice, 0 to 1. */
  readonly duplicated: number;
  /** Share of packets that arrive REORDER_MS late, after younger ones, 0 to 1. */
  readonly reordered: number;
}

export const FREE_LINK: LinkShape = {
  rateBps: null,
  queueMs: 1_000,
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  lossBurst: 1,
  duplicated: 0,
  reordered: 0,
};
/** Nothing arrives. */
export const BLACKOUT: LinkShape = { ...FREE_LINK, loss: 1 };
/** As long as a few packets of a call take. */
export const REORDER_MS = 30;
/** IPv4 and UDP. */
export const HEADER_BYTES = 28;
const SHARES = 2 ** 32;

export interface Arrival {
  readonly arrivesAtMs: number;
  readonly queuedMs: number;
  /** 2 for a duplicated packet. */
  readonly copies: number;
}

/** `lost` at random, or `overflowed` because the queue was full. */
export type PacketFate = Arrival | "lost" | "overflowed";

export class ShapedLink {
  readonly #random: Random;
  #shape: LinkShape;
  /** When the link has sent everything that was admitted. */
  #idleAtMs = 0;
  #lastArrivalMs = 0;
  /** Whether the newest packet belongs to a burst of losses. */
  #isInBurst = false;

  constructor(shape: LinkShape, random: Random) {
    this.#shape = shape;
    this.#random = random;
  }

  /** Applies to packets from now on. Those in the queue keep their time. */
  set shape(shape: LinkShape) {
    this.#shape = shape;
  }

  /**
   * The luck of the n-th packet depends on the seed and n only, whatever was sent before it and when.
   * @param bytes of UDP payload; `nowMs` never decreases
   */
  admit(bytes: number, nowMs: number): PacketFate {
    const { rateBps, queueMs, delayMs, jitterMs, duplicated, reordered } = this.#shape;
    const luck = this.#draw();
    const startMs = Math.max(nowMs, this.#idleAtMs);
    const queuedMs = startMs - nowMs;
    if (queuedMs > queueMs) return "overflowed";
    const takesMs = rateBps === null ? 0 : (8_000 * (bytes + HEADER_BYTES)) / rateBps;
    this.#idleAtMs = startMs + takesMs;
    // A packet that is lost behind the queue has taken its time on the link.
    if (this.#isInBurst) return "lost";
    const jitter = Math.floor(luck.jitter * (jitterMs + 1));
    const copies = luck.copy < duplicated ? 2 : 1;
    const inOrderMs = Math.max(this.#lastArrivalMs, this.#idleAtMs + delayMs + jitter);
    if (luck.order < reordered) return { arrivesAtMs: inOrderMs + REORDER_MS, queuedMs, copies };
    this.#lastArrivalMs = inOrderMs;
    return { arrivesAtMs: inOrderMs, queuedMs, copies };
  }

  /** Always the same number of random numbers for a packet. */
  #draw(): PacketLuck {
    this.#isInBurst = this.#isLost(this.#share());
    return { jitter: this.#share(), copy: this.#share(), order: this.#share() };
  }

  /**
   * Gilbert's model of bursts: every packet of a burst is lost, none outside. A burst ends after each packet with the
   * chance 1/lossBurst; the chance of its begin follows from the share of all packets that are to be lost.
   */
  #isLost(luck: number): boolean {
    const { loss, lossBurst } = this.#shape;
    if (loss >= 1 || lossBurst === 1) return luck < loss;
    const ends = 1 / lossBurst;
    return luck < (this.#isInBurst ? 1 - ends : (loss * ends) / (1 - loss));
  }

  /** From 0 up to, but not including, 1. */
  #share(): number {
    return this.#random.below(SHARES) / SHARES;
  }
}

/** Each from 0 up to, but not including, 1. */
interface PacketLuck {
  readonly jitter: number;
  readonly copy: number;
  readonly order: number;
}
