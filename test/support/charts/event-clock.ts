// A simulated clock. Time jumps from the end of one timer to the end of the next, in order, so an idle hour costs nothing.
// xstate and the fake network both accept it.

interface Wait {
  readonly id: number;
  readonly dueMs: number;
  end(): void;
}

export class EventClock {
  nowMs = 0;
  #waits: Wait[] = [];
  #lastId = 0;

  now(): number {
    return this.nowMs;
  }

  setTimeout(end: (...args: unknown[]) => void, timeMs: number): number {
    this.#lastId += 1;
    const wait = { id: this.#lastId, dueMs: this.nowMs + timeMs, end: () => end() };
    // Timers that are due at the same time end in the order in which they were set.
    const later = this.#waits.findIndex(({ dueMs }) => dueMs > wait.dueMs);
    this.#waits.splice(later < 0 ? this.#waits.length : later, 0, wait);
    return wait.id;
  }

  clearTimeout(id: number): void {
    const index = this.#waits.findIndex((wait) => wait.id === id);
    if (index >= 0) this.#waits.splice(index, 1);
  }

  /** Number of running timers. */
  get waiting(): number {
    return this.#waits.length;
  }

  /** Milliseconds until the next timer ends; null without timers. */
  get nextMs(): number | null {
    const [next] = this.#waits;
    return next ? next.dueMs - this.nowMs : null;
  }

  /** Ends all timers that are due within this time, including new ones. */
  increment(timeMs: number): void {
    const untilMs = this.nowMs + timeMs;
    while (this.#endNext(untilMs));
    this.nowMs = untilMs;
  }

  /**
   * Does the same, but waits for the effects of each timer in the event loop.
   * @param settle awaited after each moment at which a timer ended
   */
  async passes(timeMs: number, settle: () => Promise<void>): Promise<void> {
    const untilMs = this.nowMs + timeMs;
    while (this.#endNext(untilMs)) {
      const { nowMs } = this;
      while (this.#endNext(nowMs));
      await settle();
    }
    this.nowMs = untilMs;
  }

  #endNext(untilMs: number): boolean {
    const [next] = this.#waits;
    if (!next || next.dueMs > untilMs) return false;
    this.#waits.shift();
    this.nowMs = next.dueMs;
    next.end();
    return true;
  }
}
