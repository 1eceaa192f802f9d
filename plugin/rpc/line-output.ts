// Writes one burst of bytes after the other to the kernel, and detects a reader that has stopped reading.

import type { Writable } from "node:stream";

export interface LineOutputOptions {
  readonly output: Writable;
  /** How long the kernel may take for one burst before the reader counts as hung. */
  readonly stallMs: number;
  /** The kernel took the burst, so the next one can be written. */
  onWritten(): void;
  /** Writing failed, or the reader closed or hung. Can be called more than once. */
  onFailed(message: string, cause?: unknown): void;
}

export class LineOutput {
  readonly #options: LineOutputOptions;
  #isWriting = false;
  #stallTimer: NodeJS.Timeout | undefined;

  constructor(options: LineOutputOptions) {
    this.#options = options;
    const { output, onFailed } = options;
    output.on("error", (error: Error) => onFailed(`writing failed: ${error.message}`, error));
    // A pipe can close without an error, for instance when the host ends while nothing is being written.
    output.once("close", () => onFailed("the reader closed its end"));
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /**
   * Corked parts reach the kernel in one system call (writev) where the kernel takes them whole. Must not be called while
   * `isWriting`, because nothing can overtake bytes in the stream's own buffer.
   */
  write(parts: readonly Uint8Array[]): void {
    const { output, stallMs, onFailed } = this.#options;
    this.#isWriting = true;
    // Unreferenced, because a hung reader must not keep the process alive.
    this.#stallTimer = setTimeout(
      () => onFailed(`the reader took nothing for ${stallMs} ms`),
      stallMs,
    ).unref();
    output.cork();
    const last = parts.length - 1;
    parts.forEach((part, index) => {
      output.write(part, index === last ? (error) => this.#written(error) : undefined);
    });
    output.uncork();
  }

  /** Ends the output after the present burst. */
  end(): void {
    clearTimeout(this.#stallTimer);
    this.#options.output.end();
  }

  /** Drops the present burst. */
  destroy(): void {
    clearTimeout(this.#stallTimer);
    this.#options.output.destroy();
  }

  #written(error?: Error | null): void {
    this.#isWriting = false;
    clearTimeout(this.#stallTimer);
    if (error) this.#options.onFailed(`writing failed: ${error.message}`, error);
    else this.#options.onWritten();
  }
}
