// Tells when a shared window is hidden: it gives no frames, and the list of what can be shared lacks it.

/** A window that is shown gives a frame in every second. */
const LOOK_MS = 1_500;

export interface WindowWatchOptions {
  /** How many frames were captured so far. */
  captured(): number;
  /** Whether the list of what can be seen has the window. */
  isListed(): Promise<boolean>;
  onHidden(isHidden: boolean): void;
}

export class WindowWatch {
  readonly #options: WindowWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #isHidden = false;
  #isStopped = false;
  #isLooking = false;
  #capturedBefore = -1;

  /** Runs until `stop()`. */
  constructor(options: WindowWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
  }

  /** A frame came. */
  shown(): void {
    this.#setHidden(false);
  }

  /** Idempotent. No callback follows. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    // A display that hangs answers no list. One question at a time waits for it.
    if (this.#isLooking) return;
    const captured = this.#options.captured();
    const isStill = captured === this.#capturedBefore;
    this.#capturedBefore = captured;
    if (!isStill || this.#isHidden) return;
    // The end of the server or of the window is reported by the capture.
    this.#isLooking = true;
    const isListed = await this.#options.isListed().catch(() => true);
    this.#isLooking = false;
    if (!isListed && this.#options.captured() === captured) this.#setHidden(true);
  }

  #setHidden(isHidden: boolean): void {
    if (isHidden === this.#isHidden || this.#isStopped) return;
    this.#isHidden = isHidden;
    this.#options.onHidden(isHidden);
  }
}
