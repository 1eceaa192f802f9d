// The texts of the list of missed calls.

import assert from "node:assert/strict";
import { test } from "node:test";
import { callTime, missedText, unseenCount } from "../../../plugin/ui/missed/missed-text.ts";
import type { MissedCaller } from "../../../rpc-schema/index.ts";

const caller: MissedCaller = {
  peerId: "12D3KooWBobBobBob",
  peerLabel: "Bob",
  media: "video",
  count: 1,
  unseen: 1,
  firstAt: 0,
  lastAt: 0,
};

test("one call is named by its kind, and several by their number", () => {
  assert.equal(missedText(caller, "14:05"), "Video call, 14:05");
  assert.equal(missedText({ ...caller, media: "audio" }, "14:05"), "Voice call, 14:05");
  assert.equal(missedText({ ...caller, count: 3 }, "14:05"), "3 calls, the last one 14:05");
});

test("a call of today has its time, and an older one its date too", () => {
  const noon = new Date(2026, 10, 29, 12, 0).getTime();
  assert.equal(callTime(noon, noon + 3_600_000, "en-GB"), "12:00");
  assert.equal(callTime(noon, noon + 86_400_000, "en-GB"), "29/11/2026, 12:00");
});

test("the badge counts what the user has not seen of all callers", () => {
  assert.equal(unseenCount([caller, { ...caller, unseen: 0 }, { ...caller, unseen: 4 }]), 5);
});
