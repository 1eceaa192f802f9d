// Draws frames on a canvas. One frame is decoded at a time while the newest one waits, and each frame that was decoded is
// acknowledged.

import type { IncomingFrame } from "./frame-feed.ts";

/** Calls `done` with undefined when the data is not a readable image. */
type DecodeImage = (data: string | Blob, done: (image: CanvasImageSource | undefined) => void) => void;

export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #onDrawn: (frame: IncomingFrame) => void;
  readonly #decode: DecodeImage;
  #decoding: IncomingFrame | undefined;
  #next: IncomingFrame | undefined;
  #isStopped = false;

  constructor(canvas: HTMLCanvasElement, decode: DecodeImage, onDrawn: (frame: IncomingFrame) => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#decode = decode;
    this.#onDrawn = onDrawn;
  }

  /** Replaces a frame that still waits. */
  offer(frame: IncomingFrame): void {
    if (this.#isStopped) return;
    if (this.#decoding) this.#next = frame;
    else this.#start(frame);
  }

  stop(): void {
    this.#isStopped = true;
    this.#next = undefined;
  }

  #start(frame: IncomingFrame): void {
    this.#decoding = frame;
    this.#decode(frame.data, (image) => {
      if (!this.#isStopped) this.#finish(frame, image);
    });
  }

  #finish(frame: IncomingFrame, image: CanvasImageSource | undefined): void {
    if (image) this.#draw(frame, image);
    // An unreadable frame is acknowledged too, because the stream stops without its credit.
    frame.acknowledge();
    if (image) this.#onDrawn(frame);
    this.#decoding = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next) this.#start(next);
  }

  #draw({ width, height }: IncomingFrame, image: CanvasImageSource): void {
    const canvas = this.#canvas;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.#context?.drawImage(image, 0, 0, width, height);
  }
}

/** Uses `Image.onload`, which is faster than `Image.decode()` in WebKitGTK and in Chromium. */
export function createImageDecoder(): DecodeImage {
  const image = new Image();
  return (data, done) => {
    const url = typeof data === "string" ? data : URL.createObjectURL(data);
    const finish = (isReadable: boolean): void => {
      done(isReadable ? image : undefined);
      if (url !== data) URL.revokeObjectURL(url);
    };
    image.onload = () => finish(true);
    image.onerror = () => finish(false);
    image.src = url;
  };
}
