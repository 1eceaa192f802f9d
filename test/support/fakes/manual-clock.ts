// A clock that stands still until a test advances it.

import type { Clock } from "../../../plugin/common/clock.ts";

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Timers run when they are due, in order. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: Timer[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  /** Timers that have neither run nor been cancelled. */
  get timers(): number {
    return this.#timers.length;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + delayMs, run };
    this.#timers.push(timer);
    return () => this.#remove(timer);
  }

  /** Runs every timer that is due on the way. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (;;) {
      const [next] = this.#timers.toSorted((one, other) => one.dueMs - other.dueMs);
      if (!next || next.dueMs > endMs) break;
      this.#remove(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.run();
    }
    this.#nowMs = endMs;
  }

  /** Time passes while no timer can run, as in a process that is stopped. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  #remove(timer: Timer): void {
    this.#timers = this.#timers.filter((one) => one !== timer);
  }
}
