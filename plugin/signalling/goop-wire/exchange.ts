// One short conversation on one stream: send, receive one message, finish. Makes sure that every stream ends on both
// sides; knows nothing of what the messages mean.

import { withDeadline } from "../../common/deadline.ts";
import type { ByteStream } from "../node.ts";
import type { Decoder } from "./decoders.ts";

/** Listens from its construction on. Its owner calls either `finish` or `abort`, whatever happened before. */
export class Exchange {
  readonly #stream: ByteStream;
  readonly #decoder: Decoder;
  readonly #message = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<void>();
  #isComplete = false;

  constructor(stream: ByteStream, decoder: Decoder) {
    this.#stream = stream;
    this.#decoder = decoder;
    // The reason reaches whoever calls receive; without a caller it is nobody's.
    this.#message.promise.catch(() => undefined);
    stream.receive(
      (chunk) => this.#decode(() => decoder.push(chunk)),
      (error) => this.#onEnd(error),
    );
  }

  /** The message. @throws MalformedMessageError, the stream's error, or the signal's reason */
  receive(signal: AbortSignal): Promise<string> {
    const onAbort = () => this.#message.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    return this.#message.promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** Rejects with the stream's error or the signal's reason; the stream is then still to be aborted. */
  send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#stream.send(bytes, signal);
  }

  /** Closes our half and sees to it that the stream is gone after `closeMs` at the latest. Never rejects. */
  async finish(closeMs: number): Promise<void> {
    try {
      await withDeadline(closeMs, undefined, "the peer's closing of a stream", async () => {
        await this.#stream.close();
        await this.#ended.promise;
      });
    } catch (error) {
      this.abort(error);
    }
  }

  abort(error: unknown): void {
    this.#stream.abort(error instanceof Error ? error : new Error(String(error)));
  }

  #decode(step: () => string | undefined): void {
    // What follows the message is dropped: one stream carries one message.
    if (this.#isComplete) return;
    try {
      const text = step();
      if (text === undefined) return;
      this.#isComplete = true;
      this.#message.resolve(text);
    } catch (error) {
      this.#isComplete = true;
      this.#message.reject(error);
    }
  }

  #onEnd(error: Error | undefined): void {
    if (error) this.#message.reject(error);
    else this.#decode(() => this.#decoder.end());
    this.#ended.resolve();
  }
}
