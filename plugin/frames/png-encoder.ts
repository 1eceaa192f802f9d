// Lossless pictures without stopping the main thread: pngjs runs in one worker thread, started with the first picture
// and watched. Knows nothing of streams; whoever asks has one picture under way at a time.

import { isMarkedAsUntransferable, Worker } from "node:worker_threads";
import type { EncodedPicture, Native, VideoFrame } from "../../native/types.ts";

export interface PngEncoder {
  /** The frame may be released when this settles. @throws Error when the worker failed, hung or was closed */
  encode(frame: Pick<VideoFrame, "data" | "width" | "height">, maxWidth?: number): Promise<EncodedPicture>;
  close(): Promise<void>;
}

export interface PngJob {
  readonly id: number;
  readonly rgba: Uint8Array;
  readonly width: number;
  readonly height: number;
  readonly maxWidth: number;
}

export type PngAnswer = { readonly id: number } & (EncodedPicture | { readonly error: string });

/** The largest picture, 3840x2160, takes under a second; several may stand in line. */
const DEADLINE_MS = 10_000;

const WORKER_URL = new URL(`./png-worker${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url);

interface PendingJob {
  resolve(picture: EncodedPicture): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

export function createPngEncoder(toRgba: Native["toRgba"]): PngEncoder {
  const pending = new Map<number, PendingJob>();
  let worker: Worker | null = null;
  let lastId = 0;
  let isClosed = false;

  function settle(answer: PngAnswer): void {
    const job = take(answer.id);
    if ("error" in answer) job?.reject(new Error(`the PNG encoder refused the picture: ${answer.error}`));
    else job?.resolve(answer);
  }

  function take(id: number): PendingJob | undefined {
    const job = pending.get(id);
    clearTimeout(job?.timer);
    pending.delete(id);
    return job;
  }

  /** Ends the worker and every job in it; the next picture starts a new one. */
  async function fail(why: string): Promise<void> {
    const ended = worker;
    worker = null;
    for (const id of [...pending.keys()]) take(id)?.reject(new Error(why));
    await ended?.terminate();
  }

  function start(): Worker {
    const started = new Worker(WORKER_URL);
    const failed = (why: string) => {
      if (worker === started) void fail(why);
    };
    started.on("message", settle);
    started.on("error", (error: Error) => failed(`the PNG worker failed: ${error.message}`));
    started.on("exit", (status) => failed(`the PNG worker ended with status ${status}`));
    // It must not keep a process alive that has nothing else to do.
    started.unref();
    return started;
  }

  function post(job: PngJob): Promise<EncodedPicture> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => void fail(`the PNG worker was silent for ${DEADLINE_MS} ms`),
        DEADLINE_MS,
      );
      pending.set(job.id, { resolve, reject, timer });
      worker ??= start();
      worker.postMessage(job, transferable(job.rgba));
    });
  }

  return {
    async encode(frame, maxWidth = frame.width) {
      const { width, height } = frame;
      const rgba = await toRgba(frame);
      if (isClosed) throw new Error("the PNG encoder is closed");
      lastId += 1;
      return post({ id: lastId, rgba, width, height, maxWidth });
    },
    close() {
      isClosed = true;
      return fail("the PNG encoder is closed");
    },
  };
}

/** Moving the pixels to the worker costs nothing; where their owner forbids it, or they are part of more, they are copied. */
function transferable({ buffer, byteLength }: Uint8Array): ArrayBuffer[] {
  const isWhole = buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
  return isWhole && !isMarkedAsUntransferable(buffer) ? [buffer] : [];
}
