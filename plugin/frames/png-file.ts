// A PNG file of RGBA pixels, with pngjs. Frames come several times a second, and the garbage collector does not see how large they
// are: a thread would keep some 60 MB of them before it collects. So memory is reused, and what cannot be reused is given back at once.

import { PNG } from "pngjs";
import { type Size, scaleToRgb } from "./scale-to-rgb.ts";

const RGB = 2;
const BYTES_PER_PIXEL = 3;
/** pngjs lets zlib write each file through a buffer of this size. */
export const FILE_BUFFER_BYTES = 32_768;

export class PngFile {
  /** Grows to the largest frame. */
  #rgb = new Uint8Array();

  /** @param rgba is freed: its buffer is detached */
  encode(rgba: Uint8Array, from: Size, to: Size): Buffer {
    const length = to.width * to.height * BYTES_PER_PIXEL;
    if (this.#rgb.length < length) this.#rgb = new Uint8Array(length);
    scaleToRgb(rgba, from, to, this.#rgb);
    free(rgba);
    // With a size it would allocate pixels of its own.
    const png = new PNG();
    png.width = to.width;
    png.height = to.height;
    png.data = Buffer.from(this.#rgb.buffer, 0, length);
    // A new object, because pngjs writes its defaults into it. With equal types it reads the pixels where they are.
    return PNG.sync.write(png, { inputColorType: RGB, colorType: RGB });
  }
}

function free({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
