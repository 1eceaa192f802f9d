// Delivers real packets when their link says so. Bounded by the link's queue, and by a number of packets.

import type { PacketFate, ShapedLink } from "./link-shape.ts";

const MAX_WAITING = 10_000;

interface Waiting {
  readonly atMs: number;
  deliver(): void;
}

export class PacketQueue {
  readonly #link: ShapedLink;
  /** In the order of delivery. */
  readonly #waiting: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(link: ShapedLink) {
    this.#link = link;
  }

  /**
   * @param deliver is called on arrival, twice for a duplicated packet, never for a lost one and never after `stop`
   * @returns what becomes of the packet
   */
  pass(bytes: number, deliver: () => void): PacketFate {
    const fate = this.#link.admit(bytes, performance.now());
    if (typeof fate === "string") return fate;
    if (this.#waiting.length + fate.copies > MAX_WAITING) return "overflowed";
    const next = this.#waiting.findLastIndex(({ atMs }) => atMs <= fate.arrivesAtMs) + 1;
    const packets = Array.from({ length: fate.copies }, () => ({ atMs: fate.arrivesAtMs, deliver }));
    this.#waiting.splice(next, 0, ...packets);
    if (next === 0) this.#deliver();
    return fate;
  }

  /** Packets that wait are dropped. Idempotent. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#waiting.length = 0;
  }

  /** Delivers what is due, and waits for the next. */
  #deliver(): void {
    clearTimeout(this.#timer);
    while (this.#waiting[0] && this.#waiting[0].atMs <= performance.now()) this.#waiting.shift()?.deliver();
    const next = this.#waiting[0];
    if (!next) return;
    this.#timer = setTimeout(() => this.#deliver(), Math.max(0, next.atMs - performance.now()));
  }
}
