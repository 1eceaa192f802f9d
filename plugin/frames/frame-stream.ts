// One subscriber's pictures: credit, pace, the one picture that waits, and encode → write, one at a time. Nothing is
// encoded that will not be sent. Knows its encoder and its outlet by interface only.

import type { EncodedPicture, VideoFrame } from "../../native/types.ts";
import type { Log } from "../log.ts";
import { FRAME_LINE_TAIL, type FrameLineHead, frameLineHead } from "./frame-line.ts";
import type { FrameOutlet } from "./frames.ts";
import type { FrameFate, Ledger } from "./ledger.ts";
import type { Pacer } from "./pacer.ts";

export interface FrameStreamOptions {
  readonly id: string;
  readonly mediaType: FrameLineHead["mediaType"];
  /** Pictures that may be unacknowledged. */
  readonly credit: number;
  /** Reads the frame until it settles; the result stays valid until it is called again. */
  encode(frame: VideoFrame): Promise<EncodedPicture>;
  readonly outlet: FrameOutlet;
  readonly ledger: Ledger;
  readonly pacer: Pacer;
  now(): number;
  readonly log: Log;
}

export interface FrameStream {
  offer(frame: VideoFrame): void;
  /** All pictures up to `seq` were drawn. */
  acknowledge(seq: number): void;
  /** Releases what waits. Resolves when no frame is being read any more. */
  end(): Promise<void>;
}

export function createFrameStream(options: FrameStreamOptions): FrameStream {
  const { id, credit, outlet, ledger, pacer, now, log } = options;
  let waiting: VideoFrame | null = null;
  let isBusy = false;
  let hasEnded = false;
  let hasFailed = false;
  let lastSeq = 0;
  let acknowledgedSeq = 0;
  let encoding: Promise<unknown> = Promise.resolve();

  function offer(frame: VideoFrame): void {
    ledger.enter();
    // A picture that waits has its turn already; a newer one takes its place, whatever the pace.
    if (!waiting && !pacer.isDue(now())) {
      ledger.leave("paced");
      return;
    }
    frame.retain();
    drop("replaced");
    waiting = frame;
    proceed();
  }

  function drop(fate: FrameFate): void {
    if (!waiting) return;
    waiting.release();
    waiting = null;
    ledger.leave(fate);
  }

  function proceed(): void {
    if (!waiting || isBusy || lastSeq - acknowledgedSeq >= credit) return;
    const frame = waiting;
    waiting = null;
    isBusy = true;
    pacer.take(now());
    // `deliver` never rejects: every failure is a fate.
    void deliver(frame).then((fate) => {
      ledger.leave(fate);
      isBusy = false;
      proceed();
    });
  }

  async function deliver(frame: VideoFrame): Promise<FrameFate> {
    try {
      const picture = await encode(frame);
      if (hasEnded) return "unwatched";
      await write(frame.capturedAtUs / 1000, picture);
      return "written";
    } catch (error) {
      if (hasEnded) return "unwatched";
      if (!hasFailed) log("error", `stream ${id}: a picture was not delivered: ${String(error)}`);
      hasFailed = true;
      return "failed";
    }
  }

  async function encode(frame: VideoFrame): Promise<EncodedPicture> {
    const encoded = options.encode(frame).finally(() => frame.release());
    encoding = encoded.catch(() => undefined);
    return encoded;
  }

  async function write(capturedAt: number, { base64, width, height }: EncodedPicture): Promise<void> {
    lastSeq += 1;
    const { mediaType } = options;
    const head = frameLineHead({ stream: id, seq: lastSeq, capturedAt, width, height, mediaType });
    try {
      await outlet.writeFrame(head, base64, FRAME_LINE_TAIL);
    } catch (error) {
      // It never reached the host, which therefore neither counts nor acknowledges it.
      lastSeq -= 1;
      throw error;
    }
  }

  return {
    offer,
    acknowledge(seq) {
      acknowledgedSeq = Math.max(acknowledgedSeq, Math.min(seq, lastSeq));
      proceed();
    },
    async end() {
      hasEnded = true;
      drop("unwatched");
      await encoding;
    },
  };
}
