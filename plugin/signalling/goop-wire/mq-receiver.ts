// Accepts incoming message streams. Each stream carries one message, which is acknowledged and then dispatched, as Goop²
// does. An acknowledgement confirms that the bytes were a message, not that we understood it.

import { withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { Log } from "../../log.ts";
import type { ByteStream } from "../node.ts";
import { MAX_MESSAGE_BYTES, type Timings } from "../timings.ts";
import { JsonObjectDecoder } from "./decoders.ts";
import { Exchange } from "./exchange.ts";
import { encodeAck, parseMessage } from "./goop-mq.ts";

interface MqReceiverOptions {
  /** Runs after the acknowledgement was written. `payload` is unchecked JSON. */
  onMessage(from: string, topic: string, payload: unknown): void;
  readonly timings: Timings;
  readonly log: Log;
}

/** Limits the bytes of a message and its time. limits/ limits the number of streams. */
export class MqReceiver {
  readonly #options: MqReceiverOptions;
  #refused = 0;

  constructor(options: MqReceiverOptions) {
    this.#options = options;
  }

  /** The number of streams that were reset because they were malformed, too slow or too many. */
  get refused(): number {
    return this.#refused;
  }

  /** Owns the stream from now on and ends it on every path. Never rejects. @param evicted ends the stream at once */
  async accept(stream: ByteStream, from: string, evicted?: AbortSignal): Promise<void> {
    const { timings, onMessage } = this.#options;
    const exchange = new Exchange(stream, new JsonObjectDecoder(MAX_MESSAGE_BYTES));
    try {
      const text = await withDeadline(timings.readMs, evicted, "reading a message", (limit) =>
        exchange.receive(limit),
      );
      const message = parseMessage(text);
      await withDeadline(timings.ackWriteMs, evicted, "acknowledging a message", (limit) =>
        exchange.send(encodeAck(message), limit),
      );
      onMessage(from, message.topic, message.payload);
    } catch (error) {
      this.#refuse(from, stream, error);
      return;
    }
    await exchange.finish(timings.closeMs);
  }

  #refuse(from: string, stream: ByteStream, error: unknown): void {
    this.#refused += 1;
    this.#options.log("debug", `message stream from ${from} reset: ${errorText(error)}`);
    stream.abort(error instanceof Error ? error : new Error(String(error)));
  }
}
