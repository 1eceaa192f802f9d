// The host's message queue protocol /goop/mq/1.0.0: the words on the wire. One message and one acknowledgement a
// stream, each one JSON object. Tolerant in reading, exact in writing; see README.md.

import { randomUUID } from "node:crypto";
import { z } from "zod";
import { MalformedMessageError } from "./decoders.ts";
import { goObject, numberOrZero, textOrZero } from "./go-json.ts";

/** libp2p protocol id; a peer of another version refuses the stream. */
export const MQ_PROTOCOL = "/goop/mq/1.0.0";

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

/** The id that is acknowledged. @throws MalformedMessageError */
export function parseAck(text: string): string {
  return parse(ackSchema, text, "acknowledgement").id;
}

/** Ends in a line feed, which readers that count brackets do not need. */
export function encodeMessage(message: MqMessage): Uint8Array {
  const { id, seq, topic, payload } = message;
  return line({ type: "msg", id, seq, topic, payload });
}

/** Repeats the id exactly, since the sender compares it. */
export function encodeAck(message: { id: string; seq: number }): Uint8Array {
  return line({ type: "ack", id: message.id, seq: message.seq });
}

/**
 * Numbers and names messages. Ids are whole UUIDs, since a Go peer cuts off the first 8 characters unchecked. Numbers
 * start from the clock: a host's page drops numbers that it has seen, also from before our restart.
 */
export class MessageStamp {
  #seq: number;

  constructor(nowMs: number = Date.now()) {
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
