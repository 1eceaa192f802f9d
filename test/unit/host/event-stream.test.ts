// The decoder of server-sent events, with bytes that are cut anywhere.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  EventStreamDecoder,
  EventStreamError,
  MAX_EVENT_CHARS,
} from "../../../plugin/host/goop-bridge/event-stream.ts";

const bytes = (text: string) => Buffer.from(text);

function decode(...chunks: Uint8Array[]) {
  const decoder = new EventStreamDecoder();
  return chunks.flatMap((chunk) => decoder.push(chunk));
}

describe("the event stream decoder", () => {
  const text =
    'event: connected\ndata: {"ü":"😀"}\n\n: a remark\r\ndata: one\r\ndata:two\r\n\r\nid: 7\rdata\r\r';
  const events = [
    { event: "connected", data: '{"ü":"😀"}' },
    { event: "message", data: "one\ntwo" },
  ];

  test("reads fields with every kind of line end", () => {
    assert.deepEqual(decode(bytes(text)), events);
  });

  test("gives the same events when the bytes are cut anywhere, also within characters and line ends", () => {
    const whole = bytes(text);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      assert.deepEqual(decode(whole.subarray(0, cut), whole.subarray(cut)), events, `cut at ${cut}`);
    }
    assert.deepEqual(decode(...[...whole].map((byte) => Buffer.from([byte]))), events);
  });

  test("skips an event without data, and its name", () => {
    assert.deepEqual(decode(bytes("event: ping\n\ndata: x\n\n")), [{ event: "message", data: "x" }]);
  });

  test("refuses an event that does not end, in one line or in many", () => {
    const half = bytes(`data: ${"x".repeat(MAX_EVENT_CHARS / 2)}`);
    assert.throws(() => decode(half, half, half), EventStreamError);
    assert.throws(() => decode(half, bytes("\n"), half, bytes("\n"), half), EventStreamError);
    const valid = bytes(`data: ${"x".repeat(1000)}\n\n`);
    const decoder = new EventStreamDecoder();
    for (let nth = 0; nth < 10_000; nth += 1) assert.equal(decoder.push(valid).length, 1);
  });
});
