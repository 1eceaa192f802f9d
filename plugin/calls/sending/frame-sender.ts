// Passes the camera's frames to WebRTC, reduced to the share that the adapt chart grants: a native worker scales them, and
// some are left out. At most one frame is being scaled and one waits. The newest frame wins.

import type { FrameScaler, VideoFrame } from "../../../native/types.ts";
import type { VideoShare } from "../../../statecharts/index.ts";
import { createPacer, type Pacer } from "../../frames/pacer.ts";

export interface FrameSenderOptions {
  createScaler(): FrameScaler;
  /** Reads the frame before it returns. */
  send(frame: VideoFrame): void;
  /** Monotonic milliseconds. */
  nowMs(): number;
  onError(error: unknown): void;
}

const FULL_SHARE: VideoShare = Object.freeze({ scale: 1, rate: 1 });
/** The scaler owns the buffer of a scaled frame. */
const nothingToRelease = () => undefined;
/** A smaller frame is of no use to WebRTC's encoder or to a person. */
const LEAST_SIDE = 16;

/** Sides are even, so that chroma falls on whole pixels. */
export function scaledSize(
  { width, height }: { width: number; height: number },
  scale: number,
): { width: number; height: number } {
  const even = (side: number) => Math.max(LEAST_SIDE, 2 * Math.round((side * scale) / 2));
  return scale === 1 ? { width, height } : { width: even(width), height: even(height) };
}

export class FrameSender {
  readonly #options: FrameSenderOptions;
  #scaler: FrameScaler | null = null;
  #share = FULL_SHARE;
  #pacer: Pacer | null = null;
  #waiting: VideoFrame | null = null;
  #isScaling = false;
  /** Rises when frames that are being scaled lose their use. */
  #generation = 0;

  constructor(options: FrameSenderOptions) {
    this.#options = options;
  }

  get share(): VideoShare {
    return this.#share;
  }

  /** @param sourceFps the camera's frame rate */
  limit(share: VideoShare, sourceFps: number): void {
    this.#share = share;
    this.#pacer = share.rate > 0 && share.rate < 1 ? createPacer(sourceFps * share.rate) : null;
    if (share.rate === 0 || share.scale === 1) this.stop();
  }

  /** @returns 0 if the frame is taken; otherwise the milliseconds until one would be, infinite while nothing is sent */
  offer(frame: VideoFrame): number {
    const { rate, scale } = this.#share;
    const now = this.#options.nowMs();
    const waitMs = rate === 0 ? Number.POSITIVE_INFINITY : (this.#pacer?.waitMs(now) ?? 0);
    if (waitMs > 0) return waitMs;
    this.#pacer?.take(now);
    if (scale === 1) {
      this.#options.send(frame);
      return 0;
    }
    frame.retain();
    this.#waiting?.release();
    this.#waiting = frame;
    this.#proceed();
    return 0;
  }

  /** Releases the waiting frame, and drops the one that is being scaled. */
  stop(): void {
    this.#generation += 1;
    this.#waiting?.release();
    this.#waiting = null;
  }

  #proceed(): void {
    const frame = this.#waiting;
    if (!frame || this.#isScaling) return;
    this.#waiting = null;
    this.#isScaling = true;
    this.#scale(frame)
      .catch(this.#options.onError)
      .finally(() => {
        frame.release();
        this.#isScaling = false;
        this.#proceed();
      });
  }

  async #scale(frame: VideoFrame): Promise<void> {
    this.#scaler ??= this.#options.createScaler();
    const size = scaledSize(frame, this.#share.scale);
    const generation = this.#generation;
    const data = await this.#scaler.scale(frame, size.width, size.height);
    // The camera may have closed meanwhile, or the share may have changed. Nothing may follow the last frame before that.
    if (generation !== this.#generation) return;
    this.#options.send({
      ...size,
      data,
      capturedAtUs: frame.capturedAtUs,
      retain: nothingToRelease,
      release: nothingToRelease,
    });
  }
}
