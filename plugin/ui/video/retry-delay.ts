// The time until a stream is asked for again: short at first, doubled at each failure, and short again after a stream that lasted.

/** A cut connection is replaced well within a second. */
const FIRST_MS = 250;
/** A page that waits for a free place gets it within this time. */
const LONGEST_MS = 2_000;
/** A stream that lasted this long has worked. */
const STEADY_MS = 5_000;

export class RetryDelay {
  readonly #onEnd: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #nextMs = FIRST_MS;
  /** Monotonic milliseconds of the last stream's start; undefined while there is none. */
  #beganMs: number | undefined;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  get isRunning(): boolean {
    return this.#timer !== undefined;
  }

  /** Whether the stream that began last has lasted. */
  get wasSteady(): boolean {
    return this.#beganMs !== undefined && performance.now() - this.#beganMs >= STEADY_MS;
  }

  /** A stream has opened. */
  begin(): void {
    this.#beganMs = performance.now();
  }

  /** The stream is lost or refused. Does nothing while the delay runs. */
  start(): void {
    if (this.isRunning) return;
    if (this.wasSteady) this.#nextMs = FIRST_MS;
    this.#beganMs = undefined;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#onEnd();
    }, this.#nextMs);
    this.#nextMs = Math.min(2 * this.#nextMs, LONGEST_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
