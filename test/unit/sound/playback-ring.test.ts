// The playback ring: initial fill, concealment of late blocks, skipped and repeated silence, cuts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CAPACITY_SAMPLES,
  createPlaybackRing,
  TARGET_SAMPLES,
} from "../../../plugin/sound/playback/playback-ring.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { toneLevel } from "../../support/sound/spectrum.ts";

const TONE_HZ = 200;
const TARGET_BLOCKS = Math.ceil(TARGET_SAMPLES / BLOCK_SAMPLES);

function startedRing(amplitude: number, blocks = TARGET_BLOCKS) {
  const ring = createPlaybackRing();
  let at = 0;
  const push = (count = 1) => {
    for (let turn = 0; turn < count; turn += 1) {
      ring.push(
        Int16Array.from({ length: BLOCK_SAMPLES }, (_, index) =>
          Math.round(amplitude * Math.sin((2 * Math.PI * TONE_HZ * (at + index)) / SAMPLE_RATE)),
        ),
      );
      at += BLOCK_SAMPLES;
    }
  };
  const block = new Int16Array(BLOCK_SAMPLES);
  const pull = () => ({ isVoice: ring.pull(block), level: toneLevel(block, SAMPLE_RATE, TONE_HZ) });
  /** Pushes and pulls this many blocks. */
  const run = (count: number) => {
    for (let turn = 0; turn < count; turn += 1) {
      pull();
      push();
    }
  };
  push(blocks);
  return { ring, push, pull, run };
}

describe("the playback ring", () => {
  test("plays silence before the first block", () => {
    const { ring, pull } = startedRing(8_000, 0);
    assert.deepEqual(pull(), { isVoice: false, level: 0 });
    assert.equal(ring.counters().concealed, 1);
  });

  test("fills up to its target before it plays the first block", () => {
    const { push, pull } = startedRing(8_000, TARGET_BLOCKS - 1);
    assert.equal(pull().isVoice, false);
    push();
    assert.equal(pull().isVoice, true);
  });

  test("starts at its target, even if more arrived before the first request", () => {
    const { ring, push, pull } = startedRing(8_000);
    push(5);
    pull();
    assert.ok(Math.abs(ring.fillSamples - (TARGET_SAMPLES - BLOCK_SAMPLES)) < 2, `${ring.fillSamples} wait`);
    assert.equal(ring.counters().skippedSamples, 0);
  });

  test("is late while the next block is missing, but not before the first block and not during concealment", () => {
    const { ring, push, pull, run } = startedRing(8_000, 0);
    assert.equal(ring.isLate, false);
    push(TARGET_BLOCKS);
    run(10);
    assert.equal(ring.isLate, false);
    pull();
    pull();
    assert.equal(ring.isLate, false, "concealment");
    push(TARGET_BLOCKS);
    while (ring.fillSamples > BLOCK_SAMPLES) pull();
    assert.equal(ring.isLate, true);
  });

  test("repeats silence when too little waits", () => {
    const { ring, run } = startedRing(0);
    run(10);
    const block = new Int16Array(BLOCK_SAMPLES);
    for (let turn = 0; turn < 300; turn += 1) {
      ring.pull(block, 0);
      ring.push(block);
    }
    assert.ok(ring.counters().repeatedSamples >= BLOCK_SAMPLES);
  });

  test("continues with the voice's pitch when it runs empty, and fades to silence within 100 ms", () => {
    const { pull, run } = startedRing(8_000);
    run(10);
    for (let turn = 0; turn < TARGET_BLOCKS; turn += 1) pull();
    const levels = Array.from({ length: 11 }, () => pull());
    assert.ok(levels.every(({ isVoice }) => !isVoice));
    assert.ok(Math.abs((levels[0]?.level ?? 0) - 8_000 / 32_768) < 0.02, "full level at first");
    assert.ok((levels[6]?.level ?? 1) < 0.7 * (levels[0]?.level ?? 0), "fading");
    assert.equal(levels[10]?.level, 0);
  });

  test("skips sound that arrived after its concealment", () => {
    const { ring, push, pull, run } = startedRing(8_000);
    run(10);
    for (let turn = 0; turn < 8; turn += 1) pull();
    push(8);
    assert.equal(pull().isVoice, true);
    assert.ok(ring.fillSamples <= TARGET_SAMPLES, `${ring.fillSamples} wait`);
  });

  test("skips it also when it arrives in pieces", () => {
    const { ring, push, pull, run } = startedRing(8_000);
    run(10);
    for (let turn = 0; turn < 8; turn += 1) pull();
    push(2);
    pull();
    push(6);
    pull();
    assert.ok(ring.fillSamples <= TARGET_SAMPLES, `${ring.fillSamples} wait`);
  });

  test("keeps its target when the card stalls and then takes everything at once", () => {
    const { ring, push, pull, run } = startedRing(8_000);
    run(10);
    for (let turn = 0; turn < 8; turn += 1) push();
    for (let turn = 0; turn < 8; turn += 1) assert.equal(pull().isVoice, true);
    assert.equal(ring.counters().skippedSamples, 0);
    assert.ok(Math.abs(ring.fillSamples - TARGET_SAMPLES) <= BLOCK_SAMPLES);
  });

  test("never holds more than its capacity, and cuts down to its target", () => {
    const { ring, push } = startedRing(8_000);
    push(100);
    assert.ok(ring.fillSamples <= CAPACITY_SAMPLES);
    assert.ok(ring.counters().skippedSamples > 0);
  });

  test("removes a delay by a cut when the voice does not pause for a second", () => {
    const { ring, push, run } = startedRing(8_000);
    run(10);
    push(8);
    run(300);
    assert.ok(ring.fillSamples < TARGET_SAMPLES + 2 * BLOCK_SAMPLES, `${ring.fillSamples} wait`);
  });

  test("skips silence rather than voice", () => {
    const { ring, push, run } = startedRing(0);
    run(10);
    push(2);
    run(300);
    assert.ok(ring.counters().skippedSamples >= BLOCK_SAMPLES);
    assert.ok(ring.fillSamples < TARGET_SAMPLES + 2 * BLOCK_SAMPLES);
    const { ring: speaking, push: pushVoice, run: speak } = startedRing(8_000);
    speak(10);
    pushVoice(2);
    speak(300);
    assert.equal(speaking.counters().skippedSamples, 0);
  });

  test("copies pushed blocks", () => {
    const ring = createPlaybackRing();
    const block = new Int16Array(BLOCK_SAMPLES).fill(5_000);
    for (let turn = 0; turn < TARGET_BLOCKS; turn += 1) ring.push(block);
    block.fill(9);
    const target = new Int16Array(BLOCK_SAMPLES);
    ring.pull(target);
    assert.equal(target.at(-1), 5_000);
  });

  test("forgets everything on clear", () => {
    const { ring, pull, run } = startedRing(8_000);
    run(10);
    ring.clear();
    assert.deepEqual(pull(), { isVoice: false, level: 0 });
    assert.equal(ring.fillSamples, 0);
  });
});
