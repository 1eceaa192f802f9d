// One exchange on one stream: send, receive one message, finish. Ensures that every stream ends on both sides.

import { withDeadline } from "../../common/deadline.ts";
import type { ByteStream } from "../node.ts";
import type { Decoder } from "./decoders.ts";

/** Receives from its construction on. The owner must call either `finish` or `abort`, also after an error. */
export class Exchange {
  readonly #stream: ByteStream;
  readonly #decoder: Decoder;
  readonly #message = Promise.withResolvers<string>();
  readonly #ended = Promise.withResolvers<void>();
  #isComplete = false;

  constructor(stream: ByteStream, decoder: Decoder) {
    this.#stream = stream;
    this.#decoder = decoder;
    // The caller of receive handles the rejection. Without a caller, nothing needs it.
    this.#message.promise.catch(() => undefined);
    stream.receive(
      (chunk) => this.#decode(() => decoder.push(chunk)),
      (error) => this.#onEnd(error),
    );
  }

  /** Resolves with the message. @throws MalformedMessageError, the stream's error, or the signal's reason */
  receive(signal: AbortSignal): Promise<string> {
    const onAbort = () => this.#message.reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    return this.#message.promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  /** @throws the stream's error or the signal's reason, after which the caller must still abort the stream */
  send(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    return this.#stream.send(bytes, signal);
  }

  /** Closes our half. Resets the stream if the peer does not close its half within `closeMs`. Never rejects. */
  async finish(closeMs: number): Promise<void> {
    try {
      await withDeadline(closeMs, undefined, "closing a stream", async () => {
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
    // One stream carries one message. Later bytes are dropped.
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
