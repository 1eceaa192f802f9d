// One source of one call: offers each frame to the source's streams, and keeps the newest for snapshots and new
// streams.

import { uprightSize, type VideoFrame } from "../../native/types.ts";
import { type FrameSource, type Result, RpcError } from "../../rpc-schema/index.ts";
import type { FrameStream } from "./frame-stream.ts";
import type { FrameContent } from "./frames.ts";
import { createLedger } from "./ledger.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import type { PngEncoder } from "./png-encoder.ts";

type Snapshot = Result<"call.snapshot">;

interface SourceFramesOptions {
  readonly callId: string;
  readonly name: FrameSource;
  readonly png: PngEncoder;
  /** Monotonic milliseconds. */
  now(): number;
}

/** The usual rate of cameras. A share of the rate refers to this. */
const USUAL_FPS = 30;
/** A camera that gave nothing for so long shows nothing, also where `setContent` did not say so. */
const MOVING_MAX_AGE_MS = 5_000;

export class SourceFrames {
  readonly ledger = createLedger();
  readonly streams = new Set<FrameStream>();
  readonly #options: SourceFramesOptions;
  /** Retained for snapshots and new streams. One for each source, so that the pool keeps enough buffers. */
  #newest: VideoFrame | null = null;
  #newestAtMs = 0;
  #content: FrameContent = "moving";
  #snapshot: Promise<Snapshot> | null = null;
  #scale = 1;
  #pacer: Pacer | null = null;

  constructor(options: SourceFramesOptions) {
    this.#options = options;
  }

  get callId(): string {
    return this.#options.callId;
  }

  /** Limits every stream to shares of each side and of the rate. */
  limit({ scale, rate }: { scale: number; rate: number }): void {
    this.#scale = scale;
    this.#pacer = rate < 1 ? createPacer(Math.max(1, USUAL_FPS * rate)) : null;
  }

  /** The width limit for a stream that takes at most `maxWidth`. */
  widthFor(frame: VideoFrame, maxWidth: number): number {
    return this.#scale === 1
      ? maxWidth
      : Math.min(maxWidth, Math.max(2, Math.round(uprightSize(frame).width * this.#scale)));
  }

  /** Adds a stream, which gets the newest frame at once. The next one of a screen that rests may be a second away. */
  attach(stream: FrameStream): void {
    this.streams.add(stream);
    const frame = this.#current();
    if (frame) stream.offer(frame);
  }

  setContent(content: FrameContent): void {
    if (content === this.#content) return;
    this.#content = content;
    this.forget();
  }

  offer(frame: VideoFrame): void {
    this.#keep(frame);
    const isDue = this.#isDue();
    for (const stream of this.streams) {
      if (isDue) stream.offer(frame);
      else this.#countPaced();
    }
    if (this.streams.size === 0) {
      this.ledger.enter();
      this.ledger.leave("unwatched");
    }
  }

  /** A late frame of a source that was switched off is not shown again. */
  #keep(frame: VideoFrame): void {
    if (this.#content === "nothing") return;
    frame.retain();
    this.forget();
    this.#newest = frame;
    this.#newestAtMs = this.#options.now();
  }

  /** The newest frame if the source still shows it. */
  #current(): VideoFrame | null {
    const ageMs = this.#options.now() - this.#newestAtMs;
    return this.#content === "moving" && ageMs > MOVING_MAX_AGE_MS ? null : this.#newest;
  }

  #isDue(): boolean {
    const now = this.#options.now();
    if (this.#pacer && !this.#pacer.isDue(now)) return false;
    this.#pacer?.take(now);
    return true;
  }

  #countPaced(): void {
    this.ledger.enter();
    this.ledger.leave("paced");
  }

  /**
   * Encodes the newest frame as PNG. Concurrent requests share one result, so that the work stays bounded.
   * @throws RpcError noPicture
   */
  snapshot(): Promise<Snapshot> {
    if (this.#snapshot) return this.#snapshot;
    const frame = this.#current();
    if (!frame) return Promise.reject(noFrame(this.#options.name));
    this.#snapshot = this.#take(frame).finally(() => {
      this.#snapshot = null;
    });
    return this.#snapshot;
  }

  /** Releases the newest frame. */
  forget(): void {
    this.#newest?.release();
    this.#newest = null;
  }

  async #take(frame: VideoFrame): Promise<Snapshot> {
    frame.retain();
    const { base64, width, height } = await this.#options.png.encode(frame).finally(() => frame.release());
    const text = Buffer.from(base64.buffer, base64.byteOffset, base64.byteLength).toString("latin1");
    return { width, height, dataUrl: `data:image/png;base64,${text}` };
  }
}

export function noFrame(name: FrameSource): RpcError {
  return new RpcError("noPicture", `there is no ${name} picture at this moment`);
}
