// Frames that count their holders, and an encoder and an outlet that finish when the test says so.

import {
  type CompressedFrame,
  type EncodedFrame,
  type JpegOptions,
  loadNative,
  type Native,
  type VideoFrame,
} from "../../../native/index.ts";
import type { FrameOutlet } from "../../../plugin/frames/frames.ts";

export interface CountedFrame extends VideoFrame {
  /** The number of `retain` calls without a `release`. */
  readonly held: () => number;
}

/** A frame that is filled with `mark`. */
export function countedFrame(mark = 0, width = 4, height = 2): CountedFrame {
  let holds = 0;
  return {
    width,
    height,
    data: new Uint8Array((width * height * 3) / 2).fill(mark),
    capturedAtUs: 1_700_000_000_000_000 + mark * 1000,
    retain() {
      holds += 1;
    },
    release() {
      if (holds === 0) throw new Error("released more often than retained");
      holds -= 1;
    },
    held: () => holds,
  };
}

/** An operation in progress, which the test finishes. */
export interface Step<T> {
  readonly input: T;
  finish(): void;
  fail(error: Error): void;
}

/** Waits until every promise that can settle has settled. */
export const settled = (): Promise<void> => new Promise(setImmediate);

export class FakeNative implements Pick<Native, "createJpegEncoder" | "toRgba" | "openResettingListener"> {
  readonly encodes: Step<{ mark: number; options: JpegOptions }>[] = [];

  /** Encoded frames are padded to this size. */
  encodedBytes = 0;

  createJpegEncoder() {
    let isBusy = false;
    const work = async ({ data }: RawFrame, options: JpegOptions): Promise<Uint8Array> => {
      if (isBusy) throw new Error("one encode at a time on each encoder");
      isBusy = true;
      const mark = data[0] ?? -1;
      await pushStep(this.encodes, { mark, options }).finally(() => {
        isBusy = false;
      });
      const made = Buffer.from(`picture${mark}`);
      return this.encodedBytes > made.length ? Buffer.concat([made], this.encodedBytes) : made;
    };
    return {
      encode: async (frame: RawFrame, options: JpegOptions): Promise<EncodedFrame> => {
        const base64 = await work(frame, options);
        return { base64, width: frame.width, height: frame.height };
      },
      compress: async (frame: RawFrame, options: JpegOptions): Promise<CompressedFrame> => {
        const jpeg = await work(frame, options);
        return { jpeg, width: frame.width, height: frame.height };
      },
      textOf: async (jpeg: Uint8Array) => Buffer.from(Buffer.from(jpeg).toString("base64")),
    };
  }

  /** Listens with the real addon, because the server's sockets are real. */
  openResettingListener(): number {
    return loadNative().openResettingListener();
  }

  async toRgba({ width, height, data }: RawFrame): Promise<Uint8Array> {
    const grey = data[0] ?? 0;
    return Uint8Array.from({ length: width * height * 4 }, (_, index) => (index % 4 === 3 ? 255 : grey));
  }
}

type RawFrame = Pick<VideoFrame, "data" | "width" | "height">;

export class FakeOutlet implements FrameOutlet {
  readonly writes: Step<string>[] = [];
  readonly lines: string[] = [];

  async writeFrame(head: string, body: Uint8Array, tail: string): Promise<void> {
    const line = head + Buffer.from(body).toString("latin1") + tail;
    await pushStep(this.writes, line);
    this.lines.push(line);
  }
}

function pushStep<T>(steps: Step<T>[], input: T): Promise<void> {
  return new Promise((resolve, reject) => {
    steps.push({ input, finish: resolve, fail: reject });
  });
}

/** Takes the oldest operation in progress. */
export function next<T>(steps: Step<T>[]): Step<T> {
  const step = steps.shift();
  if (!step) throw new Error("no operation is in progress");
  return step;
}
