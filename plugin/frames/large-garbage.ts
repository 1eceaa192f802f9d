// Collects the garbage of a thread that fills large buffers. V8 sees the small objects that hold them and waits for thousands; a PNG
// stream took 300 MB more. Ending the thread frees them too, but each start and end leaves holes in malloc's memory.

import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Each collection stops the thread for some milliseconds. */
const MOST_BYTES = 8e6;

export class LargeGarbage {
  readonly #collect: () => void;
  #bytes = 0;

  constructor() {
    // Contexts that are made from now on have the function.
    setFlagsFromString("--expose-gc");
    this.#collect = runInNewContext("gc");
  }

  /** So many bytes are no longer used. Blocks for a collection now and then. */
  add(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes < MOST_BYTES) return;
    this.#bytes = 0;
    this.#collect();
  }
}
