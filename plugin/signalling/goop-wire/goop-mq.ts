// The wire format of Goop²'s message queue protocol /goop/mq/1.0.0. Each stream carries one message and one acknowledgement,
// each a JSON object. Reading is tolerant and writing is exact.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { dateMs } from "../../common/clock.ts";
import { MalformedMessageError } from "./decoders.ts";
import { goObject, numberOrZero, textOrZero } from "./go-json.ts";

/** The libp2p protocol id. A peer with another version refuses the stream. */
export const MQ_PROTOCOL = "/goop/mq/1.0.0";
/** Goop²'s page sends a message of this topic for each message that it takes, also for those that nothing on the page reads. */
export const RECEIPT_TOPIC = "mq.ack";

const messageSchema = goObject({
  id: textOrZero,
  seq: numberOrZero,
  topic: textOrZero,
  payload: z.unknown().optional(),
});
export type MqMessage = z.infer<typeof messageSchema>;

const ackSchema = goObject({ id: textOrZero });

/** @throws MalformedMessageError */
export function parseMessage(text: string): MqMessage {
  return parse(messageSchema, text, "message");
}

/** @returns the id of the acknowledged message @throws MalformedMessageError */
export function parseAck(text: string): string {
  return parse(ackSchema, text, "acknowledgement").id;
}

/** Ends with a line feed, for peers that read lines. */
export function encodeMessage(message: MqMessage): Uint8Array {
  const { id, seq, topic, payload } = message;
  return line({ type: "msg", id, seq, topic, payload });
}

/** Repeats the id exactly, because the sender compares it. */
export function encodeAck(message: { id: string; seq: number }): Uint8Array {
  return line({ type: "ack", id: message.id, seq: message.seq });
}

/**
 * Gives each message an id and a sequence number. Ids are full UUIDs, because a Go peer takes the first 8 characters without
 * a length check. Numbers start from the clock, because Goop²'s page drops numbers that it has seen, also before our restart.
 */
export class MessageStamp {
  #seq: number;

  constructor(nowMs: number = dateMs()) {
    this.#seq = nowMs;
  }

  next(): { id: string; seq: number } {
    this.#seq += 1;
    return { id: randomUUID(), seq: this.#seq };
  }
}

function line(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value)}\n`);
}

function parse<T>(schema: z.ZodType<T>, text: string, what: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new MalformedMessageError(`${what} is not JSON`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new MalformedMessageError(`${what}: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
