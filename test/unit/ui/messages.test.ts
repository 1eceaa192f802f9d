// The texts that users read: ends of a call, times, names, levels and bit rates.

import assert from "node:assert/strict";
import { test } from "node:test";
import { initials } from "../../../plugin/ui/components/avatar.ts";
import { bitRate } from "../../../plugin/ui/components/call/quality.ts";
import { levelShare } from "../../../plugin/ui/components/level-meter.ts";
import {
  checkSentence,
  clockText,
  endDetailSentence,
  endSentence,
  isOrdinaryEnd,
  newCodeSentence,
  peerName,
  protectionSentence,
  refusalsText,
} from "../../../plugin/ui/messages.ts";
import { checkStateSchema, endedBySchema, endReasonSchema } from "../../../rpc-schema/index.ts";

test("every end reason has its own sentence for each side", () => {
  for (const endedBy of endedBySchema.options) {
    const sentences = endReasonSchema.options.map((reason) => endSentence(reason, endedBy, "Bob"));
    assert.equal(new Set(sentences).size, endReasonSchema.options.length);
    for (const sentence of sentences) assert.match(sentence, /^[A-Z].*\.$/);
  }
});

test("an end without a path also says why, and no other end does", () => {
  assert.equal(endDetailSentence("connectTimeout", "no direct path"), "No direct path.");
  assert.equal(endDetailSentence("connectionLost", "turn:a has not answered"), "Turn:a has not answered.");
  assert.equal(endDetailSentence("connectTimeout", undefined), "");
  assert.equal(endDetailSentence("mediaFailed", "a fault"), "");
});

test("only ends that a user chose are ordinary", () => {
  assert.deepEqual(endReasonSchema.options.filter(isOrdinaryEnd), [
    "hungUp",
    "cancelled",
    "rejected",
    "superseded",
  ]);
});

test("call times are formatted as on a clock", () => {
  assert.deepEqual([0, 999, 75_000, 3_675_000].map(clockText), ["0:00", "0:00", "1:15", "1:01:15"]);
  assert.equal(clockText(-5), "0:00");
});

test("a peer without a label is named by the end of its id", () => {
  assert.equal(peerName("  ", "12D3KooWabcdef"), "Peer …abcdef");
  assert.equal(peerName(" Ada ", "12D3KooWabcdef"), "Ada");
});

test("initials come from the first and the last word with letters", () => {
  assert.deepEqual(["Ada King Lovelace", "bob", "(x) élodie", "…", ""].map(initials), [
    "AL",
    "B",
    "XÉ",
    "?",
    "?",
  ]);
});

test("the level meter is empty at silence, full at full scale, and logarithmic in between", () => {
  assert.equal(levelShare(0), 0);
  assert.equal(levelShare(1), 1);
  assert.equal(levelShare(2), 1);
  assert.equal(levelShare(0.0001), 0);
  assert.ok(Math.abs(levelShare(0.1) - (1 - 20 / 54)) < 1e-9);
});

test("bit rates are shown in kbit/s or Mbit/s", () => {
  assert.deepEqual([48_000, 1_520_000].map(bitRate), ["48 kbit/s", "1.52 Mbit/s"]);
});

test("the line about protection names the path and who vouches for the other side", () => {
  const lines = (["unknown", "direct", "relayed"] as const).flatMap((path) =>
    (["key", "host"] as const).map((identity) =>
      protectionSentence({ path, identity, check: "waiting" }, "Bob"),
    ),
  );
  assert.equal(new Set(lines).size, 6);
  for (const line of lines) assert.match(line, /^Encrypted from end to end.*Bob.*\.$/);
});

test("each state of the check has its own sentence, and a changed code says so", () => {
  const base = { path: "direct", identity: "key" } as const;
  const lines = checkStateSchema.options.map((check) => checkSentence({ ...base, check }, "Bob"));
  const changed = { ...base, check: "code", checkCode: "otter mango", checkCodeChanged: true } as const;
  assert.equal(new Set([...lines, checkSentence(changed, "Bob")]).size, lines.length + 1);
  assert.equal(newCodeSentence(changed), "New connection, new check code: otter mango");
  assert.equal(newCodeSentence({ ...changed, checkCodeChanged: false }), "Check code: otter mango");
});

test("what the plugin refused is told with its count", () => {
  assert.equal(refusalsText([]), "Nothing");
  const refusals = [
    { reason: "candidate" as const, count: 3, text: "network addresses" },
    { reason: "page" as const, count: 12, text: "requests of web pages" },
  ];
  assert.equal(refusalsText(refusals), "3 network addresses; 12 requests of web pages");
});
