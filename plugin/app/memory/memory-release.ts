// Gives memory that malloc keeps free back to the system while calls run, and once after the last one. Frames of all sizes come and go
// on many threads, and each change of a call leaves holes between them. Without this a call's process grew by some 0.25 MB a minute,
// although what it used stayed the same (`npm run soak`).

/** A release takes a few ms, and the pages it gives back cost a fault each when they are needed again. */
const INTERVAL_MS = 60_000;
/** After the last call its engine and devices close. */
const AFTER_MS = 5_000;

export interface MemoryReleaseOptions {
  /** Never blocks this thread. */
  release(): Promise<void>;
  onError(error: unknown): void;
  /** Runs once after `delayMs`, if the process still lives; the result cancels it. */
  after?(delayMs: number, run: () => void): () => void;
}

/** Keeps no process alive. */
export class MemoryRelease {
  readonly #options: MemoryReleaseOptions;
  readonly #calls = new Set<string>();
  #cancel: () => void = () => undefined;

  constructor(options: MemoryReleaseOptions) {
    this.#options = options;
  }

  callBegan(callId: string): void {
    const isFirst = this.#calls.size === 0;
    this.#calls.add(callId);
    if (isFirst) this.#plan(INTERVAL_MS);
  }

  /** Does nothing for a call that did not begin. */
  callEnded(callId: string): void {
    if (this.#calls.delete(callId) && this.#calls.size === 0) this.#plan(AFTER_MS);
  }

  #plan(delayMs: number): void {
    this.#cancel();
    this.#cancel = (this.#options.after ?? afterIfAlive)(delayMs, () => {
      this.#options.release().catch(this.#options.onError);
      if (this.#calls.size > 0) this.#plan(INTERVAL_MS);
    });
  }
}

function afterIfAlive(delayMs: number, run: () => void): () => void {
  const timer = setTimeout(run, delayMs).unref();
  return () => clearTimeout(timer);
}
