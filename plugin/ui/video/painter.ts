// Puts pictures on a canvas: one is being decoded, the newest waits, and each gives its credit back when it is drawn.
// Knows neither where pictures come from nor when they end.

import type { IncomingFrame } from "./frame-feed.ts";

/** @returns false when it could not be read */
type DecodeImage = (data: string | Blob, done: (picture: CanvasImageSource | undefined) => void) => void;

export class Painter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D | null;
  readonly #onDrawn: (picture: IncomingFrame) => void;
  readonly #decode: DecodeImage;
  #loading: IncomingFrame | undefined;
  #next: IncomingFrame | undefined;
  #isStopped = false;

  constructor(canvas: HTMLCanvasElement, decode: DecodeImage, onDrawn: (picture: IncomingFrame) => void) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false });
    this.#decode = decode;
    this.#onDrawn = onDrawn;
  }

  offer(picture: IncomingFrame): void {
    if (this.#isStopped) return;
    if (this.#loading) this.#next = picture;
    else this.#load(picture);
  }

  stop(): void {
    this.#isStopped = true;
    this.#next = undefined;
  }

  #load(picture: IncomingFrame): void {
    this.#loading = picture;
    this.#decode(picture.data, (decoded) => {
      if (!this.#isStopped) this.#finish(picture, decoded);
    });
  }

  #finish(picture: IncomingFrame, decoded: CanvasImageSource | undefined): void {
    if (decoded) this.#draw(picture, decoded);
    // A picture that could not be read is acknowledged too: its credit must come back, or the stream stands still.
    picture.acknowledge();
    if (decoded) this.#onDrawn(picture);
    this.#loading = undefined;
    const next = this.#next;
    this.#next = undefined;
    if (next) this.#load(next);
  }

  #draw({ width, height }: IncomingFrame, decoded: CanvasImageSource): void {
    const canvas = this.#canvas;
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    this.#context?.drawImage(decoded, 0, 0, width, height);
  }
}

/** By `Image.onload`, which both engines answer sooner than `decode()`. */
export function createImageDecoder(): DecodeImage {
  const image = new Image();
  return (data, done) => {
    const url = typeof data === "string" ? data : URL.createObjectURL(data);
    const finish = (isGood: boolean): void => {
      done(isGood ? image : undefined);
      if (url !== data) URL.revokeObjectURL(url);
    };
    image.onload = () => finish(true);
    image.onerror = () => finish(false);
    image.src = url;
  };
}
