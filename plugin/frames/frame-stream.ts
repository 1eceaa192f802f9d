// One subscriber's pictures: credit, pace, the one picture that waits, and encode → write, one at a time. Nothing is
// encoded that will not be sent. Knows neither what its encoder makes nor which way its pictures leave.

import type { VideoFrame } from "../../native/types.ts";
import type { Log } from "../log.ts";
import type { FrameHead } from "./frame-client.ts";
import type { FrameFate, Ledger } from "./ledger.ts";
import type { Pacer } from "./pacer.ts";

/** A picture as it leaves: base64 text, or a JPEG's own bytes. */
export interface EncodedBytes {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly height: number;
}

export interface FrameStreamOptions {
  readonly id: string;
  /** Pictures that may be unacknowledged; Infinity where nobody acknowledges and only writing holds the next one up. */
  readonly credit: number;
  /** Reads the frame until it settles; the result stays valid until it is called again. */
  encode(frame: VideoFrame): Promise<EncodedBytes>;
  /** Resolves when `bytes` may be written again. */
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
  /** From encoding until written: the encoder's buffer is in use for as long. */
  #isBusy = false;
  #hasEnded = false;
  #hasFailed = false;
  #lastSeq = 0;
  #acknowledgedSeq = 0;
  #encoding: Promise<unknown> = Promise.resolve();

  constructor(options: FrameStreamOptions) {
    this.#options = options;
  }

  /** Takes the frame, in place of one that still waits, unless its turn has not come. Returns at once. */
  offer(frame: VideoFrame): void {
    const { ledger, pacer, now } = this.#options;
    ledger.enter();
    // A picture that waits has its turn already; a newer one takes its place, whatever the pace.
    if (!this.#waiting && !pacer.isDue(now())) {
      ledger.leave("paced");
      return;
    }
    frame.retain();
    this.#drop("replaced");
    this.#waiting = frame;
    this.#proceed();
  }

  /** All pictures up to `seq` were drawn. What was never sent cannot be acknowledged: a host cannot save up credit. */
  acknowledge(seq: number): void {
    this.#acknowledgedSeq = Math.max(this.#acknowledgedSeq, Math.min(seq, this.#lastSeq));
    this.#proceed();
  }

  /** Releases what waits. Resolves when no frame is being read any more. */
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
    // `deliver` never rejects: every failure is a fate.
    void this.#deliver(frame).then((fate) => {
      ledger.leave(fate);
      this.#isBusy = false;
      this.#proceed();
    });
  }

  async #deliver(frame: VideoFrame): Promise<FrameFate> {
    try {
      const picture = await this.#encode(frame);
      if (this.#hasEnded) return "unwatched";
      await this.#write(frame.capturedAtUs / 1000, picture);
      return "written";
    } catch (error) {
      if (this.#hasEnded) return "unwatched";
      this.#logFirst(error);
      return "failed";
    }
  }

  /** What fails once fails for each picture, thirty times a second: the ledger counts the others. */
  #logFirst(error: unknown): void {
    const { id, log } = this.#options;
    if (!this.#hasFailed) log("error", `stream ${id}: a picture was not delivered: ${String(error)}`);
    this.#hasFailed = true;
  }

  async #encode(frame: VideoFrame): Promise<EncodedBytes> {
    const encoded = this.#options.encode(frame).finally(() => frame.release());
    this.#encoding = encoded.catch(() => undefined);
    return encoded;
  }

  async #write(capturedAt: number, { bytes, width, height }: EncodedBytes): Promise<void> {
    // Before the write, because the host may acknowledge the picture before the outlet says that it was written.
    this.#lastSeq += 1;
    try {
      await this.#options.write({ seq: this.#lastSeq, capturedAt, width, height }, bytes);
    } catch (error) {
      // It never reached the host, which therefore neither counts nor acknowledges it.
      this.#lastSeq -= 1;
      throw error;
    }
  }
}
