// Hands one burst of bytes after the other to the kernel, and notices when the reader has stopped reading. Decides
// nothing about what is written or in which order.

import type { Writable } from "node:stream";

export interface LineOutputOptions {
  readonly output: Writable;
  /** How long one burst may take before the reader counts as hung. */
  readonly stallMs: number;
  /** The kernel took the burst; the next one may be written. */
  onWritten(): void;
  /** Writing failed, the reader closed or hung. May be called more than once. */
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
    // A pipe may close without an error, as when the host ends while nothing is being written.
    output.once("close", () => onFailed("the reader closed its end"));
  }

  get isWriting(): boolean {
    return this.#isWriting;
  }

  /**
   * One writev: corked parts reach the kernel in one system call where it takes them whole. Not to be called while
   * `isWriting`: what lies in the stream's own buffer can no longer be overtaken.
   */
  write(parts: readonly Uint8Array[]): void {
    const { output, stallMs, onFailed } = this.#options;
    this.#isWriting = true;
    // Unreferenced, because a hung reader alone is no reason to keep the process.
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

  /** Ends the output after what is being written. */
  end(): void {
    clearTimeout(this.#stallTimer);
    this.#options.output.end();
  }

  /** Drops what is being written. */
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
