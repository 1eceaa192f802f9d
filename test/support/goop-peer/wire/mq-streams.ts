// One message and one acknowledgement on one stream of `/goop/mq/1.0.0`, either way [2.1-2.3].
// Knows nothing of topics and payloads.

import type { Stream } from "@libp2p/interface";
import { endOfFirstObject } from "./json-value.ts";
import { MQ_TIMINGS, type MqMessage } from "./wire.ts";

const encoder = new TextEncoder();

/** Collects what comes on a stream; `text` grows for as long as the stream lives. */
export class StreamText {
  text = "";
  readonly #stream: Stream;
  readonly #waiting = new Set<() => void>();

  constructor(stream: Stream) {
    this.#stream = stream;
    const decoder = new TextDecoder();
    stream.addEventListener("message", ({ data }) => {
      this.text += decoder.decode(data.subarray(), { stream: true });
      this.#look();
    });
    for (const ending of ["end", "close", "remoteCloseWrite"] as const) {
      stream.addEventListener(ending, () => this.#look());
    }
    // A short answer and its end may both have come before anybody listened.
    this.#look();
  }

  /** libp2p 3.3.11 tells of the end before the bytes that came with it were read. */
  get #isEnded(): boolean {
    const { status, remoteWriteStatus, readBufferLength } = this.#stream;
    return (
      status === "reset" || status === "aborted" || (remoteWriteStatus === "closed" && readBufferLength === 0)
    );
  }

  #look(): void {
    setImmediate(() => {
      for (const check of [...this.#waiting]) check();
    });
  }

  /** The first object's text. @throws Error when the stream ends before, or after the limit */
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

  /** Everything up to the end. */
  all(limitMs: number): Promise<string> {
    return this.until(() => (this.#isEnded ? this.text : undefined), "the stream did not end", limitMs);
  }

  until<T>(look: () => T | undefined, late: string, limitMs: number): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const timer = setTimeout(() => reject(new Error(late)), limitMs);
    const check = () => {
      try {
        const found = look();
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

/** Writes one message and waits for its acknowledgement. @throws Error when that is missing or another's */
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

/** Acknowledges, and closes whatever comes of it. */
export async function acknowledgeOnStream(stream: Stream, id: unknown, seq: unknown): Promise<void> {
  stream.send(encoder.encode(`${JSON.stringify({ type: "ack", id, seq })}\n`));
  await closeStream(stream);
}

/** The other side may have reset it, which is as good. */
export async function closeStream(stream: Stream): Promise<void> {
  try {
    await stream.close({ signal: AbortSignal.timeout(MQ_TIMINGS.ackWriteMs) });
  } catch (error) {
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
