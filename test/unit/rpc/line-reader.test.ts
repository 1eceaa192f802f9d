// The line reader returns whole lines, however the bytes are cut, and limits their length.

import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { describe, test } from "node:test";
import { createLineReader, decodeLine, MAX_LINE_BYTES, readLines } from "../../../plugin/rpc/line-reader.ts";
import { type Random, seededRandom } from "../../support/process/seeded-random.ts";

function collect(limitBytes?: number) {
  const lines: string[] = [];
  const tooLong: number[] = [];
  const reader = createLineReader(
    { onLine: (line) => lines.push(decodeLine(line)), onTooLong: (limit) => tooLong.push(limit) },
    limitBytes,
  );
  return { reader, lines, tooLong };
}

function cutAnywhere(bytes: Buffer, random: Random, longest: number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = 1 + random.below(longest);
    chunks.push(bytes.subarray(at, at + length));
    at += length;
  }
  return chunks;
}

const ALPHABET = ["a", "é", "€", "😀", "\u0000", "\r", '"', "\u2028", " "];

describe("line reader", () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    test(`returns the lines that were written, however they are cut (seed ${seed})`, () => {
      const random = seededRandom(seed);
      const written = Array.from({ length: 1 + random.below(60) }, () =>
        Array.from({ length: random.below(seed * 40) }, () => random.pick(ALPHABET)).join(""),
      );
      const { reader, lines, tooLong } = collect();
      const bytes = Buffer.from(written.map((line) => `${line}\n`).join(""));
      for (const chunk of cutAnywhere(bytes, random, seed % 2 ? 7 : 9000)) reader.push(chunk);
      assert.deepEqual(lines, written);
      assert.deepEqual(tooLong, []);
      assert.equal(reader.end(), 0);
    });
  }

  test("a line of exactly the limit is accepted, one byte more is not, and the next line works", () => {
    const { reader, lines, tooLong } = collect(10);
    reader.push(Buffer.from("0123456789\n01234567890\nnext\n"));
    assert.deepEqual(lines, ["0123456789", "next"]);
    assert.deepEqual(tooLong, [10]);
  });

  for (const chunkBytes of [61, 4095, 65_536, 20 * 1024 * 1024]) {
    test(`a 17 MiB line in chunks of ${chunkBytes} is reported once and skipped, and the next line works`, () => {
      const { reader, lines, tooLong } = collect();
      const line = Buffer.alloc(17 * 1024 * 1024, "x");
      for (let at = 0; at < line.length; at += chunkBytes) reader.push(line.subarray(at, at + chunkBytes));
      reader.push(Buffer.from("\nnext\n"));
      assert.deepEqual(tooLong, [MAX_LINE_BYTES]);
      assert.deepEqual(lines, ["next"]);
    });
  }

  test("an over-long line is reported before its newline arrives, and is not buffered", () => {
    const { reader, lines, tooLong } = collect(100);
    for (let count = 0; count < 50; count += 1) reader.push(Buffer.alloc(60, "x"));
    assert.deepEqual(tooLong, [100]);
    assert.equal(reader.end(), 0, "no part of it is kept");
    assert.deepEqual(lines, []);
  });

  test("binary noise never throws, and a valid line after it is read", () => {
    const random = seededRandom(7);
    const received: Buffer[] = [];
    const reader = createLineReader({
      onLine: (line) => received.push(line),
      onTooLong: () => assert.fail("too long"),
    });
    for (let count = 0; count < 200; count += 1) {
      reader.push(Buffer.from(Array.from({ length: random.below(500) }, () => random.below(256))));
    }
    reader.push(Buffer.from("\ngood\n"));
    assert.equal(received.at(-1)?.toString(), "good");
  });

  test("bytes that are not UTF-8 are refused when the line is decoded", () => {
    assert.throws(() => decodeLine(Buffer.from([0x7b, 0xc3, 0x28, 0x7d])), TypeError);
    assert.throws(() => decodeLine(Buffer.from([0xed, 0xa0, 0x80])), TypeError, "a lone surrogate");
  });

  test("an incomplete line at the end of the input is dropped and counted", async () => {
    const input = new PassThrough();
    const lines: string[] = [];
    const ended = new Promise<number>((resolve) => {
      readLines(input, {
        onLine: (line) => lines.push(line.toString()),
        onTooLong: () => assert.fail("too long"),
        onEnd: resolve,
      });
    });
    input.write("whole\nhalf");
    input.end();
    assert.equal(await ended, 4);
    assert.deepEqual(lines, ["whole"]);
  });

  test("an input that breaks is reported once", async () => {
    const input = new PassThrough();
    const ends: (string | undefined)[] = [];
    const closed = new Promise((resolve) => input.once("close", resolve));
    readLines(input, {
      onLine: () => assert.fail("a line"),
      onTooLong: () => assert.fail("too long"),
      onEnd: (_dropped, error) => ends.push(error?.message),
    });
    input.destroy(new Error("EIO"));
    await closed;
    assert.deepEqual(ends, ["EIO"]);
  });
});
