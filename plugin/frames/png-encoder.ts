// Encodes PNG without blocking the main thread: pngjs runs in one worker thread, which starts with the first frame. A
// deadline detects a worker that hangs.

import { isMarkedAsUntransferable, Worker } from "node:worker_threads";
import { type EncodedFrame, type Native, uprightSize, type VideoFrame } from "../../native/types.ts";
import { failureText } from "../common/system-failure.ts";

export interface PngJob {
  readonly id: number;
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly maxWidth: number;
}

export type PngResult = { readonly id: number } & (EncodedFrame | { readonly error: string });

/** The largest frame, 3840x2160, takes under a second, and several may be queued. */
const DEADLINE_MS = 60_000;

const WORKER_URL = new URL(`./png-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

interface PendingJob {
  resolve(frame: EncodedFrame): void;
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

  /** The frame may be released when the promise settles. @throws Error when the worker failed, hung or was closed */
  async encode(
    frame: Pick<VideoFrame, "data" | "width" | "height" | "rotation">,
    maxWidth = uprightSize(frame).width,
  ): Promise<EncodedFrame> {
    const { width, height } = uprightSize(frame);
    const rgba = await this.#toRgba(frame);
    // After close() nothing would end a new worker.
    if (this.#isClosed) throw new Error("the PNG encoder is closed");
    this.#lastId += 1;
    return this.#post({ id: this.#lastId, rgba, width, height, maxWidth });
  }

  /** Rejects pending jobs. Resolves when the worker has ended. */
  close(): Promise<void> {
    this.#isClosed = true;
    return this.#fail("the PNG encoder is closed");
  }

  #post(job: PngJob): Promise<EncodedFrame> {
    return new Promise((resolve, reject) => {
      const late = () => void this.#fail(`the PNG worker did not answer for ${DEADLINE_MS} ms`);
      this.#pending.set(job.id, { resolve, reject, timer: setTimeout(late, DEADLINE_MS) });
      try {
        this.#worker ??= this.#start();
        this.#worker.postMessage(job, transferable(job.rgba));
      } catch (error) {
        // A thread could not be started, or the pixels could not be sent.
        this.#take(job.id);
        reject(new Error(`the PNG encoder did not start: ${failureText(error)}`, { cause: error }));
      }
    });
  }

  #start(): Worker {
    const started = new Worker(WORKER_URL);
    // The late exit of a replaced worker does not affect the jobs of its successor.
    const failed = (reason: string, cause?: Error) => {
      if (this.#worker === started) void this.#fail(reason, cause);
    };
    started.on("message", (result: PngResult) => this.#settle(result));
    started.on("error", (error: Error) => failed(`the PNG worker failed: ${failureText(error)}`, error));
    started.on("exit", (status) => failed(`the PNG worker ended with status ${status}`));
    // The worker must not keep an otherwise finished process alive.
    started.unref();
    return started;
  }

  #settle(result: PngResult): void {
    const job = this.#take(result.id);
    if ("error" in result) job?.reject(new Error(`the PNG encoder refused the frame: ${result.error}`));
    else job?.resolve(result);
  }

  #take(id: number): PendingJob | undefined {
    const job = this.#pending.get(id);
    clearTimeout(job?.timer);
    this.#pending.delete(id);
    return job;
  }

  /** Ends the worker and rejects its jobs. The next frame starts a new worker. */
  async #fail(reason: string, cause?: Error): Promise<void> {
    const ended = this.#worker;
    this.#worker = null;
    for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(new Error(reason, { cause }));
    await ended?.terminate();
  }
}

/** Moves the pixels to the worker, or copies them if their buffer cannot be transferred or holds more than them. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole && !isMarkedAsUntransferable(buffer) ? [buffer] : [];
}
