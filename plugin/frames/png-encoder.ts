// Lossless pictures without stopping the main thread: pngjs runs in one worker thread, started with the first picture
// and watched. Knows nothing of streams; whoever asks has one picture under way at a time.

import { isMarkedAsUntransferable, Worker } from "node:worker_threads";
import type { EncodedFrame, Native, VideoFrame } from "../../native/types.ts";

export interface PngJob {
  readonly id: number;
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly maxWidth: number;
}

export type PngAnswer = { readonly id: number } & (EncodedFrame | { readonly error: string });

/** The largest picture, 3840x2160, takes under a second; several may stand in line. */
const DEADLINE_MS = 60_000;

const WORKER_URL = new URL(`./png-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

interface PendingJob {
  resolve(picture: EncodedFrame): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

export class PngEncoder {
  readonly #toRgba: Native["toRgba"];
  readonly #pending = new Map<number, PendingJob>();
  #worker: Worker | null = null;
  #lastId = 0;
  #isClosed = false;

  constructor(toRgba: Native["toRgba"]) {
    this.#toRgba = toRgba;
  }

  /** The frame may be released when this settles. @throws Error when the worker failed, hung or was closed */
  async encode(
    frame: Pick<VideoFrame, "data" | "width" | "height">,
    maxWidth = frame.width,
  ): Promise<EncodedFrame> {
    const { width, height } = frame;
    const rgba = await this.#toRgba(frame);
    // It may have been closed meanwhile; a worker started now would be ended by nobody.
    if (this.#isClosed) throw new Error("the PNG encoder is closed");
    this.#lastId += 1;
    return this.#post({ id: this.#lastId, rgba, width, height, maxWidth });
  }

  /** Rejects what is under way. Resolves when the worker has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#fail("the PNG encoder is closed");
  }

  #post(job: PngJob): Promise<EncodedFrame> {
    return new Promise((resolve, reject) => {
      const late = () => void this.#fail(`the PNG worker was silent for ${DEADLINE_MS} ms`);
      this.#pending.set(job.id, { resolve, reject, timer: setTimeout(late, DEADLINE_MS) });
      this.#worker ??= this.#start();
      this.#worker.postMessage(job, transferable(job.rgba));
    });
  }

  #start(): Worker {
    const started = new Worker(WORKER_URL);
    // A worker that was replaced ends late; the jobs of the one in its place are not concerned.
    const failed = (why: string) => {
      if (this.#worker === started) void this.#fail(why);
    };
    started.on("message", (answer: PngAnswer) => this.#settle(answer));
    started.on("error", (error: Error) => failed(`the PNG worker failed: ${error.message}`));
    started.on("exit", (status) => failed(`the PNG worker ended with status ${status}`));
    // It must not keep a process alive that has nothing else to do.
    started.unref();
    return started;
  }

  #settle(answer: PngAnswer): void {
    const job = this.#take(answer.id);
    if ("error" in answer) job?.reject(new Error(`the PNG encoder refused the picture: ${answer.error}`));
    else job?.resolve(answer);
  }

  #take(id: number): PendingJob | undefined {
    const job = this.#pending.get(id);
    clearTimeout(job?.timer);
    this.#pending.delete(id);
    return job;
  }

  /** Ends the worker and every job in it; the next picture starts a new one. */
  async #fail(why: string): Promise<void> {
    const ended = this.#worker;
    this.#worker = null;
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(new Error(why));
    await ended?.terminate();
  }
}

/** Moving the pixels to the worker costs nothing; where their owner forbids it, or they are part of more, they are copied. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole && !isMarkedAsUntransferable(buffer) ? [buffer] : [];
}
