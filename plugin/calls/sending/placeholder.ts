// Sends a small black picture again and again while a call sends no camera frames. Some peers play sound only together with
// pictures, and a browser would show our last camera frame for as long as no other follows.

import type { VideoFrame } from "../../../native/types.ts";
import { type Clock, systemClock } from "../../common/clock.ts";
import { i420Bytes } from "../../peer/media-checks.ts";

export interface PlaceholderOptions {
  /** Reads the picture before it returns. */
  send(picture: VideoFrame): void;
  /** Milliseconds until the next picture, asked after each one; null: the peer needs none. */
  intervalMs(): number | null;
  readonly clock?: Clock;
}

const WIDTH = 160;
const HEIGHT = 120;
/** Black in the limited range of ITU-R BT.601: luma 16, chroma 128. */
const BLACK = 16;
const NO_COLOUR = 128;

let black: VideoFrame | null = null;

/** Made once for the process. Nobody writes to it, so it is never released. */
function blackPicture(): VideoFrame {
  black ??= {
    width: WIDTH,
    height: HEIGHT,
    data: new Uint8Array(i420Bytes(WIDTH, HEIGHT))
      .fill(BLACK, 0, WIDTH * HEIGHT)
      .fill(NO_COLOUR, WIDTH * HEIGHT),
    capturedAtUs: 0,
    retain: () => undefined,
    release: () => undefined,
  };
  return black;
}

/** The caller of `start` also calls `stop`. Between `stop` and `start` there is no timer. */
export class Placeholder {
  readonly #options: PlaceholderOptions;
  /** Ends the wait for the next picture; null while it does not run. */
  #cancel: (() => void) | null = null;
  /** The wait is for a camera frame, and no picture was sent yet. */
  #isPictureExpected = false;
  #count = 0;

  constructor(options: PlaceholderOptions) {
    this.#options = options;
  }

  /** Pictures sent so far. */
  get count(): number {
    return this.#count;
  }

  /**
   * Sends the first picture at once. Does nothing while it runs already, and ends by itself when the peer turns out to need
   * none.
   * @param options.isPictureExpected wait for one interval first, because a camera frame is about to come
   */
  start({ isPictureExpected = false } = {}): void {
    if (this.#cancel !== null && (isPictureExpected || !this.#isPictureExpected)) return;
    this.stop();
    this.#isPictureExpected = isPictureExpected;
    if (isPictureExpected) this.#plan();
    else this.#sendNext();
  }

  /** Idempotent. */
  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #sendNext(): void {
    this.#cancel = null;
    this.#isPictureExpected = false;
    if (this.#options.intervalMs() === null) return;
    this.#options.send(blackPicture());
    this.#count += 1;
    this.#plan();
  }

  #plan(): void {
    const { intervalMs, clock = systemClock } = this.#options;
    const ms = intervalMs();
    if (ms !== null) this.#cancel = clock.after(ms, () => this.#sendNext());
  }
}
