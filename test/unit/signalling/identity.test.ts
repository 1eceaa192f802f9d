// Identity messages, as Goop² writes them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import {
  flagOrZero,
  goObject,
  numberOrZero,
  textOrZero,
} from "../../../plugin/signalling/goop-wire/go-json.ts";
import { parseMessage } from "../../../plugin/signalling/goop-wire/goop-mq.ts";
import { identityPayload, parseIdentity } from "../../../plugin/signalling/goop-wire/identity.ts";

const ID = "12D3KooWFpTTmrP1NAthPQnMmeTyUYYuvihqt71UKLSth6xSGsVf";
const publicKey = Buffer.alloc(32, 7).toString("base64");

test("our own identity message can be parsed", () => {
  for (const videoDisabled of [false, true]) {
    const payload = identityPayload({ peerId: ID, label: "Eva", videoDisabled, publicKey }, true);
    assert.equal("videoDisabled" in payload, videoDisabled);
    assert.deepEqual(parseIdentity(payload, ID), {
      label: "Eva",
      videoDisabled,
      key: { publicKey: new Uint8Array(32).fill(7), encryptionSupported: true },
    });
  }
});

test("our identity message without the key omits encryptionSupported", () => {
  const own = { peerId: ID, label: "Eva", videoDisabled: false, publicKey };
  assert.deepEqual(identityPayload(own, false), { peerID: ID, content: "Eva", reachable: true });
});

test("our identity message repeats the recipient's key, if we know it, in the form in which the recipient sent it", () => {
  const own = { peerId: ID, label: "Eva", videoDisabled: false, publicKey };
  const recipientKey = Buffer.alloc(32, 9);
  const payload = identityPayload(own, false, recipientKey);
  assert.equal(parseIdentity(payload, ID)?.recipientKey, recipientKey.toString("base64"));
  assert.equal("recipientKey" in (parseIdentity(identityPayload(own, true), ID) ?? {}), false);
});

test("missing fields mean that calls are on and the peer cannot decrypt", () => {
  const bare = { label: "hello", videoDisabled: false, key: { encryptionSupported: false } };
  assert.deepEqual(parseIdentity({ content: "hello" }, ID), bare);
  const unreadable = { content: "hello", publicKey: "short", email: null, activeTemplate: 3 };
  assert.deepEqual(parseIdentity(unreadable, ID), bare);
});

test("an identity without a label, with another peer's id or of another form is invalid", () => {
  const wrong = [null, "Eva", [], {}, { content: "" }, { content: "Eva", peerID: `${ID}x` }, { content: 7 }];
  for (const payload of wrong) assert.equal(parseIdentity(payload, ID), undefined, JSON.stringify(payload));
});

test("formatting characters are removed from a label, and its length is limited", () => {
  const label = parseIdentity({ content: `\u202e a\n${"b".repeat(500)}` }, ID)?.label ?? "";
  assert.match(label, /^a b+$/);
  assert.equal(label.length, 128);
});

test("field names match in any case, the last one wins, and null means the zero value", () => {
  const schema = goObject({ peerId: textOrZero, ts: numberOrZero, isOn: flagOrZero });
  assert.deepEqual(schema.parse({ PEERID: "a", Peerid: "b", TS: 3, other: {}, ison: null }), {
    peerId: "b",
    ts: 3,
    isOn: false,
  });
  assert.throws(() => schema.parse({ TS: "3" }), z.ZodError);
  const polluted = schema.parse(JSON.parse('{"__proto__":{"peerId":"x"},"constructor":{}}'));
  assert.deepEqual(polluted, { peerId: "", ts: 0, isOn: false });
});

test("a message's fields may be capitalised", () => {
  assert.deepEqual(parseMessage('{"ID":"x","Seq":4,"TOPIC":"call:c","Payload":{"type":"call-ack"}}'), {
    id: "x",
    seq: 4,
    topic: "call:c",
    payload: { type: "call-ack" },
  });
});
