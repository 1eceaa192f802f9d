// How long a voice that is late is waited for before something stands in.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createPlaybackRing } from "../../../plugin/sound/playback/playback-ring.ts";
import { createWaitThenFill, FILL_WAIT_MS } from "../../../plugin/sound/playback/wait-then-fill.ts";
import { BLOCK_SAMPLES } from "../../../plugin/sound/sound.ts";

const VOICE = new Int16Array(BLOCK_SAMPLES).fill(1_000);

function setUp() {
  const ring = createPlaybackRing();
  const timers: { delayMs: number; run: () => void }[] = [];
  const patient = createWaitThenFill(ring, {
    after(delayMs, run) {
      const timer = { delayMs, run };
      timers.push(timer);
      return () => void timers.splice(timers.indexOf(timer), 1);
    },
  });
  let filled = 0;
  const block = new Int16Array(BLOCK_SAMPLES);
  const arrives = () => {
    ring.push(VOICE);
    patient.arrived();
  };
  return {
    ring,
    timers,
    patient,
    arrives,
    ask: () => patient.fill(block, () => (filled += 1)),
    filled: () => filled,
  };
}

/** Playing, with less than a block waiting. */
function playing() {
  const bench = setUp();
  for (let turn = 0; turn < 3; turn += 1) bench.arrives();
  while (!bench.ring.isLate) bench.ask();
  return { ...bench, before: bench.filled() };
}

describe("a block for the speaker", () => {
  test("is filled at once while the voice waits, and while there is none yet", () => {
    const { ask, filled, timers } = setUp();
    ask();
    assert.deepEqual([filled(), timers.length], [1, 0]);
  });

  test("is waited for when the voice is late, and filled as soon as it comes", () => {
    const { ring, ask, arrives, filled, timers, before } = playing();
    ask();
    assert.deepEqual([filled(), timers.map(({ delayMs }) => delayMs)], [before, [FILL_WAIT_MS]]);
    arrives();
    assert.deepEqual([filled(), timers.length, ring.counters().starved], [before + 1, 0, 0]);
  });

  test("is stood in for when the voice does not come in time, and the next is not waited for", () => {
    const { ring, ask, filled, timers, before } = playing();
    ask();
    timers[0]?.run();
    assert.deepEqual([filled(), ring.counters().starved], [before + 1, 1]);
    ask();
    assert.deepEqual([filled(), timers.length], [before + 2, 0]);
  });

  test("is forgotten with its device", () => {
    const { patient, ask, arrives, filled, timers, before } = playing();
    ask();
    patient.clear();
    arrives();
    assert.deepEqual([filled(), timers.length], [before, 0]);
  });
});
