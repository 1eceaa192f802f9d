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

/**
 * Uses `Image.onload`, which is faster than `Image.decode()` in WebKitGTK and in Chromium. JPEG bytes that the page's policy for images
 * keeps from an image are tried as a bitmap.
 */
export function createImageDecoder(): DecodeImage {
  const decodeUrl = createUrlDecoder();
  return (data, done) => {
    if (typeof data === "string") decodeUrl(data, done);
    else decodeBlob(data, done, decodeUrl);
  };
}

function createUrlDecoder(): (url: string, done: Parameters<DecodeImage>[1]) => void {
  const image = new Image();
  return (url, done) => {
    image.onload = () => done(image);
    image.onerror = () => done(undefined);
    image.src = url;
  };
}

function decodeBlob(
  blob: Blob,
  done: Parameters<DecodeImage>[1],
  decodeUrl: ReturnType<typeof createUrlDecoder>,
): void {
  const url = URL.createObjectURL(blob);
  decodeUrl(url, (image) => {
    if (image || typeof createImageBitmap !== "function") done(image);
    else decodeBitmap(blob, done);
    URL.revokeObjectURL(url);
  });
}

function decodeBitmap(blob: Blob, done: Parameters<DecodeImage>[1]): void {
  createImageBitmap(blob).then(
    (bitmap) => {
      done(bitmap);
      // Its memory is released now instead of at the next garbage collection.
      bitmap.close();
    },
    () => done(undefined),
  );
}
