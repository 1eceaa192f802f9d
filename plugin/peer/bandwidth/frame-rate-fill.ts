// Lets the camera begin at its right bit rate. libwebrtc divides that rate by the frames a second of the last 3 s. After a few single
// frames it takes a camera for one frame a second, and each picture may have the bytes of thirty. README.md has the figures.

import type { WrtcVideoFrame } from "../wrtc-types.ts";
import { plainFrame } from "./bandwidth-probe.ts";

/** kFrameRateAvergingWindowSizeMs of libwebrtc's VideoStreamEncoder. When it is empty, libwebrtc assumes 30 frames a second. */
const WINDOW_MS = 3_000;
/** So long after the last frame a camera begins again. The slowest step of the adaptation sends five frames a second. */
const PAUSE_MS = 1_000;
/** Half of what the window holds at 30 frames a second: the assumed rate stays within a factor of two while the camera fills it. */
const ENOUGH_FRAMES = 45;
/** libwebrtc drops a frame that comes while it encodes the one before, which takes it 0.1 to 0.3 ms. */
const FILL_MS = 2;
/** The tiny frames take 4 kB with their headers. On a slower path they would delay the sound. */
const AFFORDABLE_BPS = 400_000;

export interface FrameRateFillOptions {
  send(frame: WrtcVideoFrame): void;
  /** WebRTC's estimate in bits per second, as it was last read; null when unknown. */
  estimateBps(): number | null;
  /** Monotonic milliseconds. */
  nowMs(): number;
}

/** For the frames of one connection. */
export class FrameRateFill {
  readonly #options: FrameRateFillOptions;
  /** Of the last frames, oldest first. */
  readonly #sentMs: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: FrameRateFillOptions) {
    this.#options = options;
  }

  /**
   * Asks for each camera frame. Where libwebrtc would misjudge the rate, it sends tiny plain frames first, for a tenth of a second.
   * @returns whether the frame may be sent now
   */
  admits(): boolean {
    if (this.#timer !== undefined) return false;
    const nowMs = this.#options.nowMs();
    const lastMs = this.#sentMs.at(-1) ?? Number.NEGATIVE_INFINITY;
    const pausedMs = nowMs - lastMs;
    if (pausedMs < PAUSE_MS || pausedMs >= WINDOW_MS) return true;
    if ((this.#options.estimateBps() ?? 0) < AFFORDABLE_BPS) return true;
    const missing = ENOUGH_FRAMES - this.#sentMs.filter((ms) => nowMs - ms < WINDOW_MS).length;
    if (missing <= 0) return true;
    this.#fill(missing);
    return false;
  }

  /** A frame of any kind was sent. */
  sent(): void {
    this.#sentMs.push(this.#options.nowMs());
    if (this.#sentMs.length > ENOUGH_FRAMES) this.#sentMs.shift();
  }

  /** The frames before a new encoder do not count. */
  reset(): void {
    this.stop();
    this.#sentMs.length = 0;
  }

  /** Sends nothing any more, unless a frame asks again. */
  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #fill(count: number): void {
    const frame = plainFrame();
    let missing = count;
    this.#timer = setInterval(() => {
      this.#options.send(frame);
      this.sent();
      missing -= 1;
      if (missing <= 0) this.stop();
    }, FILL_MS);
  }
}
