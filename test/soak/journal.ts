// The last events of a soak, to tell what led to a failure.

const MAX_EVENTS = 40;

export class Journal {
  readonly #events: string[] = [];
  readonly #startMs = performance.now();

  /** Forgets the oldest event when there are too many. */
  note(event: string): void {
    const seconds = ((performance.now() - this.#startMs) / 1_000).toFixed(1);
    this.#events.push(`${seconds} s: ${event}`);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  /** With their seconds since the start, the oldest first. */
  get events(): readonly string[] {
    return this.#events;
  }
}
