// What messages mean, with the peculiarities of the host's peers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseSignal } from "../../../plugin/signalling/topics.ts";

describe("messages that are no signals of ours are told apart", () => {
  const cases: [string, string, unknown, string][] = [
    ["another topic", "chat", { text: "hi" }, "otherTopic"],
    ["a receipt", "mq.ack", { msg_id: "x" }, "otherTopic"],
    ["an identity request", "identity", null, "otherTopic"],
    ["no topic", "", undefined, "otherTopic"],
    ["a host's own loop", "call:loopback:nc-1", { type: "call-hangup" }, "loopback"],
    ["no call id", "call:", { type: "call-hangup" }, "badCallId"],
    ["a call id that no path can hold", "call:a/b", { type: "call-hangup" }, "badCallId"],
    ["a call id without end", `call:${"a".repeat(129)}`, { type: "call-hangup" }, "badCallId"],
    ["an unknown type", "call:c", { type: "browser-offer", sdp: "v=0" }, "unknownSignal"],
    ["a sealed payload", "call:c", { enc: "AAAA" }, "unknownSignal"],
    ["a payload of null", "call:c", null, "unknownSignal"],
    ["an offer without a description", "call:c", { type: "call-offer" }, "unknownSignal"],
    [
      "the end of candidates",
      "call:c",
      { type: "ice-candidate", candidate: { candidate: "" } },
      "endOfCandidates",
    ],
  ];
  for (const [name, topic, payload, why] of cases) {
    test(name, () => assert.deepEqual(parseSignal(topic, payload), { ignored: why }));
  }
});

describe("a request's kind of media", () => {
  const kinds: [string, object, "audio" | "video"][] = [
    ["is its mediaType", { mediaType: "audio", constraints: { video: true } }, "audio"],
    ["is audio when its constraints refuse video", { constraints: { video: false, audio: true } }, "audio"],
    ["is video when its constraints ask for it", { constraints: { video: { width: 640 } } }, "video"],
    ["is video when constraints say nothing", { constraints: { audio: true } }, "video"],
    ["is video when nothing is said", {}, "video"],
    ["is video when it is one that we do not know", { mediaType: "screen", platform: null }, "video"],
    [
      "is what constraints say when mediaType is null",
      { mediaType: null, constraints: { video: false } },
      "audio",
    ],
    ["is video when constraints are nonsense", { constraints: "yes" }, "video"],
  ];
  for (const [name, fields, expected] of kinds) {
    test(name, () => {
      const understood = parseSignal("call:c", { type: "call-request", ...fields });
      assert.ok("signal" in understood && understood.signal.type === "call-request");
      assert.equal(understood.signal.mediaType, expected);
    });
  }
});

test("a mode or platform of another kind costs no signal", () => {
  for (const type of ["call-request", "call-ack", "call-reconnect-ack"]) {
    const understood = parseSignal("call:c", { type, mode: "holographic", platform: 7 });
    assert.ok("signal" in understood && understood.signal.type === type);
  }
});

test("a page's wish for a new connection, and its acknowledgement, are taken", () => {
  const reconnect = { type: "call-reconnect", channelId: "mc-1", mediaType: "video" };
  const ack = { type: "call-reconnect-ack", mode: "browser", platform: "windows" };
  for (const signal of [reconnect, ack, { type: "call-reconnect" }, { type: "call-reconnect-ack" }]) {
    assert.deepEqual(parseSignal("call:mc-1", signal), { callId: "mc-1", signal });
  }
});

test("an acknowledgement without mode is taken", () => {
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

test("a hang-up with a reason that we do not know is still a hang-up", () => {
  const understood = parseSignal("call:c", { type: "call-hangup", reason: "tired" });
  assert.ok("signal" in understood);
  assert.deepEqual(understood.signal, { type: "call-hangup", reason: undefined });
});
