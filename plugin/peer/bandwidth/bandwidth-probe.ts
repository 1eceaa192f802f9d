// Measures the path as soon as a connection stands: it sends small dark frames before the first frame of the caller, because
// WebRTC measures with its own video only. README.md, "Bandwidth estimate", has the reasons and the figures.

import { i420Bytes } from "../media-checks.ts";
import type { Estimator } from "../peer.ts";
import type { WrtcVideoFrame } from "../wrtc-types.ts";

/** No camera format and no step of a call's adaptation has these sides. They change places so that each frame is a key frame. */
const LONG_SIDE = 144;
const SHORT_SIDE = 112;
const BLACK = 16;
const NO_COLOUR = 128;
/** Dark. */
const NOISE = 24;

/** libwebrtc's estimate before anything was measured (kDefaultStartBitrateBps). */
const START_BPS = 300_000;
/** The first measurement is made at three times the start. A result below this means that the path is slower than that. */
const SLOW_BPS = 2 * START_BPS;
const TICK_MS = 50;
/** libwebrtc's receiver reports a higher estimate every 200 ms at most, so each report finds a newer frame. */
const FRAME_MS = 100;
/** Each repetition waits longer: on a narrow link the frame is still on its way, and another one only delays the sound. */
const RETRY_FACTOR = 3;
const RETRIES = 2;
/** An estimate that has not risen for this long has found the capacity. */
const RISE_MS = 600;
const MAX_FRAMES = 12;

export interface ProbePlan {
  /** The part of each frame that is noise, 0 to 1. A whole one is some 10 kB of VP8. */
  readonly noise: number;
  /** A result arrives one round trip after the frame. Without one the measurement failed, and another frame repeats it. */
  readonly retryMs: number;
  /** The longest wait of the first frames for a measurement. */
  readonly holdMs: number;
}

export const PROBE_PLANS: Readonly<Record<Estimator, ProbePlan>> = {
  // The receiver takes no other packets for a measurement. A picture that starts at 300 kb/s takes as long as the hold.
  receiver: { noise: 1, retryMs: 300, holdMs: 250 },
  // The engine fills the bursts up itself. A narrow link is found too, once they have passed it.
  sender: { noise: 1 / 12, retryMs: 1_000, holdMs: 1_000 },
};

export interface BandwidthProbeOptions {
  send(frame: WrtcVideoFrame): void;
  /** WebRTC's estimate in bits per second; null when unknown. */
  estimateBps(): Promise<number | null>;
  /** No higher estimate is needed. */
  readonly enoughBps: number;
  /** Monotonic milliseconds. */
  nowMs(): number;
}

/** Whether a frame is part of the other side's probe, and no picture. */
export function isProbeFrame({ width, height }: { width: number; height: number }): boolean {
  return Math.max(width, height) === LONG_SIDE && Math.min(width, height) === SHORT_SIDE;
}

/** Runs once, from `start` until the estimate no longer rises, the caller's first frame, or `stop`. */
export class BandwidthProbe {
  readonly #options: BandwidthProbeOptions;
  #plan = PROBE_PLANS.receiver;
  #phase: "waiting" | "running" | "over" = "waiting";
  #startMs = 0;
  #frames = 0;
  #sentMs = 0;
  #bps = START_BPS;
  #risenMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: BandwidthProbeOptions) {
    this.#options = options;
  }

  /** Whether the probe would lose its use by a frame now: before the connection, and until the first measurement. */
  get holdsFrames(): boolean {
    if (this.#phase === "waiting") return true;
    return (
      this.#phase === "running" &&
      !this.#isMeasured &&
      this.#options.nowMs() - this.#startMs < this.#plan.holdMs
    );
  }

  /** Only the first call has an effect. */
  start(plan: ProbePlan): void {
    if (this.#phase !== "waiting") return;
    this.#plan = plan;
    this.#phase = "running";
    this.#startMs = this.#options.nowMs();
    this.#risenMs = this.#startMs;
    this.#send();
    this.#schedule();
  }

  /** Ends the probe. Nothing is sent or held afterwards. */
  stop(): void {
    this.#phase = "over";
    clearTimeout(this.#timer);
  }

  get #isMeasured(): boolean {
    return this.#bps !== START_BPS;
  }

  get #retryMs(): number {
    return this.#plan.retryMs * RETRY_FACTOR ** (this.#frames - 1);
  }

  #schedule(): void {
    this.#timer = setTimeout(() => {
      // Without an estimate there is nothing to find.
      this.#tick().catch(() => this.stop());
    }, TICK_MS);
  }

  async #tick(): Promise<void> {
    const bps = (await this.#options.estimateBps()) ?? START_BPS;
    if (this.#phase !== "running") return;
    const nowMs = this.#options.nowMs();
    if (bps > this.#bps) this.#risenMs = nowMs;
    this.#bps = bps;
    if (this.#isOver(nowMs)) {
      this.stop();
      return;
    }
    if (nowMs - this.#sentMs >= (this.#isMeasured ? FRAME_MS : this.#retryMs)) this.#send();
    this.#schedule();
  }

  #isOver(nowMs: number): boolean {
    if (!this.#isMeasured) return this.#frames > RETRIES && nowMs - this.#sentMs >= this.#retryMs;
    if (this.#bps < SLOW_BPS || this.#bps >= this.#options.enoughBps) return true;
    return this.#frames >= MAX_FRAMES || nowMs - this.#risenMs >= RISE_MS;
  }

  #send(): void {
    this.#frames += 1;
    this.#sentMs = this.#options.nowMs();
    this.#options.send(noiseFrame(this.#frames % 2 === 0, this.#plan.noise));
  }
}

/** @returns a black frame that the remote side takes for part of the probe too */
export function plainFrame(isUpright = false): WrtcVideoFrame {
  const [width, height] = isUpright ? [SHORT_SIDE, LONG_SIDE] : [LONG_SIDE, SHORT_SIDE];
  const data = new Uint8Array(i420Bytes(width, height)).fill(NO_COLOUR).fill(BLACK, 0, width * height);
  return { width, height, data };
}

/**
 * @param share of the frame that is noise; the rest is black
 * @param noise the greatest brightness above black
 */
export function noiseFrame(isUpright: boolean, share: number, noise = NOISE): WrtcVideoFrame {
  const frame = plainFrame(isUpright);
  const pixels = share * frame.width * frame.height;
  for (let index = 0; index < pixels; index += 1) frame.data[index] = BLACK + Math.random() * noise;
  return frame;
}
