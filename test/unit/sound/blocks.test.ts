// The block splitter and the queue of the newest blocks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { BLOCK_BYTES, createBlockSplitter } from "../../../plugin/sound/playback/block-splitter.ts";
import { createNewestBlocks, MAX_WAITING_BLOCKS } from "../../../plugin/sound/playback/newest-blocks.ts";
import { BLOCK_SAMPLES } from "../../../plugin/sound/sound.ts";

function counting(sampleCount: number): Int16Array {
  return Int16Array.from({ length: sampleCount }, (_, index) => index);
}

function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

describe("the block splitter", () => {
  for (const pieceBytes of [1, 7, 959, BLOCK_BYTES, 961, 5_000]) {
    test(`emits the same samples in exact blocks from pieces of ${pieceBytes} bytes`, () => {
      const samples = counting(BLOCK_SAMPLES * 5);
      const bytes = bytesOf(samples);
      const blocks: Int16Array[] = [];
      const splitter = createBlockSplitter((block) => blocks.push(block));
      for (let at = 0; at < bytes.length; at += pieceBytes)
        splitter.push(bytes.subarray(at, at + pieceBytes));
      assert.deepEqual(
        blocks.map(({ length }) => length),
        Array(5).fill(BLOCK_SAMPLES),
      );
      assert.deepEqual(
        blocks.flatMap((block) => [...block]),
        [...samples],
      );
    });
  }

  test("emits each block in an ArrayBuffer that holds nothing else", () => {
    const blocks: Int16Array[] = [];
    createBlockSplitter((block) => blocks.push(block)).push(bytesOf(counting(BLOCK_SAMPLES * 3)));
    assert.equal(new Set(blocks.map(({ buffer }) => buffer)).size, 3);
    assert.ok(blocks.every(({ buffer }) => buffer.byteLength === BLOCK_BYTES));
  });

  test("keeps part of a block until the rest arrives", () => {
    const blocks: Int16Array[] = [];
    const splitter = createBlockSplitter((block) => blocks.push(block));
    splitter.push(new Uint8Array(BLOCK_BYTES - 1));
    assert.equal(blocks.length, 0);
    splitter.push(new Uint8Array(1));
    assert.equal(blocks.length, 1);
  });
});

describe("the queue of the newest blocks", () => {
  function queue() {
    const delivered: number[] = [];
    const deferred: (() => void)[] = [];
    const blocks = createNewestBlocks(
      (block) => delivered.push(block[0] ?? -1),
      (run) => deferred.push(run),
    );
    const runDeferred = () => {
      for (const run of deferred.splice(0)) run();
    };
    return { blocks, delivered, runDeferred };
  }

  test("delivers the blocks of one turn in order", () => {
    const { blocks, delivered, runDeferred } = queue();
    for (const value of [1, 2, 3]) blocks.push(Int16Array.of(value));
    assert.deepEqual(delivered, []);
    runDeferred();
    assert.deepEqual(delivered, [1, 2, 3]);
  });

  test("drops the oldest of a burst and counts them", () => {
    const { blocks, delivered, runDeferred } = queue();
    for (let value = 0; value < 50; value += 1) blocks.push(Int16Array.of(value));
    runDeferred();
    assert.deepEqual(delivered, [46, 47, 48, 49]);
    assert.equal(blocks.dropped, 50 - MAX_WAITING_BLOCKS);
  });

  test("does not deliver cleared blocks", () => {
    const { blocks, delivered, runDeferred } = queue();
    blocks.push(Int16Array.of(1));
    blocks.clear();
    runDeferred();
    blocks.push(Int16Array.of(2));
    runDeferred();
    assert.deepEqual(delivered, [2]);
  });
});
