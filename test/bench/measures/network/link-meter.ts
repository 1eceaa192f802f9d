// How much of a direction's rate a call uses, as the rate changes.

import {
  HEADER_BYTES,
  type LinkShape,
  type PacketFate,
} from "../../../support/network/simulated/link-shape.ts";

export class LinkMeter {
  readonly #nowMs: () => number;
  #rateBps: number | null = null;
  /** When the rate was last added up. */
  #sinceMs: number;
  #capacityBits = 0;
  #carriedBits = 0;
  #isLimited = true;

  /** @param nowMs monotonic milliseconds */
  constructor(nowMs: () => number = () => performance.now()) {
    this.#nowMs = nowMs;
    this.#sinceMs = nowMs();
  }

  /** The direction has another shape from now on. */
  shaped({ rateBps }: LinkShape): void {
    this.#addUp();
    this.#rateBps = rateBps;
    this.#isLimited &&= rateBps !== null;
  }

  /** A packet came to the link. Those that the queue dropped were not carried. */
  packet(bytes: number, fate: PacketFate): void {
    if (fate !== "overflowed") this.#carriedBits += 8 * (bytes + HEADER_BYTES);
  }

  /** Counts from now on. */
  reset(): void {
    this.#sinceMs = this.#nowMs();
    this.#capacityBits = 0;
    this.#carriedBits = 0;
    this.#isLimited = this.#rateBps !== null;
  }

  /** NaN for a link without a limit. */
  usedPercent(): number {
    this.#addUp();
    return this.#isLimited ? (100 * this.#carriedBits) / this.#capacityBits : Number.NaN;
  }

  #addUp(): void {
    const nowMs = this.#nowMs();
    this.#capacityBits += ((this.#rateBps ?? 0) * (nowMs - this.#sinceMs)) / 1_000;
    this.#sinceMs = nowMs;
  }
}
