// The relay of signals under load: hang-ups first, bounded floods, early messages kept in order.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import type {
  HostTransport,
  HostTransportListener,
  TransportMessage,
} from "../../../plugin/host/transport/host-transport.ts";
import { relaySignals } from "../../../plugin/host/transport/relay-signals.ts";
import { TopicQueue } from "../../../plugin/host/transport/topic-queue.ts";
import { connectPlugin } from "../../../plugin/rpc/host-link.ts";

const PEER = "12D3KooWPeerNumber1abcde";
const message = (type: string, callId = "c", peerId = PEER): TransportMessage => ({
  peerId,
  topic: `call:${callId}`,
  payload: { type },
});

/** A queue whose sends complete when the test calls `done`. */
function heldQueue() {
  const sent: string[] = [];
  const held: (() => void)[] = [];
  const queue = new TopicQueue(({ topic, payload }) => {
    sent.push(`${topic.slice(5)} ${payload.type}`);
    return new Promise((resolve) => held.push(resolve));
  });
  const done = async () => {
    held.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { queue, sent, done };
}

describe("the topic queue", () => {
  test("sends one message of a topic at a time, and other topics in parallel", async () => {
    const { queue, sent, done } = heldQueue();
    const all = [queue.add(message("a")), queue.add(message("b")), queue.add(message("x", "other"))];
    assert.deepEqual(sent, ["c a", "other x"]);
    await done();
    assert.deepEqual(sent, ["c a", "other x", "c b"]);
    await done();
    await done();
    await Promise.all(all);
  });

  test("replaces all waiting messages by a hang-up, but not the one in progress", async () => {
    const { queue, sent, done } = heldQueue();
    const first = queue.add(message("call-request"));
    const waiting = [queue.add(message("ice-candidate")), queue.add(message("ice-candidate"))];
    const overtaken = waiting.map((one) => assert.rejects(one, /hung up/));
    const last = queue.add(message("call-hangup"));
    await Promise.all(overtaken);
    assert.deepEqual(sent, ["c call-request"]);
    await done();
    await first;
    assert.deepEqual(sent, ["c call-request", "c call-hangup"]);
    await done();
    await last;
  });

  test("goes on after a failure, and refuses too many messages except hang-ups", async () => {
    const failing = new TopicQueue(({ payload }) =>
      payload.type === "bad" ? Promise.reject(new Error("no such peer")) : Promise.resolve(),
    );
    const bad = assert.rejects(failing.add(message("bad")), /no such peer/);
    await failing.add(message("good"));
    await bad;
    const { queue } = heldQueue();
    const waiting = Array.from({ length: 1_024 }, (_, nth) => queue.add(message("a", `c${nth % 7}`)));
    await assert.rejects(queue.add(message("a")), /1024 in all \(limit 1024\)/);
    void queue.add(message("call-hangup"));
    assert.equal(waiting.length, 1_024);
  });
});

/** A relay between a scripted transport and a plugin that only listens. */
function createRelay() {
  const [stdin, stdout] = [new PassThrough(), new PassThrough()];
  const link = connectPlugin(stdin, stdout);
  const sent: TransportMessage[] = [];
  const log: string[] = [];
  let listener: HostTransportListener | undefined;
  const transport: HostTransport = {
    selfId: "12D3KooWTheHost1tse1f111",
    send: async (one) => void sent.push(one),
    contacts: () => [],
    setAvailability: () => undefined,
    listen(one) {
      listener = one;
      return () => {
        listener = undefined;
      };
    },
  };
  const relay = relaySignals(link, transport, (line) => log.push(line));
  let written = "";
  stdin.setEncoding("utf8").on("data", (text: string) => {
    written += text;
  });
  const messagesToPlugin = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return written
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as { method: string; params: { topic: string } });
  };
  return {
    link,
    relay,
    sent,
    log,
    messagesToPlugin,
    arrives: (one: TransportMessage) => listener?.onMessage(one),
  };
}

describe("a host with its own transport", () => {
  test("holds messages while the plugin starts, and delivers them in order after the contacts", async () => {
    const { link, relay, messagesToPlugin, arrives } = createRelay();
    for (const callId of ["a", "b"]) arrives(message("call-request", callId));
    assert.deepEqual(await messagesToPlugin(), []);
    relay.begin();
    arrives(message("call-request", "c"));
    const messages = await messagesToPlugin();
    assert.deepEqual(
      messages.map(({ method, params }) => params.topic ?? method),
      ["contacts.set", "call:a", "call:b", "call:c"],
    );
    link.close();
  });

  test("holds a bounded part of a flood that the plugin does not answer, and logs few lines", async () => {
    const { link, relay, sent, log, messagesToPlugin, arrives } = createRelay();
    relay.begin();
    for (let nth = 0; nth < 10_000; nth += 1) arrives(message("call-request", `flood${nth}`));
    assert.equal((await messagesToPlugin()).length, 1 + 512);
    assert.ok(log.length <= 5, log.join("\n"));
    link.close();
    await relay.end();
    assert.equal(sent.length, 256, "hangs up as many calls as it remembers");
  });

  test("drops messages that the plugin would refuse", async () => {
    const { link, relay, messagesToPlugin, arrives } = createRelay();
    relay.begin();
    arrives(message("call-request", "c", "no peer id"));
    arrives({ ...message("call-request"), topic: "chat" });
    arrives({ ...message("call-request"), payload: [] as never });
    assert.equal((await messagesToPlugin()).length, 1);
    link.close();
    await relay.end();
  });

  test("delivers and hangs up nothing once the plugin has ended", async () => {
    const { link, relay, sent, messagesToPlugin, arrives } = createRelay();
    relay.begin();
    arrives(message("call-request"));
    link.close();
    await Promise.all([relay.end(), relay.end()]);
    arrives(message("call-request", "late"));
    assert.deepEqual(
      sent.map(({ topic, payload }) => `${topic} ${payload.type} ${payload.reason}`),
      ["call:c call-hangup hostGone"],
    );
    assert.ok((await messagesToPlugin()).every(({ params }) => params.topic !== "call:late"));
  });
});
