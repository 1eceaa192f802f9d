// Delivers one message: opens a stream, writes the message, waits for its acknowledgement, and retries once after a
// failure. send-lanes.ts orders the messages of a call.

import { pause, withDeadline } from "../../common/deadline.ts";
import { errorText } from "../../common/error-text.ts";
import type { ByteStream } from "../node.ts";
import { SignallingError } from "../port.ts";
import type { Timings } from "../timings.ts";
import { JsonObjectDecoder } from "./decoders.ts";
import { Exchange } from "./exchange.ts";
import { encodeMessage, type MessageStamp, parseAck } from "./goop-mq.ts";

/** An acknowledgement has about 80 bytes, since our ids have 36 characters. */
const MAX_ACK_BYTES = 4_096;

interface MqSenderOptions {
  /** Dials if needed. Rejects when the signal aborts. */
  open(peerId: string, signal: AbortSignal): Promise<ByteStream>;
  readonly stamp: MessageStamp;
  readonly timings: Timings;
}

export class MqSender {
  readonly #options: MqSenderOptions;

  constructor(options: MqSenderOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the peer acknowledged the message. `payload` runs for each attempt. The retry has a new id and sequence number, so after a lost
   * acknowledgement the receiver cannot recognize the duplicate.
   * @throws SignallingError unreachable or unacknowledged, or the signal's reason
   */
  async deliver(peerId: string, topic: string, payload: () => unknown, signal: AbortSignal): Promise<void> {
    try {
      await this.#attempt(peerId, topic, payload(), signal);
    } catch {
      signal.throwIfAborted();
      await pause(this.#options.timings.retryPauseMs, signal);
      await this.#attempt(peerId, topic, payload(), signal);
    }
  }

  async #attempt(peerId: string, topic: string, payload: unknown, signal: AbortSignal): Promise<void> {
    const { stamp, timings } = this.#options;
    const exchange = new Exchange(await this.#open(peerId, signal), new JsonObjectDecoder(MAX_ACK_BYTES));
    const { id, seq } = stamp.next();
    try {
      const bytes = encodeMessage({ id, seq, topic, payload });
      const ack = await withDeadline(timings.ackMs, signal, "the acknowledgement", async (limit) => {
        await exchange.send(bytes, limit);
        return parseAck(await exchange.receive(limit));
      });
      if (ack !== id) throw new Error(`acknowledged message "${ack.slice(0, 40)}", expected "${id}"`);
    } catch (error) {
      exchange.abort(error);
      signal.throwIfAborted();
      throw new SignallingError(
        "unacknowledged",
        `no acknowledgement from ${peerId}: ${errorText(error)}`,
        error,
      );
    }
    // Not awaited: the message is acknowledged, and the stream ends within closeMs.
    void exchange.finish(timings.closeMs);
  }

  async #open(peerId: string, signal: AbortSignal): Promise<ByteStream> {
    try {
      return await withDeadline(this.#options.timings.openMs, signal, "opening a stream", async (limit) => {
        const stream = await this.#options.open(peerId, limit);
        if (limit.aborted) stream.abort(new Error("opened too late"));
        return stream;
      });
    } catch (error) {
      signal.throwIfAborted();
      throw new SignallingError("unreachable", `no stream to ${peerId}: ${errorText(error)}`, error);
    }
  }
}
