// Two ends of one stream in memory, as a node would give them. Whole or reset like the real ones; chunks arrive later,
// never synchronously.

import type { ByteStream } from "../../../plugin/signalling/node.ts";

export interface TestStream extends ByteStream {
  /** Resolves when this end is over: bare when both sides closed, with the error of a reset. */
  readonly over: Promise<Error | undefined>;
}

class End implements TestStream {
  readonly over: Promise<Error | undefined>;
  other: End | undefined;
  readonly #over = Promise.withResolvers<Error | undefined>();
  readonly #early: (() => void)[] = [];
  #onChunk: ((chunk: Uint8Array) => void) | undefined;
  #onEnd: ((error?: Error) => void) | undefined;
  #hasClosed = false;
  #hasHeardEnd = false;

  constructor() {
    this.over = this.#over.promise;
  }

  receive(onChunk: (chunk: Uint8Array) => void, onEnd: (error?: Error) => void): void {
    this.#onChunk = onChunk;
    this.#onEnd = onEnd;
    for (const step of this.#early.splice(0)) queueMicrotask(step);
  }

  async send(bytes: Uint8Array): Promise<void> {
    if (this.#hasClosed) throw new Error("this end is closed");
    this.other?.later((end) => end.#onChunk?.(bytes));
  }

  async close(): Promise<void> {
    if (this.#hasClosed) return;
    this.#hasClosed = true;
    this.other?.later((end) => end.#hear(undefined));
    this.#settle();
  }

  abort(error: Error): void {
    this.#hear(error);
    this.other?.later((end) => end.#hear(new Error("the stream was reset")));
  }

  later(step: (end: End) => void): void {
    if (this.#onChunk) queueMicrotask(() => step(this));
    else this.#early.push(() => step(this));
  }

  #hear(error: Error | undefined): void {
    if (error) this.#over.resolve(error);
    if (this.#hasHeardEnd) return;
    this.#hasHeardEnd = true;
    this.#onEnd?.(error);
    this.#settle();
  }

  #settle(): void {
    if (this.#hasClosed && this.#hasHeardEnd) this.#over.resolve(undefined);
  }
}

export function byteStreamPair(): [TestStream, TestStream] {
  const [left, right] = [new End(), new End()];
  left.other = right;
  right.other = left;
  return [left, right];
}
