// The recognition of signals, with the variants that Goop² sends.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createUnknownFieldLog } from "../../../plugin/common/unknown-field-log.ts";
import { parseSignal } from "../../../plugin/signalling/topics.ts";

describe("messages that are not signals are ignored with a reason", () => {
  const cases: [string, string, unknown, string][] = [
    ["another topic", "chat", { text: "hi" }, "otherTopic"],
    ["a receipt", "mq.ack", { msg_id: "x" }, "otherTopic"],
    ["an identity request", "identity", null, "otherTopic"],
    ["no topic", "", undefined, "otherTopic"],
    ["a host's loopback", "call:loopback:nc-1", { type: "call-hangup" }, "loopback"],
    ["no call id", "call:", { type: "call-hangup" }, "badCallId"],
    ["a call id with a slash", "call:a/b", { type: "call-hangup" }, "badCallId"],
    ["a call id that is too long", `call:${"a".repeat(129)}`, { type: "call-hangup" }, "badCallId"],
    ["an unknown type", "call:c", { type: "browser-offer", sdp: "v=0" }, "unknownSignal"],
    ["an encrypted payload", "call:c", { enc: "AAAA" }, "unknownSignal"],
    ["a payload of null", "call:c", null, "unknownSignal"],
    ["an offer without a description", "call:c", { type: "call-offer" }, "unknownSignal"],
    [
      "the end of candidates",
      "call:c",
      { type: "ice-candidate", candidate: { candidate: "" } },
      "endOfCandidates",
    ],
  ];
  for (const [name, topic, payload, reason] of cases) {
    test(name, () => assert.deepEqual(parseSignal(topic, payload), { ignored: reason }));
  }
});

describe("a request's kind of media", () => {
  const kinds: [string, object, "audio" | "video"][] = [
    ["is its mediaType", { mediaType: "audio", constraints: { video: true } }, "audio"],
    ["is audio if its constraints refuse video", { constraints: { video: false, audio: true } }, "audio"],
    ["is video if its constraints request it", { constraints: { video: { width: 640 } } }, "video"],
    ["is video if the constraints omit it", { constraints: { audio: true } }, "video"],
    ["is video by default", {}, "video"],
    ["is video if the media type is unknown", { mediaType: "screen", platform: null }, "video"],
    [
      "follows the constraints if mediaType is null",
      { mediaType: null, constraints: { video: false } },
      "audio",
    ],
    ["is video if the constraints are invalid", { constraints: "yes" }, "video"],
  ];
  for (const [name, fields, expected] of kinds) {
    test(name, () => {
      const parsed = parseSignal("call:c", { type: "call-request", ...fields });
      assert.ok("signal" in parsed && parsed.signal.type === "call-request");
      assert.equal(parsed.signal.mediaType, expected);
    });
  }
});

test("an unknown mode or platform does not invalidate a signal", () => {
  for (const type of ["call-request", "call-ack", "call-reconnect-ack"]) {
    const parsed = parseSignal("call:c", { type, mode: "holographic", platform: 7 });
    assert.ok("signal" in parsed && parsed.signal.type === type);
  }
});

test("a request to reconnect and its acknowledgement are accepted", () => {
  const reconnect = { type: "call-reconnect", channelId: "mc-1", mediaType: "video" };
  const ack = { type: "call-reconnect-ack", mode: "browser", platform: "windows" };
  for (const signal of [reconnect, ack, { type: "call-reconnect" }, { type: "call-reconnect-ack" }]) {
    assert.deepEqual(parseSignal("call:mc-1", signal), { callId: "mc-1", signal });
  }
});

test("an acknowledgement without a mode is accepted", () => {
  assert.deepEqual(parseSignal("call:nc-ab12cd34", { type: "call-ack", platform: "linux" }), {
    callId: "nc-ab12cd34",
    signal: { type: "call-ack", platform: "linux" },
  });
});

test("a candidate of a Go peer loses its empty sdpMid and keeps its null user fragment", () => {
  const candidate = { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", sdpMLineIndex: 0 };
  assert.deepEqual(
    parseSignal("call:c", {
      type: "ice-candidate",
      candidate: { ...candidate, sdpMid: "", usernameFragment: null },
    }),
    {
      callId: "c",
      signal: {
        type: "ice-candidate",
        candidate: { ...candidate, sdpMid: null, usernameFragment: null },
      },
    },
  );
});

test("a hang-up with an unknown reason is still a hang-up", () => {
  const parsed = parseSignal("call:c", { type: "call-hangup", reason: "tired" });
  assert.ok("signal" in parsed);
  assert.deepEqual(parsed.signal, { type: "call-hangup", reason: undefined });
});

test("unknown fields of a signal are ignored, and each is logged once at debug level", () => {
  const lines: string[] = [];
  const logUnknownFields = createUnknownFieldLog((level, message) => lines.push(`${level}: ${message}`));
  const payload = { type: "call-hangup", reason: "busy", mood: 1 };
  for (let count = 0; count < 2; count += 1) {
    assert.deepEqual(parseSignal("call:c", payload, logUnknownFields), {
      callId: "c",
      signal: { type: "call-hangup", reason: "busy" },
    });
  }
  assert.deepEqual(lines, ['debug: call-hangup: unknown field "mood" ignored']);
});
