// Two ends of one stream in memory, as a node would provide them. Either side can close or reset it. Chunks arrive
// asynchronously.

import type { ByteStream } from "../../../plugin/signalling/node.ts";

export interface TestStream extends ByteStream {
  /** Resolves when the stream has ended: with undefined after both sides closed, or with the error of a reset. */
  readonly ended: Promise<Error | undefined>;
}

class End implements TestStream {
  readonly ended: Promise<Error | undefined>;
  other: End | undefined;
  readonly #ended = Promise.withResolvers<Error | undefined>();
  readonly #early: (() => void)[] = [];
  #onChunk: ((chunk: Uint8Array) => void) | undefined;
  #onEnd: ((error?: Error) => void) | undefined;
  #hasClosed = false;
  #hasRemoteEnded = false;

  constructor() {
    this.ended = this.#ended.promise;
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
    this.other?.later((end) => end.#endRemote(undefined));
    this.#settle();
  }

  abort(error: Error): void {
    this.#endRemote(error);
    this.other?.later((end) => end.#endRemote(new Error("the stream was reset")));
  }

  later(step: (end: End) => void): void {
    if (this.#onChunk) queueMicrotask(() => step(this));
    else this.#early.push(() => step(this));
  }

  #endRemote(error: Error | undefined): void {
    if (error) this.#ended.resolve(error);
    if (this.#hasRemoteEnded) return;
    this.#hasRemoteEnded = true;
    this.#onEnd?.(error);
    this.#settle();
  }

  #settle(): void {
    if (this.#hasClosed && this.#hasRemoteEnded) this.#ended.resolve(undefined);
  }
}

export function byteStreamPair(): [TestStream, TestStream] {
  const [left, right] = [new End(), new End()];
  left.other = right;
  right.other = left;
  return [left, right];
}
