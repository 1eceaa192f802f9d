// Our video on its way into the engine: the frames of the bandwidth probe, those that fill up the frame rate, and the caller's.

import type { VideoFrame } from "../../../native/types.ts";
import { monotonicMs } from "../../common/clock.ts";
import type { Estimator, PeerStatistics, VideoContent } from "../peer.ts";
import { withoutProbe } from "../statistics.ts";
import type { WrtcLocalMedia } from "../wrtc-local-media.ts";
import type { WrtcVideoFrame } from "../wrtc-types.ts";
import { BandwidthProbe, noiseFrame, PROBE_PLANS, plainFrame } from "./bandwidth-probe.ts";
import { FrameRateFill } from "./frame-rate-fill.ts";

export interface SentVideoOptions {
  readonly local: Pick<WrtcLocalMedia, "sendVideo" | "sendProbe">;
  /** WebRTC's estimate in bits per second; null when unknown. */
  estimateBps(): Promise<number | null>;
  /** No higher estimate is needed. */
  readonly enoughBps: number;
}

/**
 * libwebrtc forgets the share of a video 2 s after its last frame. The next one then makes it measure several times that share at once.
 * Placeholders come once a second, and need no help.
 */
const AWAKE_MS = 1_500;
const AWAKE_CHECK_MS = 250;
/** The slowest step of the adaptation sends five frames a second. */
const FLOWING_MS = 400;
/** libwebrtc begins a measurement with a packet of 200 bytes or more. At a low bit rate VP8 leaves out what is less bright. */
const SEARCH_NOISE = { share: 1 / 14, noise: 60 };

/** For one connection. */
export class SentVideo {
  readonly #local: SentVideoOptions["local"];
  readonly #probe: BandwidthProbe;
  readonly #fill: FrameRateFill;
  #content: VideoContent = "camera";
  #hasSent = false;
  #awake: NodeJS.Timeout | undefined;
  #isStopped = false;
  #isUpright = false;
  /** Of the caller's last frame. */
  #flowedMs = Number.NEGATIVE_INFINITY;
  /** Of the last frame of any kind. */
  #sentMs = Number.NEGATIVE_INFINITY;
  /** Of the sent video, as far as it was the bandwidth probe's. */
  #probeBytes = 0;
  #lastBps: number | null = null;

  constructor({ local, estimateBps, enoughBps }: SentVideoOptions) {
    this.#local = local;
    const send = (frame: WrtcVideoFrame) => local.sendProbe(frame);
    this.#fill = new FrameRateFill({ send, estimateBps: () => this.#lastBps, nowMs: monotonicMs });
    this.#probe = new BandwidthProbe({
      send: (frame) => this.#sendOwn(frame),
      estimateBps,
      enoughBps,
      nowMs: monotonicMs,
    });
  }

  /** The connection stands, and its video is negotiated. Only the first call has an effect. */
  start(estimator: Estimator): void {
    this.#probe.start(PROBE_PLANS[estimator]);
    if (estimator === "sender" && !this.#isStopped)
      this.#awake ??= setInterval(() => this.#stayAwake(), AWAKE_CHECK_MS);
  }

  /** @param frame checked by the caller; read before this returns */
  send(frame: VideoFrame): void {
    if (this.#probe.holdsFrames) return;
    this.#probe.stop();
    this.#hasSent = true;
    // Pictures of a screen come one by one, and its encoder began with them.
    if (this.#content === "camera" && !this.#fill.admits()) return;
    this.#local.sendVideo(frame);
    this.#flowedMs = monotonicMs();
    this.#sentMs = this.#flowedMs;
    this.#fill.sent();
  }

  /** Whether the caller sends pictures now. */
  get isFlowing(): boolean {
    return monotonicMs() - this.#flowedMs < FLOWING_MS;
  }

  /** Gives the engine's measurement a packet to begin with. Camera frames do that by themselves. */
  search(): void {
    if (this.isFlowing) return;
    // Other sides make a key frame.
    this.#isUpright = !this.#isUpright;
    this.#sendOwn(noiseFrame(this.#isUpright, SEARCH_NOISE.share, SEARCH_NOISE.noise));
  }

  #stayAwake(): void {
    if (monotonicMs() - this.#sentMs >= AWAKE_MS) this.#sendOwn(plainFrame(this.#isUpright));
  }

  #sendOwn(frame: WrtcVideoFrame): void {
    this.#local.sendProbe(frame);
    this.#sentMs = monotonicMs();
    this.#fill.sent();
  }

  /** Another content gets another track, and with it a new encoder. */
  setContent(content: VideoContent): void {
    if (content === this.#content) return;
    this.#content = content;
    this.#fill.reset();
  }

  /** @returns the figures without those of the probes */
  ownOf(read: PeerStatistics): PeerStatistics {
    this.#lastBps = read.availableSendBps;
    if (!this.#hasSent) this.#probeBytes = read.bytesSentVideo;
    return withoutProbe(read, this.#probeBytes, this.#hasSent);
  }

  /** Sends nothing of its own any more. */
  stop(): void {
    this.#isStopped = true;
    clearInterval(this.#awake);
    this.#probe.stop();
    this.#fill.stop();
  }
}
