// Server-sent events from bytes, wherever they are cut.

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

describe("a stream of events", () => {
  const text =
    'event: connected\ndata: {"ü":"😀"}\n\n: a remark\r\ndata: one\r\ndata:two\r\n\r\nid: 7\rdata\r\r';
  const events = [
    { event: "connected", data: '{"ü":"😀"}' },
    { event: "message", data: "one\ntwo" },
  ];

  test("is read by fields, with every kind of line end", () => {
    assert.deepEqual(decode(bytes(text)), events);
  });

  test("is the same when it is cut at any byte, also within characters and line ends", () => {
    const whole = bytes(text);
    for (let cut = 0; cut <= whole.length; cut += 1) {
      assert.deepEqual(decode(whole.subarray(0, cut), whole.subarray(cut)), events, `cut at ${cut}`);
    }
    assert.deepEqual(decode(...[...whole].map((byte) => Buffer.from([byte]))), events);
  });

  test("gives no event without data, and forgets the name of such a one", () => {
    assert.deepEqual(decode(bytes("event: ping\n\ndata: x\n\n")), [{ event: "message", data: "x" }]);
  });

  test("is refused when an event has no end, in one line or in many", () => {
    const half = bytes(`data: ${"x".repeat(MAX_EVENT_CHARS / 2)}`);
    assert.throws(() => decode(half, half, half), EventStreamError);
    assert.throws(() => decode(half, bytes("\n"), half, bytes("\n"), half), EventStreamError);
    const fine = bytes(`data: ${"x".repeat(1000)}\n\n`);
    const decoder = new EventStreamDecoder();
    for (let nth = 0; nth < 10_000; nth += 1) assert.equal(decoder.push(fine).length, 1);
  });
});
