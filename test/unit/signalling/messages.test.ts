// The wire format of the message queue protocol, byte for byte.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  encodeAck,
  encodeMessage,
  MessageStamp,
  parseAck,
  parseMessage,
} from "../../../plugin/signalling/goop-wire/goop-mq.ts";

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

test("a message is one JSON object in Goop²'s order of fields, and a newline", () => {
  const message = { id: "8d7e", seq: 17, topic: "call:nc-1", payload: { type: "call-hangup" } };
  assert.equal(
    text(encodeMessage(message)),
    '{"type":"msg","id":"8d7e","seq":17,"topic":"call:nc-1","payload":{"type":"call-hangup"}}\n',
  );
});

test("an acknowledgement repeats id and number", () => {
  assert.equal(text(encodeAck({ id: "8d7e", seq: 17 })), '{"type":"ack","id":"8d7e","seq":17}\n');
});

test("ids are full UUIDs of version 4, and numbers count up from the clock", () => {
  const stamp = new MessageStamp(1_700_000_000_000);
  const [first, second] = [stamp.next(), stamp.next()];
  assert.match(first.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.notEqual(first.id, second.id);
  assert.deepEqual([first.seq, second.seq], [1_700_000_000_001, 1_700_000_000_002]);
});

test("short ids, missing fields, nulls and unknown fields are accepted", () => {
  assert.deepEqual(parseMessage('{"id":"x","seq":1,"topic":"t","payload":null,"new":true}'), {
    id: "x",
    seq: 1,
    topic: "t",
    payload: null,
  });
  assert.deepEqual(parseMessage('{"id":null,"seq":null,"type":"other"}'), {
    id: "",
    seq: 0,
    topic: "",
  });
});

test("fields of the wrong type and broken JSON are refused", () => {
  for (const wrong of ['{"id":7}', '{"topic":{}}', '{"seq":"1"}', '{"id":"a",}', "{'id':1}"]) {
    assert.throws(() => parseMessage(wrong), /message/, wrong);
  }
  assert.throws(() => parseAck('{"id":[]}'), /acknowledgement/);
});
