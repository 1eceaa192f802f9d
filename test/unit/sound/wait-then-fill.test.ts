// How long a fill waits for a late voice before it conceals the gap.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createPlaybackRing } from "../../../plugin/sound/playback/playback-ring.ts";
import { createWaitThenFill, FILL_WAIT_MS } from "../../../plugin/sound/playback/wait-then-fill.ts";
import { BLOCK_SAMPLES } from "../../../plugin/sound/sound.ts";

const VOICE = new Int16Array(BLOCK_SAMPLES).fill(1_000);

function setUp() {
  const ring = createPlaybackRing();
  const timers: { delayMs: number; run: () => void }[] = [];
  const speakerFill = createWaitThenFill(ring, {
    after(delayMs, run) {
      const timer = { delayMs, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  let filled = 0;
  const block = new Int16Array(BLOCK_SAMPLES);
  const arrive = () => {
    ring.push(VOICE);
    speakerFill.onPush();
  };
  return {
    ring,
    timers,
    speakerFill,
    arrive,
    request: () => speakerFill.fill(block, () => (filled += 1)),
    filled: () => filled,
  };
}

/** Playback has started, and less than a block waits. */
function playing() {
  const bench = setUp();
  for (let turn = 0; turn < 3; turn += 1) bench.arrive();
  while (!bench.ring.isLate) bench.request();
  return { ...bench, before: bench.filled() };
}

describe("filling a block for the speaker", () => {
  test("is immediate while sound waits, and before the first sound", () => {
    const { request, filled, timers } = setUp();
    request();
    assert.deepEqual([filled(), timers.length], [1, 0]);
  });

  test("waits for a late voice and fills the block on arrival", () => {
    const { ring, request, arrive, filled, timers, before } = playing();
    request();
    assert.deepEqual([filled(), timers.map(({ delayMs }) => delayMs)], [before, [FILL_WAIT_MS]]);
    arrive();
    assert.deepEqual([filled(), timers.length, ring.counters().concealed], [before + 1, 0, 0]);
  });

  test("conceals the block when the voice does not arrive in time, and does not wait for the next", () => {
    const { ring, request, filled, timers, before } = playing();
    request();
    timers[0]?.run();
    assert.deepEqual([filled(), ring.counters().concealed], [before + 1, 1]);
    request();
    assert.deepEqual([filled(), timers.length], [before + 2, 0]);
  });

  test("is cancelled by clear", () => {
    const { speakerFill, request, arrive, filled, timers, before } = playing();
    request();
    speakerFill.clear();
    arrive();
    assert.deepEqual([filled(), timers.length], [before, 0]);
  });
});
