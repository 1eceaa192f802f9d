// A capture that is opened again whenever its source has another size.

import { addCounters, NOTHING_CAPTURED } from "../../native/frame-faults.ts";
import type {
  CameraMode,
  Capture,
  CaptureCallbacks,
  CaptureCounters,
  CaptureError,
  VideoFrame,
} from "../../native/types.ts";

/** A source whose size changes while it is being opened, again and again, fails. */
const MOST_ATTEMPTS = 10;

export interface ResizingCaptureOptions {
  /** @throws Error */
  open(callbacks: CaptureCallbacks): Promise<Capture>;
  /** Whether the capture ended because its source has another size. */
  isResize(error: unknown): boolean;
  onFrame(frame: VideoFrame): void;
  /** It has failed. The owner must still call `close()`. */
  onEnded(error: unknown): void;
}

export class ResizingCapture {
  readonly #options: ResizingCaptureOptions;
  #capture: Capture | null = null;
  #opening: Promise<void> | null = null;
  #past = NOTHING_CAPTURED;
  #isClosed = false;

  constructor(options: ResizingCaptureOptions) {
    this.#options = options;
  }

  /** Null while it is being opened. */
  get mode(): CameraMode | null {
    return this.#capture?.mode ?? null;
  }

  counters(): CaptureCounters {
    return this.#capture ? addCounters(this.#past, this.#capture.counters()) : this.#past;
  }

  /** Call it once. @throws what `open` throws */
  async start(): Promise<void> {
    this.#opening = this.#open();
    await this.#opening;
  }

  /** Idempotent. No callback follows. */
  async close(): Promise<void> {
    this.#isClosed = true;
    // Who waits for it learns of its failure.
    await this.#opening?.catch(() => undefined);
    await this.#closeCapture();
  }

  async #open(): Promise<void> {
    for (let attempt = 1; !this.#isClosed; attempt += 1) {
      try {
        this.#capture = await this.#options.open({
          onFrame: (frame) => {
            if (!this.#isClosed) this.#options.onFrame(frame);
          },
          onError: (error) => this.#ended(error),
        });
        return;
      } catch (error) {
        if (!this.#options.isResize(error) || attempt === MOST_ATTEMPTS) throw error;
      }
    }
  }

  #ended(error: CaptureError): void {
    if (this.#isClosed) return;
    if (!this.#options.isResize(error)) {
      this.#options.onEnded(error);
      return;
    }
    this.#opening = this.#closeCapture()
      .then(() => this.#open())
      .catch((failure: unknown) => {
        if (!this.#isClosed) this.#options.onEnded(failure);
      });
  }

  async #closeCapture(): Promise<void> {
    const capture = this.#capture;
    if (capture === null) return;
    await capture.close();
    if (this.#capture !== capture) return;
    this.#past = addCounters(this.#past, capture.counters());
    this.#capture = null;
  }
}
