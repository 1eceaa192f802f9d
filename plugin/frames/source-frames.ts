// One source of one call: hands each picture to those who watch it, and keeps the newest for a snapshot. Knows neither
// who subscribed nor when the call ends.

import type { VideoFrame } from "../../native/types.ts";
import { type FrameSource, type Result, RpcError } from "../../rpc-schema/index.ts";
import type { FrameStream } from "./frame-stream.ts";
import { createLedger } from "./ledger.ts";
import { createPacer, type Pacer } from "./pacer.ts";
import type { PngEncoder } from "./png-encoder.ts";

type Snapshot = Result<"call.snapshot">;

export interface SourceFramesOptions {
  readonly callId: string;
  readonly name: FrameSource;
  readonly png: PngEncoder;
  /** Monotonic milliseconds. */
  now(): number;
}

/** What cameras commonly give: a share of the rate is a share of this. */
const USUAL_FPS = 30;
/** A picture older than this is not "shown at this moment", and a camera switched off has nothing to show. */
const SNAPSHOT_MAX_AGE_MS = 5_000;

export class SourceFrames {
  readonly ledger = createLedger();
  readonly streams = new Set<FrameStream>();
  readonly #options: SourceFramesOptions;
  /** Retained, for a snapshot; one for each source, so that the pool keeps enough to go on. */
  #newest: VideoFrame | null = null;
  #newestAtMs = 0;
  #snapshot: Promise<Snapshot> | null = null;
  #scale = 1;
  #pacer: Pacer | null = null;

  constructor(options: SourceFramesOptions) {
    this.#options = options;
  }

  get callId(): string {
    return this.#options.callId;
  }

  /** Shares of each side and of the pictures a second, for every stream. */
  limit({ scale, rate }: { scale: number; rate: number }): void {
    this.#scale = scale;
    this.#pacer = rate < 1 ? createPacer(Math.max(1, USUAL_FPS * rate)) : null;
  }

  /** How wide a picture may be for a stream that takes `maxWidth` at most. */
  widthFor(frame: VideoFrame, maxWidth: number): number {
    return this.#scale === 1
      ? maxWidth
      : Math.min(maxWidth, Math.max(2, Math.round(frame.width * this.#scale)));
  }

  offer(frame: VideoFrame): void {
    frame.retain();
    this.#newest?.release();
    this.#newest = frame;
    this.#newestAtMs = this.#options.now();
    const isDue = this.#takeTurn();
    for (const stream of this.streams) {
      if (isDue) stream.offer(frame);
      else this.#leaveOut();
    }
    if (this.streams.size === 0) {
      this.ledger.enter();
      this.ledger.leave("unwatched");
    }
  }

  #takeTurn(): boolean {
    const now = this.#options.now();
    if (this.#pacer && !this.#pacer.isDue(now)) return false;
    this.#pacer?.take(now);
    return true;
  }

  #leaveOut(): void {
    this.ledger.enter();
    this.ledger.leave("paced");
  }

  /**
   * The newest picture, without loss. Requests that come while one is being made get the same picture, so that the
   * work stays bounded.
   * @throws RpcError noPicture
   */
  snapshot(): Promise<Snapshot> {
    if (this.#snapshot) return this.#snapshot;
    const { name, now } = this.#options;
    const frame = this.#newest;
    if (!frame || now() - this.#newestAtMs > SNAPSHOT_MAX_AGE_MS) return Promise.reject(noFrame(name));
    this.#snapshot = this.#take(frame).finally(() => {
      this.#snapshot = null;
    });
    return this.#snapshot;
  }

  /** Gives the newest picture back: the call has ended. */
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
