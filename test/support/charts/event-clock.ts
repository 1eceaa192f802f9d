// A clock for simulated runs: time jumps from one wait's end to the next, each at its own moment and in order, so that an
// hour in which nothing happens costs nothing. Fits wherever xstate or the fake network asks for a clock.

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
    // Of several at one moment the first that was set ends first.
    const later = this.#waits.findIndex(({ dueMs }) => dueMs > wait.dueMs);
    this.#waits.splice(later < 0 ? this.#waits.length : later, 0, wait);
    return wait.id;
  }

  clearTimeout(id: number): void {
    const index = this.#waits.findIndex((wait) => wait.id === id);
    if (index >= 0) this.#waits.splice(index, 1);
  }

  /** Waits that have not ended. */
  get waiting(): number {
    return this.#waits.length;
  }

  /** How long until the next wait ends, milliseconds; null when nobody waits. */
  get nextMs(): number | null {
    const [next] = this.#waits;
    return next ? next.dueMs - this.nowMs : null;
  }

  /** What ends within this time ends; a wait that begins meanwhile counts too. */
  increment(timeMs: number): void {
    const untilMs = this.nowMs + timeMs;
    while (this.#endNext(untilMs));
    this.nowMs = untilMs;
  }

  /**
   * The same, where what a wait's end brings about takes turns of the event loop.
   * @param settle awaited after each moment at which something ended
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
