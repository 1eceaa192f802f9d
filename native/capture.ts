// Turns the addon's slots into lent frames, and counts the holders of each buffer.

import type { BoundCapture, BoundListener } from "./binding.ts";
import { captureErrorFrom } from "./capture-errors.ts";
import type { Capture, CaptureCallbacks, CaptureCounters, VideoFrame } from "./types.ts";

/** @param open an addon's function. @throws CaptureError */
export async function openCapture(
  open: (listener: BoundListener) => Promise<BoundCapture>,
  callbacks: CaptureCallbacks,
): Promise<Capture> {
  const capture = new PooledCapture(callbacks);
  try {
    capture.attach(await open(capture.listener));
  } catch (error) {
    throw captureErrorFrom(error);
  }
  return capture;
}

class PooledCapture implements Capture {
  #bound: BoundCapture | undefined;
  #views: Uint8Array[] = [];
  #jpegs: readonly ArrayBuffer[] = [];
  #closing: Promise<void> | undefined;
  readonly #callbacks: CaptureCallbacks;

  constructor(callbacks: CaptureCallbacks) {
    this.#callbacks = callbacks;
  }

  /** The addon calls back in a later turn of the event loop, so never before `attach`. */
  attach(bound: BoundCapture): void {
    this.#bound = bound;
    this.#views = bound.buffers.map((buffer) => new Uint8Array(buffer));
    this.#jpegs = bound.jpegBuffers;
  }

  /** Node only warns of an exception in a thread-safe function (DEP0168), so it is rethrown in a later turn. */
  readonly listener = (slot: number, capturedAtUs: number, error: unknown, jpegLength: number): void => {
    try {
      this.#receive(slot, capturedAtUs, error, jpegLength);
    } catch (thrown) {
      setImmediate(() => {
        throw thrown;
      });
    }
  };

  #receive(slot: number, capturedAtUs: number, error: unknown, jpegLength: number): void {
    if (slot < 0) {
      this.#callbacks.onError(captureErrorFrom(error));
      return;
    }
    const frame = this.#lend(slot, capturedAtUs, jpegLength);
    try {
      this.#callbacks.onFrame(frame);
    } finally {
      frame.release();
    }
  }

  get mode() {
    return this.#opened().mode;
  }

  get notes() {
    return this.#opened().notes;
  }

  counters(): CaptureCounters {
    return this.#opened().counters();
  }

  close(): Promise<void> {
    this.#closing ??= this.#opened().close();
    return this.#closing;
  }

  #lend(slot: number, capturedAtUs: number, jpegLength: number): VideoFrame {
    const bound = this.#opened();
    const data = this.#views[slot];
    if (data === undefined) throw new RangeError(`slot ${slot}: expected 0 to ${this.#views.length - 1}`);
    const jpegs = this.#jpegs[slot];
    const jpeg = jpegs && jpegLength > 0 ? new Uint8Array(jpegs, 0, jpegLength) : undefined;
    return new LentFrame(bound.mode, { data, jpeg, capturedAtUs }, () => bound.giveBack(slot));
  }

  #opened(): BoundCapture {
    if (this.#bound === undefined) throw new Error("The capture is not open yet");
    return this.#bound;
  }
}

class LentFrame implements VideoFrame {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
  readonly jpeg: Uint8Array | undefined;
  readonly capturedAtUs: number;
  readonly #giveBack: () => void;
  #holders = 1;

  constructor(
    size: { readonly width: number; readonly height: number },
    { data, jpeg, capturedAtUs }: Pick<VideoFrame, "data" | "jpeg" | "capturedAtUs">,
    giveBack: () => void,
  ) {
    this.width = size.width;
    this.height = size.height;
    this.data = data;
    this.jpeg = jpeg;
    this.capturedAtUs = capturedAtUs;
    this.#giveBack = giveBack;
  }

  retain(): void {
    this.#assertHeld("retain");
    this.#holders++;
  }

  release(): void {
    this.#assertHeld("release");
    this.#holders--;
    if (this.#holders === 0) this.#giveBack();
  }

  #assertHeld(operation: string): void {
    if (this.#holders === 0)
      throw new Error(`${operation}: this frame was released, and its buffer may hold another frame`);
  }
}
