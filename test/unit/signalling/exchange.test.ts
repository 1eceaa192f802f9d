// Sending and receiving one message: acknowledgement, retry, time limits, and the end of every stream.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { JsonObjectDecoder } from "../../../plugin/signalling/goop-wire/decoders.ts";
import { Exchange } from "../../../plugin/signalling/goop-wire/exchange.ts";
import {
  encodeAck,
  encodeMessage,
  MessageStamp,
  type MqMessage,
  parseAck,
  parseMessage,
} from "../../../plugin/signalling/goop-wire/goop-mq.ts";
import { MqReceiver } from "../../../plugin/signalling/goop-wire/mq-receiver.ts";
import { MqSender } from "../../../plugin/signalling/goop-wire/mq-sender.ts";
import type { ByteStream } from "../../../plugin/signalling/node.ts";
import { defaultTimings, MAX_MESSAGE_BYTES } from "../../../plugin/signalling/timings.ts";
import { byteStreamPair, type TestStream } from "../../support/network/byte-stream-pair.ts";

/** Long enough for an answer in memory, and short enough to wait for a timeout. */
const timings = {
  ...defaultTimings,
  openMs: 30,
  ackMs: 30,
  retryPauseMs: 1,
  readMs: 30,
  ackWriteMs: 30,
  closeMs: 30,
};
const live = new AbortController().signal;
const bytes = (text: string) => new TextEncoder().encode(text);

/** Serves the remote end of a stream that our sender opens. */
type Serve = (exchange: Exchange, message: { id: string; seq: number }) => Promise<void>;

const acknowledge: Serve = async (exchange, message) => {
  await exchange.send(encodeAck(message), live);
  await exchange.finish(timings.closeMs);
};
const doNotAnswer: Serve = async () => undefined;

/** A sender whose n-th stream is served by the n-th function, with the received messages. */
function sendingTo(...serves: Serve[]) {
  const received: MqMessage[] = [];
  const opened: TestStream[] = [];
  const open = async (): Promise<ByteStream> => {
    const serve = serves[opened.length];
    if (!serve) throw new Error("connection refused");
    const [ours, theirs] = byteStreamPair();
    opened.push(ours);
    const exchange = new Exchange(theirs, new JsonObjectDecoder(1_000));
    void exchange.receive(live).then((text) => {
      const message = parseMessage(text);
      received.push(message);
      return serve(exchange, message);
    });
    return ours;
  };
  const sender = new MqSender({ open, stamp: new MessageStamp(1_000), timings });
  return { sender, received, opened };
}

describe("sending a message", () => {
  test("resolves with the acknowledgement, and both sides close the stream", async () => {
    const { sender, received, opened } = sendingTo(acknowledge);
    await sender.deliver("peer", "call:c", () => ({ type: "call-ringing" }), live);
    assert.deepEqual(
      received.map(({ topic, payload, seq }) => ({ topic, payload, seq })),
      [{ topic: "call:c", payload: { type: "call-ringing" }, seq: 1_001 }],
    );
    assert.equal(await opened[0]?.ended, undefined);
  });

  test("retries once without an acknowledgement, with a new id, number and payload", async () => {
    const { sender, received, opened } = sendingTo(doNotAnswer, acknowledge);
    let attempt = 0;
    await sender.deliver("peer", "call:c", () => ({ attempt: ++attempt }), live);
    assert.deepEqual(
      received.map(({ payload }) => payload),
      [{ attempt: 1 }, { attempt: 2 }],
    );
    assert.notEqual(received[0]?.id, received[1]?.id);
    assert.deepEqual([received[0]?.seq, received[1]?.seq], [1_001, 1_002]);
    assert.match(String(await opened[0]?.ended), /acknowledgement took longer than 30 ms/);
  });

  test("rejects as unacknowledged after two attempts, and resets both streams", async () => {
    const { sender, opened } = sendingTo(doNotAnswer, doNotAnswer, acknowledge);
    await assert.rejects(
      sender.deliver("peer", "call:c", () => ({}), live),
      { code: "unacknowledged" },
    );
    assert.equal(opened.length, 2);
    for (const stream of opened) assert.ok((await stream.ended) instanceof Error);
  });

  test("does not accept the acknowledgement of another message", async () => {
    const wrong: Serve = (exchange, message) => acknowledge(exchange, { ...message, id: "another" });
    const { sender } = sendingTo(wrong, wrong);
    await assert.rejects(
      sender.deliver("peer", "call:c", () => ({}), live),
      /acknowledged message "another"/,
    );
  });

  test("rejects as unreachable if no stream opens", async () => {
    const { sender } = sendingTo();
    await assert.rejects(
      sender.deliver("peer", "call:c", () => ({}), live),
      { code: "unreachable" },
    );
  });

  test("resets a stream that opens too late", async () => {
    const [ours] = byteStreamPair();
    const late = Promise.withResolvers<ByteStream>();
    const sender = new MqSender({ open: () => late.promise, stamp: new MessageStamp(), timings });
    await assert.rejects(
      sender.deliver("peer", "call:c", () => ({}), live),
      /took longer than 30 ms/,
    );
    late.resolve(ours);
    assert.match(String(await ours.ended), /opened too late/);
  });

  test("rejects with the caller's reason as soon as it aborts, and does not retry", async () => {
    const controller = new AbortController();
    const { sender, opened } = sendingTo(async () => controller.abort(new Error("hung up")), acknowledge);
    await assert.rejects(
      sender.deliver("peer", "call:c", () => ({}), controller.signal),
      /hung up/,
    );
    assert.equal(opened.length, 1);
    assert.match(String(await opened[0]?.ended), /hung up/);
  });

  test("resets a stream that the peer does not close after its acknowledgement", async () => {
    const { sender, opened } = sendingTo((exchange, message) => exchange.send(encodeAck(message), live));
    await sender.deliver("peer", "call:c", () => ({}), live);
    assert.match(String(await opened[0]?.ended), /closing a stream took longer/);
  });
});

interface ReceivedMessage {
  from: string;
  topic: string;
  payload: unknown;
}

function receiving() {
  const received: ReceivedMessage[] = [];
  const first = Promise.withResolvers<void>();
  const receiver = new MqReceiver({
    onMessage: (from, topic, payload) => {
      received.push({ from, topic, payload });
      first.resolve();
    },
    timings,
    log: () => undefined,
  });
  const open = (from = "peer") => {
    const [theirs, ours] = byteStreamPair();
    void receiver.accept(ours, from);
    return { theirs, ours };
  };
  return { receiver, received, first: first.promise, open };
}

const message = (id: string) => ({ id, seq: 1, topic: "call:c", payload: { type: "call-hangup" } });

describe("receiving a message", () => {
  test("acknowledges before it dispatches, and closes after the peer", async () => {
    const { received, open } = receiving();
    const { theirs, ours } = open();
    const exchange = new Exchange(theirs, new JsonObjectDecoder(1_000));
    await exchange.send(encodeMessage(message("id-1")), live);
    assert.equal(parseAck(await exchange.receive(live)), "id-1");
    await exchange.finish(1_000);
    assert.equal(await ours.ended, undefined);
    assert.deepEqual(received, [{ from: "peer", topic: "call:c", payload: { type: "call-hangup" } }]);
  });

  test("tolerates short and missing ids, split chunks and a missing newline", async () => {
    for (const text of ['{"id":"x","topic":"call:c"}', '{"topic":"call:c","payload":"🎥"}']) {
      const { first, open } = receiving();
      const { theirs } = open();
      theirs.receive(
        () => undefined,
        () => undefined,
      );
      for (const byte of bytes(text)) await theirs.send(Uint8Array.of(byte), live);
      await first;
    }
  });

  test("resets a stream with a malformed message without an acknowledgement", async () => {
    const tooLong = bytes(`{"payload":"${"x".repeat(MAX_MESSAGE_BYTES)}"}`);
    for (const wrong of [bytes("{]}"), bytes("nonsense"), bytes('{"id":7}'), tooLong]) {
      const { receiver, received, open } = receiving();
      const { theirs, ours } = open();
      const chunks: Uint8Array[] = [];
      theirs.receive(
        (chunk) => chunks.push(chunk),
        () => undefined,
      );
      await theirs.send(wrong, live);
      assert.ok((await ours.ended) instanceof Error);
      assert.deepEqual([chunks, received, receiver.refused], [[], [], 1]);
    }
  });

  test("resets a stream whose message does not arrive in time", async () => {
    const { open } = receiving();
    const { theirs, ours } = open();
    await theirs.send(bytes('{"id":'), live);
    assert.match(String(await ours.ended), /reading a message took longer than 30 ms/);
  });

  test("resets a stream that ends inside a message", async () => {
    const { open } = receiving();
    const { theirs, ours } = open();
    await theirs.send(bytes('{"id":'), live);
    await theirs.close();
    assert.match(String(await ours.ended), /ended after 6 bytes/);
  });
});
