// What is played when: gathering, silence, dropping.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CAPACITY_BLOCKS,
  createPlaybackRing,
  START_BLOCKS,
  TARGET_BLOCKS,
} from "../../plugin/sound/playback-ring.ts";
import { BLOCK_SAMPLES } from "../../plugin/sound/sound.ts";

function ringWith(...values: number[]) {
  const ring = createPlaybackRing();
  const target = new Int16Array(BLOCK_SAMPLES).fill(-1);
  const push = (value: number) => ring.push(new Int16Array(BLOCK_SAMPLES).fill(value));
  values.forEach(push);
  /** The value of the next block, 0 for silence. */
  const pull = () => {
    ring.pull(target);
    assert.equal(new Set(target).size, 1, "a block is whole");
    return target[0];
  };
  return { ring, push, pull };
}

describe("the playback ring", () => {
  test("plays silence before anything came", () => {
    const { ring, pull } = ringWith();
    assert.equal(pull(), 0);
    assert.deepEqual(ring.counters(), { played: 0, starved: 1, dropped: 0 });
  });

  test("gathers two blocks before it plays the first", () => {
    const { push, pull } = ringWith(1);
    assert.equal(START_BLOCKS, 2);
    assert.equal(pull(), 0);
    push(2);
    assert.deepEqual([pull(), pull()], [1, 2]);
  });

  test("plays silence when it runs dry, and gathers again", () => {
    const { ring, push, pull } = ringWith(1, 2);
    assert.deepEqual([pull(), pull(), pull()], [1, 2, 0]);
    push(3);
    assert.equal(pull(), 0);
    push(4);
    assert.deepEqual([pull(), pull()], [3, 4]);
    assert.deepEqual(ring.counters(), { played: 4, starved: 2, dropped: 0 });
  });

  test("drops the oldest down to its target when it is too full", () => {
    const values = Array.from({ length: CAPACITY_BLOCKS + 1 }, (_, index) => index + 1);
    const { ring, pull } = ringWith(...values);
    assert.equal(pull(), values.at(-TARGET_BLOCKS));
    assert.equal(ring.counters().dropped, values.length - TARGET_BLOCKS);
  });

  test("wins back the delay that a burst left behind, a block a second", () => {
    const { ring, push, pull } = ringWith(1, 2, 3, 4, 5, 6);
    for (let turn = 0; turn < 100; turn += 1) {
      pull();
      push(turn);
    }
    assert.equal(ring.counters().dropped, 1);
  });

  test("drops nothing while it stays within its target", () => {
    const { ring, push, pull } = ringWith(1, 2, 3);
    for (let turn = 0; turn < 1_000; turn += 1) {
      pull();
      push(turn);
    }
    assert.deepEqual(ring.counters(), { played: 1_000, starved: 0, dropped: 0 });
  });

  test("copies what is pushed", () => {
    const { ring, pull } = ringWith(1);
    const block = new Int16Array(BLOCK_SAMPLES).fill(2);
    ring.push(block);
    block.fill(9);
    assert.deepEqual([pull(), pull()], [1, 2]);
  });

  test("forgets everything when it is cleared", () => {
    const { ring, pull } = ringWith(1, 2, 3);
    ring.clear();
    assert.equal(pull(), 0);
  });
});
