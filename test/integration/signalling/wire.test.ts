// The plugin's signalling on loopback with an independent peer.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { setTimeout as poll } from "node:timers/promises";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import { acknowledge, type GoopMqPeer, ignore, startGoopMqPeer } from "../../support/network/goop-mq-peer.ts";
import {
  addressOf,
  type RecordedSignalling,
  recordSignalling,
} from "../../support/network/signalling-recorder.ts";

let peer: GoopMqPeer;
let plugin: RecordedSignalling<Libp2pSignalling>;

before(async () => {
  peer = await startGoopMqPeer("Gustav");
  plugin = await recordSignalling((callbacks) =>
    createLibp2pSignalling(
      {
        label: "Plugin\u202e\n",
        listen: ["/ip4/127.0.0.1/tcp/0"],
        peers: [],
        mdns: false,
        log: () => undefined,
        timings: { ackMs: 300, retryPauseMs: 10, readMs: 300, closeMs: 300 },
      },
      callbacks,
    ),
  );
  await peer.dial(addressOf(plugin));
});
after(async () => {
  await plugin.end.close();
  await peer.stop();
});

/** Runs `act` and waits for another signal. */
async function nextSignal(act: () => Promise<unknown>) {
  const soFar = plugin.signals.length;
  await act();
  await plugin.until(() => plugin.signals.length > soFar);
  return plugin.signals.slice(soFar);
}

const ID = "7d0f3c1e-5b1a-4a55-9c68-0c1d6ad5a001";
const acked = (id: string, seq: number) => ({
  text: `${JSON.stringify({ type: "ack", id, seq })}\n`,
  ending: "closed",
});

describe("the plugin accepts", () => {
  test("a request of native Goop², acknowledged byte for byte, with the authenticated sender", async () => {
    const message = `{"type":"msg","id":"${ID}","seq":17,"topic":"call:nc-ab12cd34","payload":{"type":"call-request","mode":"native","platform":"linux","mediaType":"video"}}\n`;
    const signals = await nextSignal(async () =>
      assert.deepEqual(await peer.write([message]), acked(ID, 17)),
    );
    assert.deepEqual(signals, [
      {
        from: peer.peerId,
        callId: "nc-ab12cd34",
        signal: { type: "call-request", mode: "native", platform: "linux", mediaType: "video" },
      },
    ]);
  });

  test("a message without a newline, in single bytes, with a split character", async () => {
    const message = `{"id":"${ID}","seq":18,"topic":"call:c","payload":{"type":"call-offer","sdp":"s=Žofie 🎥"}}`;
    const bytes = [...new TextEncoder().encode(message)].map((byte) => Uint8Array.of(byte));
    const [received] = await nextSignal(async () => assert.deepEqual(await peer.write(bytes), acked(ID, 18)));
    assert.deepEqual(received?.signal, { type: "call-offer", sdp: "s=Žofie 🎥" });
  });

  test("a short id and a missing id", async () => {
    const rest = '"seq":1,"topic":"call:c","payload":{"type":"call-ack"}}';
    await nextSignal(async () => assert.deepEqual(await peer.write([`{"id":"a",${rest}`]), acked("a", 1)));
    await nextSignal(async () => assert.deepEqual(await peer.write([`{${rest}`]), acked("", 1)));
  });

  test("the same signal again, since a retry has a new id", async () => {
    const repeat = () =>
      peer.write([`{"id":"${randomUUID()}","seq":1,"topic":"call:c","payload":{"type":"call-hangup"}}\n`]);
    await nextSignal(repeat);
    await nextSignal(repeat);
    const [last, before] = [plugin.signals.at(-1), plugin.signals.at(-2)];
    assert.deepEqual(last, before);
  });

  test("other topics and unknown types, which are acknowledged, counted and ignored", async () => {
    const ignoredBefore = plugin.end.diagnostics().ignored;
    const signalsBefore = plugin.signals.length;
    const messages = [
      ["chat", { text: "hi" }],
      ["mq.ack", { msg_id: ID }],
      ["call:loopback:nc-1", { type: "call-hangup" }],
      ["call:c", { type: "browser-offer", sdp: "v=0" }],
      ["call:c", null],
    ];
    for (const [topic, payload] of messages) {
      const text = `${JSON.stringify({ type: "msg", id: ID, seq: 2, topic, payload })}\n`;
      assert.deepEqual(await peer.write([text]), acked(ID, 2));
    }
    const { ignored } = plugin.end.diagnostics();
    assert.deepEqual(
      [
        ignored.otherTopic - ignoredBefore.otherTopic,
        ignored.loopback - ignoredBefore.loopback,
        ignored.unknownSignal - ignoredBefore.unknownSignal,
      ],
      [2, 1, 2],
    );
    assert.equal(plugin.signals.length, signalsBefore);
  });

  test("no malformed, endless or unfinished message, and resets its stream", async () => {
    const endless = `{"payload":"${"x".repeat(60_000)}`;
    const wrong = [["{]}\n"], ["hello\n"], ['{"id":{}}\n'], ['{"id":"half'], Array(20).fill(endless)];
    for (const chunks of wrong) {
      assert.deepEqual(
        await peer.write(chunks),
        { text: "", ending: "reset" },
        String(chunks[0]).slice(0, 20),
      );
    }
  });
});

describe("the plugin sends", () => {
  test("one message per stream in Goop²'s format, with a full UUID and a number from the clock", async () => {
    const soFar = peer.received.length;
    await plugin.end.send(peer.peerId, "gcp-1", { type: "call-request", mode: "native", mediaType: "audio" });
    const text = peer.received[soFar] ?? "";
    const form =
      /^\{"type":"msg","id":"([0-9a-f-]{36})","seq":(\d+),"topic":"call:gcp-1","payload":(\{.*\})\}\n$/;
    const [, id, seq, payload] = form.exec(text) ?? [];
    assert.ok(id && seq && payload, text);
    assert.deepEqual(JSON.parse(payload), { type: "call-request", mode: "native", mediaType: "audio" });
    assert.ok(Number(seq) > Date.UTC(2024, 0) && Number.isSafeInteger(Number(seq)));
  });

  test("a retry with a new id and number after a missing acknowledgement", async () => {
    const soFar = peer.received.length;
    peer.answerNext(ignore, acknowledge);
    await plugin.end.send(peer.peerId, "gcp-2", { type: "call-ack", mode: "native" });
    const [first, second] = peer.received.slice(soFar).map((text) => JSON.parse(text));
    assert.notEqual(first.id, second.id);
    assert.ok(second.seq > first.seq);
    assert.deepEqual(first.payload, second.payload);
    assert.equal(peer.received.length, soFar + 2);
  });

  test("only two attempts to a peer that never acknowledges", async () => {
    const soFar = peer.received.length;
    peer.answerNext(ignore, ignore);
    await assert.rejects(plugin.end.send(peer.peerId, "gcp-3", { type: "call-ringing" }), {
      code: "unacknowledged",
    });
    assert.equal(peer.received.length, soFar + 2);
  });

  test("a retry to a peer that acknowledges another message", async () => {
    const soFar = peer.received.length;
    peer.answerNext(({ seq }) => acknowledge({ id: randomUUID(), seq }));
    await plugin.end.send(peer.peerId, "gcp-4", { type: "call-ringing" });
    assert.equal(peer.received.length, soFar + 2);
  });

  test("no retry after an acknowledgement without a newline and without a close", async () => {
    peer.answerNext((message) => ({ bytes: JSON.stringify({ id: message.id }), close: false }));
    const soFar = peer.received.length;
    await plugin.end.send(peer.peerId, "gcp-5", { type: "call-ringing" });
    assert.equal(peer.received.length, soFar + 1);
  });
});

describe("labels", () => {
  test("the plugin serves its label as one line without formatting characters", async () => {
    assert.equal(await peer.requestLabel(), "Plugin\n");
  });

  test("the plugin fetches the peer's label", async () => {
    await plugin.until(() => plugin.end.contacts().some(({ label }) => label === "Gustav"));
    const [contact] = plugin.end.contacts();
    assert.equal(contact?.peerId, peer.peerId);
    await plugin.until(() => plugin.end.contacts()[0]?.addresses.includes(peer.address) ?? false);
  });
});

test("500 messages each way leave no stream open on either side", async () => {
  const soFar = plugin.signals.length;
  const message = `{"id":"${ID}","seq":1,"topic":"call:flood","payload":{"type":"call-ringing"}}\n`;
  for (let round = 0; round < 500; round += 5) {
    await Promise.all([
      ...Array.from({ length: 5 }, () => peer.write([message])),
      ...Array.from({ length: 5 }, (_, lane) =>
        plugin.end.send(peer.peerId, `flood-${lane}`, { type: "call-ringing" }),
      ),
    ]);
  }
  await plugin.until(() => plugin.signals.length === soFar + 500);
  const open = () => [plugin.end.diagnostics().openStreams, peer.openStreams()];
  // The close frames of the last streams may still be in flight, and no event reports their arrival.
  for (let tries = 0; tries < 400 && open().join() !== "0,0"; tries += 1) await poll(5);
  assert.deepEqual(open(), [0, 0]);
  assert.equal(plugin.end.diagnostics().pendingSends, 0);
});
