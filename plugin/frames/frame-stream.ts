// One subscriber's stream: credit, pace, one waiting frame, and encode → write for one frame at a time. A frame is encoded
// only if it will be sent.

import type { VideoFrame } from "../../native/types.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { FrameHead } from "./frame-client.ts";
import type { FrameFate, Ledger } from "./ledger.ts";
import type { Pacer } from "./pacer.ts";

/** An encoded frame: base64 text, or a JPEG's bytes. */
export interface EncodedBytes {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface FrameStreamOptions {
  readonly id: string;
  /** The limit of unacknowledged frames; Infinity for clients that do not acknowledge, where only writing sets the pace. */
  readonly credit: number;
  /** Reads the frame until the promise settles. The result stays valid until the next call. */
  encode(frame: VideoFrame): Promise<EncodedBytes>;
  /** Resolves when `bytes` may be reused. */
  write(head: FrameHead, bytes: Uint8Array): Promise<void>;
  readonly ledger: Ledger;
  readonly pacer: Pacer;
  /** Monotonic milliseconds. */
  now(): number;
  readonly log: Log;
}

export class FrameStream {
  readonly #options: FrameStreamOptions;
  #waiting: VideoFrame | null = null;
  /** True from encoding until written, while the encoder's buffer is in use. */
  #isBusy = false;
  #hasEnded = false;
  #hasFailed = false;
  #lastSeq = 0;
  #acknowledgedSeq = 0;
  #encoding: Promise<unknown> = Promise.resolve();

  constructor(options: FrameStreamOptions) {
    this.#options = options;
  }

  /** Takes the frame, in place of a waiting one, if the pace allows it. Returns at once. */
  offer(frame: VideoFrame): void {
    const { ledger, pacer, now } = this.#options;
    ledger.enter();
    // The pace already allowed the waiting frame, so a newer one may always replace it.
    if (!this.#waiting && !pacer.isDue(now())) {
      ledger.leave("paced");
      return;
    }
    frame.retain();
    this.#drop("replaced");
    this.#waiting = frame;
    this.#proceed();
  }

  /** The host drew all frames up to `seq`. Frames that were never sent cannot be acknowledged, so credit never accumulates. */
  acknowledge(seq: number): void {
    this.#acknowledgedSeq = Math.max(this.#acknowledgedSeq, Math.min(seq, this.#lastSeq));
    this.#proceed();
  }

  /** Releases the waiting frame. Resolves when no frame is being encoded any more. */
  async end(): Promise<void> {
    this.#hasEnded = true;
    this.#drop("unwatched");
    await this.#encoding;
  }

  #drop(fate: FrameFate): void {
    if (!this.#waiting) return;
    this.#waiting.release();
    this.#waiting = null;
    this.#options.ledger.leave(fate);
  }

  #proceed(): void {
    const { credit, pacer, now, ledger } = this.#options;
    const frame = this.#waiting;
    if (!frame || this.#isBusy || this.#lastSeq - this.#acknowledgedSeq >= credit) return;
    this.#waiting = null;
    this.#isBusy = true;
    pacer.take(now());
    // #deliver never rejects: it returns a fate for every failure.
    void this.#deliver(frame).then((fate) => {
      ledger.leave(fate);
      this.#isBusy = false;
      this.#proceed();
    });
  }

  async #deliver(frame: VideoFrame): Promise<FrameFate> {
    try {
      const encoded = await this.#encode(frame);
      if (this.#hasEnded) return "unwatched";
      await this.#write(frame.capturedAtUs / 1000, encoded);
      return "written";
    } catch (error) {
      if (this.#hasEnded) return "unwatched";
      this.#logFirst(error);
      return "failed";
    }
  }

  /** Logs the first failure only, because the next frames often fail too. The ledger counts them. */
  #logFirst(error: unknown): void {
    const { id, log } = this.#options;
    if (!this.#hasFailed) log("error", `stream ${id}: a frame was not delivered: ${errorText(error)}`);
    this.#hasFailed = true;
  }

  async #encode(frame: VideoFrame): Promise<EncodedBytes> {
    const encoded = this.#options.encode(frame).finally(() => frame.release());
    this.#encoding = encoded.catch(() => undefined);
    return encoded;
  }

  async #write(capturedAt: number, { bytes, width, height }: EncodedBytes): Promise<void> {
    // Before the write, because the host may acknowledge the frame before the write resolves.
    this.#lastSeq += 1;
    try {
      await this.#options.write({ seq: this.#lastSeq, capturedAt, width, height }, bytes);
    } catch (error) {
      // The frame never reached the host, which will not acknowledge it.
      this.#lastSeq -= 1;
      throw error;
    }
  }
}
