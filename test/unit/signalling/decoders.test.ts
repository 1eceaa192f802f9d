// Finding the end of a message in a series of chunks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  JsonObjectDecoder,
  LineDecoder,
  MalformedMessageError,
} from "../../../plugin/signalling/goop-wire/decoders.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const MAX = 1_000;

describe("the JSON object decoder", () => {
  test("finds the end at the closing bracket, without a newline or the end of the stream", () => {
    assert.equal(new JsonObjectDecoder(MAX).push(bytes('{"id":"a"}')), '{"id":"a"}');
  });

  test("returns the same message wherever it is split, also inside a character", () => {
    const text = '  {"sdp":"v=0\\r\\n","who":"Žofie 🎥 日本","list":[{"a":[1,2]},"}{]["],"q":"\\"}\\\\"}';
    const whole = bytes(text);
    for (let cut = 1; cut < whole.length; cut += 1) {
      const decoder = new JsonObjectDecoder(MAX);
      assert.equal(decoder.push(whole.subarray(0, cut)), undefined, `cut at ${cut}`);
      assert.equal(decoder.push(whole.subarray(cut)), text, `cut at ${cut}`);
    }
  });

  test("accepts one byte at a time", () => {
    const text = '{"who":"🎥","nested":{"x":"\\u007d"}}';
    const decoder = new JsonObjectDecoder(MAX);
    const results = [...bytes(text)].map((byte) => decoder.push(Uint8Array.of(byte)));
    assert.deepEqual(
      results.filter((result) => result !== undefined),
      [text],
    );
    assert.equal(results.at(-1), text);
  });

  test("drops the bytes after the message", () => {
    assert.equal(new JsonObjectDecoder(MAX).push(bytes('{"a":1}\n{"b":2}\n')), '{"a":1}');
  });

  test("refuses a message above the limit before it is complete", () => {
    const decoder = new JsonObjectDecoder(10);
    assert.equal(decoder.push(bytes('{"a":"xxxx')), undefined);
    assert.throws(() => decoder.push(bytes("x")), /exceeds 10 bytes/);
  });

  test("accepts a message of exactly the limit", () => {
    assert.equal(new JsonObjectDecoder(7).push(bytes('{"a":1}')), '{"a":1}');
  });

  test("counts white space before the message towards the limit", () => {
    const decoder = new JsonObjectDecoder(4);
    assert.throws(() => decoder.push(bytes("     ")), MalformedMessageError);
  });

  test("refuses anything but an object", () => {
    for (const text of ["[1]", '"text"', "null", "\u0000", "GET / HTTP/1.1"]) {
      assert.throws(() => new JsonObjectDecoder(MAX).push(bytes(text)), MalformedMessageError, text);
    }
  });

  test("refuses bytes that are not UTF-8", () => {
    const broken = Buffer.concat([bytes('{"a":"'), Uint8Array.of(0xff, 0xfe), bytes('"}')]);
    assert.throws(() => new JsonObjectDecoder(MAX).push(broken), /not UTF-8/);
  });

  test("reports the number of bytes if the stream ends inside a message", () => {
    const decoder = new JsonObjectDecoder(MAX);
    decoder.push(bytes('{"a":'));
    assert.throws(() => decoder.end(), /ended after 5 bytes/);
  });
});

describe("the line decoder", () => {
  test("ends at the line feed", () => {
    const decoder = new LineDecoder(MAX);
    assert.equal(decoder.push(bytes("Žo")), undefined);
    assert.equal(decoder.push(bytes("fie\nmore")), "Žofie");
  });

  test("treats the end of the stream as the end of the line", () => {
    const decoder = new LineDecoder(MAX);
    decoder.push(bytes("Eva"));
    assert.equal(decoder.end(), "Eva");
  });

  test("refuses a line above the limit", () => {
    assert.throws(() => new LineDecoder(3).push(bytes("long")), MalformedMessageError);
  });
});
