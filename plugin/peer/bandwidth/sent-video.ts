// Our video on its way into the engine: the frames of the bandwidth probe, those that fill up the frame rate, and the caller's.

import type { VideoFrame } from "../../../native/types.ts";
import { monotonicMs } from "../../common/clock.ts";
import type { PeerStatistics, VideoContent } from "../peer.ts";
import { withoutProbe } from "../statistics.ts";
import type { WrtcLocalMedia } from "../wrtc-local-media.ts";
import type { WrtcVideoFrame } from "../wrtc-types.ts";
import { BandwidthProbe } from "./bandwidth-probe.ts";
import { FrameRateFill } from "./frame-rate-fill.ts";

export interface SentVideoOptions {
  readonly local: Pick<WrtcLocalMedia, "sendVideo" | "sendProbe">;
  /** WebRTC's estimate in bits per second; null when unknown. */
  estimateBps(): Promise<number | null>;
  /** No higher estimate is needed. */
  readonly enoughBps: number;
}

/** For one connection. */
export class SentVideo {
  readonly #local: SentVideoOptions["local"];
  readonly #probe: BandwidthProbe;
  readonly #fill: FrameRateFill;
  #content: VideoContent = "camera";
  #hasSent = false;
  /** Of the sent video, as far as it was the bandwidth probe's. */
  #probeBytes = 0;
  #lastBps: number | null = null;

  constructor({ local, estimateBps, enoughBps }: SentVideoOptions) {
    this.#local = local;
    const send = (frame: WrtcVideoFrame) => local.sendProbe(frame);
    this.#fill = new FrameRateFill({ send, estimateBps: () => this.#lastBps, nowMs: monotonicMs });
    this.#probe = new BandwidthProbe({
      send: (frame) => {
        send(frame);
        this.#fill.sent();
      },
      estimateBps,
      enoughBps,
      nowMs: monotonicMs,
    });
  }

  /** The connection stands, and its video is negotiated. Only the first call has an effect. */
  start(): void {
    this.#probe.start();
  }

  /** @param frame checked by the caller; read before this returns */
  send(frame: VideoFrame): void {
    if (this.#probe.holdsFrames) return;
    this.#probe.stop();
    this.#hasSent = true;
    // Pictures of a screen come one by one, and its encoder began with them.
    if (this.#content === "camera" && !this.#fill.admits()) return;
    this.#local.sendVideo(frame);
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
    this.#probe.stop();
    this.#fill.stop();
  }
}
