// Observes one capture inside the kernel machine: its frames, the error that ends it, and its open resources.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { loadNative } from "../../../native/index.ts";
import {
  type Capture,
  type CaptureConstraints,
  CaptureError,
  type CaptureErrorDetails,
  type VideoFrame,
} from "../../../native/types.ts";

/** Under emulation a frame takes up to half a second. A much longer wait means that none will come. */
const FRAME_DEADLINE_MS = 20_000;

export type PlainError = CaptureErrorDetails & { readonly message: string };

export interface FrameSummary {
  readonly bytes: number;
  readonly capturedAtUs: number;
  /** Y, U, V at the middle of eight columns, below the driver's text. */
  readonly colours: number[][];
  /** A hash of all pixels. */
  readonly checksum: number;
}

interface FrameCopy {
  readonly data: Uint8Array;
  readonly jpeg: Uint8Array | undefined;
}

export class CaptureRun {
  readonly capture: Capture;
  readonly #state: RunState;

  private constructor(capture: Capture, state: RunState) {
    this.capture = capture;
    this.#state = state;
  }

  static async open(path: string, constraints: CaptureConstraints): Promise<CaptureRun> {
    const state = new RunState();
    const capture = await loadNative().openCamera(path, constraints, state);
    return new CaptureRun(capture, state);
  }

  summaries(count: number): Promise<FrameSummary[]> {
    return beforeDeadline(`${count} frames`, this.#state.summaries(count));
  }

  /** A copy of the next frame. */
  nextFrame(): Promise<FrameCopy> {
    return beforeDeadline("a frame", this.#state.nextFrame());
  }

  /** Resolves when the device has delivered that many frames since it was opened, with any fate. */
  async captured(count: number): Promise<void> {
    const deadline = Date.now() + FRAME_DEADLINE_MS;
    while (this.capture.counters().captured < count) {
      if (Date.now() > deadline) throw new Error(`no ${count} frames within ${FRAME_DEADLINE_MS} ms`);
      await new Promise(setImmediate);
    }
  }

  /** Resolves when each captured frame has met its fate. */
  async settled(): Promise<void> {
    const isSettled = () => {
      const { captured, faulty, dropped, delivered } = this.capture.counters();
      return captured === faulty + dropped + delivered;
    };
    const deadline = Date.now() + FRAME_DEADLINE_MS;
    while (!isSettled()) {
      if (Date.now() > deadline) throw new Error(`a frame without a fate for ${FRAME_DEADLINE_MS} ms`);
      await new Promise(setImmediate);
    }
  }

  failure(): Promise<PlainError> {
    return beforeDeadline("the error that ends the capture", this.#state.failure.promise);
  }
}

class RunState {
  readonly failure = Promise.withResolvers<PlainError>();
  #takeFrame: ((copy: FrameCopy) => void) | undefined;
  #wanted:
    | { count: number; summaries: FrameSummary[]; done: (summaries: FrameSummary[]) => void }
    | undefined;

  summaries(count: number): Promise<FrameSummary[]> {
    const { promise, resolve } = Promise.withResolvers<FrameSummary[]>();
    this.#wanted = { count, summaries: [], done: resolve };
    return promise;
  }

  nextFrame(): Promise<FrameCopy> {
    const { promise, resolve } = Promise.withResolvers<FrameCopy>();
    this.#takeFrame = resolve;
    return promise;
  }

  onFrame(frame: VideoFrame): void {
    this.#takeFrame?.({
      data: Uint8Array.from(frame.data),
      jpeg: frame.jpeg && Uint8Array.from(frame.jpeg),
    });
    this.#takeFrame = undefined;
    const wanted = this.#wanted;
    if (wanted === undefined) return;
    wanted.summaries.push(summarise(frame));
    if (wanted.summaries.length < wanted.count) return;
    this.#wanted = undefined;
    wanted.done(wanted.summaries);
  }

  onError(error: CaptureError): void {
    this.failure.resolve(plain(error));
  }
}

function summarise({ data, width, height, capturedAtUs }: VideoFrame): FrameSummary {
  const chromaWidth = Math.ceil(width / 2);
  const chromaSize = chromaWidth * Math.ceil(height / 2);
  const y = Math.floor(height * 0.75);
  const columns = Array.from({ length: 8 }, (_, index) => Math.floor(((index + 0.5) * width) / 8));
  const colours = columns.map((x) => {
    const chroma = width * height + Math.floor(y / 2) * chromaWidth + Math.floor(x / 2);
    return [data[y * width + x] ?? 0, data[chroma] ?? 0, data[chroma + chromaSize] ?? 0];
  });
  let checksum = 0;
  for (const byte of data) checksum = (Math.imul(checksum, 31) + byte) | 0;
  return { bytes: data.length, capturedAtUs, colours, checksum };
}

export function plain(error: unknown): PlainError {
  if (!(error instanceof CaptureError)) throw error;
  const { message, operation, errno, path } = error;
  return { message, operation, errno, path };
}

/** The error of an open that must fail. */
export async function openError(path: string, constraints: CaptureConstraints): Promise<PlainError> {
  let run: CaptureRun;
  try {
    run = await CaptureRun.open(path, constraints);
  } catch (error) {
    return plain(error);
  }
  await run.capture.close();
  throw new Error(`${path} opened although it should not`);
}

export function setControl(path: string, control: string): void {
  execFileSync("v4l2-ctl", ["-d", path, "-c", control], { stdio: "ignore", timeout: FRAME_DEADLINE_MS });
}

export interface Holdings {
  readonly fds: number;
  readonly threads: number;
  readonly deviceMaps: number;
}

/** The resources of this process: descriptors of devices and event counters, threads, mapped device memory. */
export function holdings(): Holdings {
  const maps = readFileSync("/proc/self/maps", "utf8").split("\n");
  return {
    fds: readdirSync("/proc/self/fd").length,
    threads: readdirSync("/proc/self/task").length,
    deviceMaps: maps.filter((line) => line.includes("/dev/video")).length,
  };
}

async function beforeDeadline<T>(what: string, promise: Promise<T>): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`no ${what} within ${FRAME_DEADLINE_MS} ms`)),
    FRAME_DEADLINE_MS,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
