// What the page says: every end of a call in words of its own, times, names, levels.

import assert from "node:assert/strict";
import { test } from "node:test";
import { initials } from "../../../plugin/ui/components/avatar.ts";
import { levelShare } from "../../../plugin/ui/components/level-meter.ts";
import { bitRate } from "../../../plugin/ui/components/quality.ts";
import {
  clockText,
  endSentence,
  errorSentence,
  isOrdinaryEnd,
  peerName,
} from "../../../plugin/ui/messages.ts";
import { endedBySchema, endReasonSchema } from "../../../rpc-schema/index.ts";

test("every end reason has a sentence for either side, and no two reasons share one", () => {
  for (const endedBy of endedBySchema.options) {
    const sentences = endReasonSchema.options.map((reason) => endSentence(reason, endedBy, "Bob"));
    assert.equal(new Set(sentences).size, endReasonSchema.options.length);
    for (const sentence of sentences) assert.match(sentence, /^[A-Z].*\.$/);
  }
});

test("what the user or the peer chose is ordinary; everything else is a warning", () => {
  assert.deepEqual(endReasonSchema.options.filter(isOrdinaryEnd), [
    "hungUp",
    "cancelled",
    "rejected",
    "superseded",
  ]);
});

test("call times are written as clocks are", () => {
  assert.deepEqual([0, 999, 75_000, 3_675_000].map(clockText), ["0:00", "0:00", "1:15", "1:01:15"]);
  assert.equal(clockText(-5), "0:00");
});

test("a peer without a label is known by the end of its id", () => {
  assert.equal(peerName("  ", "12D3KooWabcdef"), "Peer …abcdef");
  assert.equal(peerName(" Ada ", "12D3KooWabcdef"), "Ada");
});

test("initials are those of the first and the last word that has letters", () => {
  assert.deepEqual(["Ada King Lovelace", "bob", "(x) élodie", "…", ""].map(initials), [
    "AL",
    "B",
    "XÉ",
    "?",
    "?",
  ]);
});

test("the level meter is empty in silence, full at full scale, and logarithmic between", () => {
  assert.equal(levelShare(0), 0);
  assert.equal(levelShare(1), 1);
  assert.equal(levelShare(2), 1);
  assert.equal(levelShare(0.0001), 0);
  assert.ok(Math.abs(levelShare(0.1) - (1 - 20 / 54)) < 1e-9);
});

test("bit rates are shown in the unit that suits them", () => {
  assert.deepEqual([48_000, 1_520_000].map(bitRate), ["48 kbit/s", "1.52 Mbit/s"]);
});

test("an error without a sentence of its own shows its message", () => {
  assert.equal(errorSentence(new Error("the disk is full")), "the disk is full");
});
