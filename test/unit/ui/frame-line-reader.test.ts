// Reading a frame line without JSON.parse gives the same result as JSON.parse.

import assert from "node:assert/strict";
import { test } from "node:test";
import { frameLineHead, FRAME_LINE_PREFIX as HOST_PREFIX } from "../../../plugin/frames/frame-line.ts";
import { FRAME_LINE_PREFIX, isFrameLine, readFrameLine } from "../../../plugin/ui/link/frame-line-reader.ts";

const line = (over: object = {}) =>
  JSON.stringify({
    jsonrpc: "2.0",
    method: "frame",
    params: {
      stream: "s1",
      seq: 7,
      capturedAt: 1766000000123.25,
      width: 640,
      height: 480,
      dataUrl: "data:image/jpeg;n=s1-7;base64,/9j/4AAQ==",
      ...over,
    },
  });

test("the page and the plugin use the same prefix of a frame line", () => {
  assert.equal(FRAME_LINE_PREFIX, HOST_PREFIX);
});

test("a line in the plugin's key order gives the result of JSON.parse", () => {
  for (const over of [{}, { seq: 0 }, { capturedAt: 1.5e12 }, { dataUrl: "data:image/png;n=1;base64,AA" }]) {
    assert.deepEqual(readFrameLine(line(over)), JSON.parse(line(over)).params);
  }
});

test("a line from the plugin's own writer is read", () => {
  const head = {
    stream: "a-1_b",
    seq: 12,
    capturedAt: 3.5,
    width: 4,
    height: 2,
    mediaType: "image/jpeg" as const,
  };
  const read = readFrameLine(`${frameLineHead(head)}/9j/"}}`);
  assert.deepEqual(read, {
    stream: "a-1_b",
    seq: 12,
    capturedAt: 3.5,
    width: 4,
    height: 2,
    dataUrl: "data:image/jpeg;n=a-1_b-12;base64,/9j/",
  });
});

test("other key orders, blanks and escapes fall back to JSON.parse", () => {
  const reordered = `{"jsonrpc":"2.0","method":"frame","params":{"stream":"s","width":4,"seq":1,"capturedAt":2,"height":3,"dataUrl":"data:x"}}`;
  for (const text of [reordered, `${line()} `, line({ stream: 'odd"name' }), line({ dataUrl: "" })]) {
    assert.ok(isFrameLine(text));
    assert.deepEqual(readFrameLine(text), JSON.parse(text).params);
  }
});

test("an incomplete line throws a SyntaxError", () => {
  assert.throws(() => readFrameLine(line().slice(0, -3)), SyntaxError);
});

test("other messages are not frame lines", () => {
  assert.equal(isFrameLine(`{"jsonrpc":"2.0","method":"call.changed","params":{}}`), false);
});
