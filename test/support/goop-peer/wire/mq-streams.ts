// One message and its acknowledgement on one stream of `/goop/mq/1.0.0`, in either direction [2.1-2.3].

import type { Stream } from "@libp2p/interface";
import { endOfFirstObject } from "./json-value.ts";
import { MQ_TIMINGS, type MqMessage } from "./wire.ts";

const encoder = new TextEncoder();

/** Collects the text of a stream until the stream closes. */
export class StreamText {
  text = "";
  readonly #stream: Stream;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Stream) {
    this.#stream = stream;
    const decoder = new TextDecoder();
    stream.addEventListener("message", ({ data }) => {
      this.text += decoder.decode(data.subarray(), { stream: true });
      this.#checkSoon();
    });
    for (const ending of ["end", "close", "remoteCloseWrite"] as const) {
      stream.addEventListener(ending, () => this.#checkSoon());
    }
    // A short answer and its end may both have arrived before the listeners were added.
    this.#checkSoon();
  }

  /** libp2p 3.3.11 reports the end before the last bytes were read. */
  get #isEnded(): boolean {
    const { status, remoteWriteStatus, readBufferLength } = this.#stream;
    return (
      status === "reset" || status === "aborted" || (remoteWriteStatus === "closed" && readBufferLength === 0)
    );
  }

  #checkSoon(): void {
    setImmediate(() => {
      for (const check of [...this.#waiting]) check();
    });
  }

  /** @returns the text of the first object. @throws Error when the stream ends before, or after the limit */
  firstObject(limitMs: number, what: string): Promise<string> {
    return this.until(
      () => {
        const end = endOfFirstObject(this.text);
        if (end > 0) return this.text.slice(0, end);
        if (this.#isEnded) throw new Error(`the stream ended before ${what}`);
        return undefined;
      },
      `${what} did not come within ${limitMs} ms`,
      limitMs,
    );
  }

  /** @returns the whole text, when the stream has ended */
  all(limitMs: number): Promise<string> {
    return this.until(() => (this.#isEnded ? this.text : undefined), "the stream did not end", limitMs);
  }

  until<T>(find: () => T | undefined, timeoutText: string, limitMs: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(timeoutText)), limitMs);
    const check = () => {
      try {
        const found = find();
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    };
    this.#waiting.add(check);
    check();
    return promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(check);
    });
  }
}

/** Writes one message and waits for its acknowledgement. @throws Error when it is missing or has another id */
export async function sendOnStream(stream: Stream, message: MqMessage): Promise<void> {
  try {
    const answer = new StreamText(stream);
    stream.send(encoder.encode(`${JSON.stringify(message)}\n`));
    const ack: unknown = JSON.parse(await answer.firstObject(MQ_TIMINGS.ackMs, "an acknowledgement"));
    const id = typeof ack === "object" && ack !== null && "id" in ack ? ack.id : undefined;
    if (id !== message.id) throw new Error(`the acknowledgement is for ${String(id)}`);
    await stream.close({ signal: AbortSignal.timeout(MQ_TIMINGS.ackMs) });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

/** Acknowledges and closes, and ignores failures. */
export async function acknowledgeOnStream(stream: Stream, id: unknown, seq: unknown): Promise<void> {
  stream.send(encoder.encode(`${JSON.stringify({ type: "ack", id, seq })}\n`));
  await closeStream(stream);
}

/** Ignores a stream that the other side has already reset. */
export async function closeStream(stream: Stream): Promise<void> {
  try {
    await stream.close({ signal: AbortSignal.timeout(MQ_TIMINGS.ackWriteMs) });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
