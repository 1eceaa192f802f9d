// Writes one burst of bytes after the other to the kernel, and detects a reader that has stopped reading.

import type { Writable } from "node:stream";

/**
 * The stall time counts for so many bytes, so that a slow reader of a long line or of many lines is not taken for a hung one.
 * Longer than a usual frame, which should be one system call.
 */
const MAX_PIECE_BYTES = 1024 * 1024;

export interface LineOutputOptions {
  readonly output: Writable;
  /** How long the kernel may take for one piece of a burst before the reader counts as hung. */
  readonly stallMs: number;
  /** The kernel took the burst, so the next one can be written. */
  onWritten(): void;
  /** Writing failed, or the reader closed or hung. Can be called more than once. */
  onFailed(message: string, cause?: unknown): void;
}

export class LineOutput {
  readonly #options: LineOutputOptions;
  #isWriting = false;
  /** Pieces of the present burst that are not written yet. */
  #rest: Uint8Array[] = [];
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
    this.#isWriting = true;
    this.#rest = parts.flatMap(inPieces);
    this.#writeNext();
  }

  #writeNext(): void {
    const { output, stallMs, onFailed } = this.#options;
    // Unreferenced, because a hung reader must not keep the process alive.
    this.#stallTimer = setTimeout(
      () => onFailed(`the reader took nothing for ${stallMs} ms`),
      stallMs,
    ).unref();
    const parts = this.#takePieces();
    output.cork();
    const last = parts.length - 1;
    parts.forEach((part, index) => {
      output.write(part, index === last ? (error) => this.#written(error) : undefined);
    });
    output.uncork();
  }

  /** As many pieces as the stall time is meant for, at least one. */
  #takePieces(): Uint8Array[] {
    let bytes = 0;
    const end = this.#rest.findIndex((piece, index) => {
      bytes += piece.length;
      return index > 0 && bytes > MAX_PIECE_BYTES;
    });
    return this.#rest.splice(0, end < 0 ? this.#rest.length : end);
  }

  /** Ends the output after the present burst. */
  end(): void {
    clearTimeout(this.#stallTimer);
    const { output } = this.#options;
    for (const piece of this.#rest.splice(0)) output.write(piece);
    output.end();
  }

  /** Drops the present burst. */
  destroy(): void {
    this.#rest = [];
    clearTimeout(this.#stallTimer);
    this.#options.output.destroy();
  }

  #written(error?: Error | null): void {
    clearTimeout(this.#stallTimer);
    if (!error && this.#rest.length > 0) {
      this.#writeNext();
      return;
    }
    this.#isWriting = false;
    this.#rest = [];
    if (error) this.#options.onFailed(`writing failed: ${error.message}`, error);
    else this.#options.onWritten();
  }
}

function inPieces(part: Uint8Array): Uint8Array[] {
  if (part.length <= MAX_PIECE_BYTES) return [part];
  const count = Math.ceil(part.length / MAX_PIECE_BYTES);
  return Array.from({ length: count }, (_, index) =>
    part.subarray(index * MAX_PIECE_BYTES, (index + 1) * MAX_PIECE_BYTES),
  );
}
