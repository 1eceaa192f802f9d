// The tone, its pacing, resampling and the level meter. The tests measure the output independently of the formulas.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { peakLevel } from "../../../plugin/sound/level.ts";
import { resampleLinear } from "../../../plugin/sound/playback/resample.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { createTone, paceBlocks, TONE_AMPLITUDE } from "../../../plugin/sound/tone.ts";
import {
  dominantFrequency,
  measureTone,
  sine,
  toneLevel,
  withoutSilence,
} from "../../support/sound/spectrum.ts";

function joined(blocks: Int16Array[]): Int16Array {
  return Int16Array.from(blocks.flatMap((block) => [...block]));
}

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

describe("the tone", () => {
  for (const hz of [50, 440, 997.3, 8_000]) {
    test(`has exactly ${hz} Hz and a quarter of full scale over a second`, () => {
      const next = createTone(hz);
      const samples = joined(Array.from({ length: 100 }, next));
      near(dominantFrequency(samples, SAMPLE_RATE), hz, 0.05);
      near(toneLevel(samples, SAMPLE_RATE, hz), TONE_AMPLITUDE, 0.001);
    });
  }

  test("has no click where blocks join", () => {
    const next = createTone(440);
    const samples = joined(Array.from({ length: 50 }, next));
    const largestStep = 2 * Math.PI * 440 * (TONE_AMPLITUDE / SAMPLE_RATE) * 32_767;
    for (let at = BLOCK_SAMPLES; at < samples.length; at += BLOCK_SAMPLES) {
      const step = Math.abs((samples[at] ?? 0) - (samples[at - 1] ?? 0));
      assert.ok(step <= largestStep + 2, `step ${step} at ${at}`);
    }
  });

  test("makes each block in an ArrayBuffer of its own", () => {
    const next = createTone(440);
    const blocks = [next(), next()];
    assert.notEqual(blocks[0]?.buffer, blocks[1]?.buffer);
    assert.equal(blocks[0]?.buffer.byteLength, BLOCK_SAMPLES * 2);
  });
});

describe("pacing", () => {
  /** A manual clock; `lateMs` is the delay of its timers. */
  function fakeClock(lateMs = 0) {
    let nowMs = 1_000;
    let timer: { atMs: number; run: () => void } | null = null;
    return {
      nowMs: () => nowMs,
      after(delayMs: number, run: () => void) {
        const mine = { atMs: nowMs + delayMs, run };
        timer = mine;
        return () => {
          if (timer === mine) timer = null;
        };
      },
      advanceTo(ms: number) {
        while (timer && timer.atMs + lateMs <= ms) {
          nowMs = timer.atMs + lateMs;
          const { run } = timer;
          timer = null;
          run();
        }
        nowMs = ms;
      },
      hasTimer: () => timer !== null,
    };
  }

  test("keeps the average rate although every timer is late", () => {
    const clock = fakeClock(3);
    let blocks = 0;
    paceBlocks(() => {
      blocks += 1;
    }, clock);
    clock.advanceTo(1_000 + 10_000 + 9);
    assert.equal(blocks, 1_000);
  });

  test("catches up by at most a few blocks after a gap, then continues at the usual rate", () => {
    const clock = fakeClock(500);
    let blocks = 0;
    paceBlocks(() => {
      blocks += 1;
    }, clock);
    clock.advanceTo(1_000 + 510);
    assert.equal(blocks, 6);
  });

  test("stops at once, also from within a callback", () => {
    const clock = fakeClock(200);
    let blocks = 0;
    const stop = paceBlocks(() => {
      blocks += 1;
      stop();
    }, clock);
    clock.advanceTo(5_000);
    assert.equal(blocks, 1);
    assert.equal(clock.hasTimer(), false);
  });
});

describe("resampling", () => {
  test("keeps the pitch and level of a voice's fundamental from 16 to 48 kHz", () => {
    const source = sine(440, 1_000, 16_000);
    const blocks: Int16Array[] = [];
    let previous = 0;
    for (let at = 0; at < source.length; at += 160) {
      const block = new Int16Array(BLOCK_SAMPLES);
      previous = resampleLinear(source.subarray(at, at + 160), block, previous);
      blocks.push(block);
    }
    const samples = joined(blocks);
    near(dominantFrequency(samples, SAMPLE_RATE), 440, 0.05);
    near(toneLevel(samples, SAMPLE_RATE, 440), 0.25, 0.003);
  });

  test("joins blocks by interpolation from the previous sample", () => {
    const target = new Int16Array(6);
    assert.equal(resampleLinear(Int16Array.of(30, 60), target, 0), 60);
    assert.deepEqual([...target], [10, 20, 30, 40, 50, 60]);
  });
});

describe("the level meter", () => {
  test("returns the largest magnitude as a fraction of full scale", () => {
    assert.equal(peakLevel(new Int16Array(BLOCK_SAMPLES)), 0);
    assert.equal(peakLevel(Int16Array.of(3, -16_384, 100)), 0.5);
    assert.equal(peakLevel(Int16Array.of(-32_768)), 1);
  });
});

describe("the measuring tools", () => {
  test("distinguish a tone from its neighbours and from silence", () => {
    const samples = sine(1_000, 500, SAMPLE_RATE, 0.5);
    near(toneLevel(samples, SAMPLE_RATE, 1_000), 0.5, 0.001);
    near(toneLevel(samples, SAMPLE_RATE, 1_200), 0, 0.001);
    near(dominantFrequency(sine(311.1, 500, SAMPLE_RATE), SAMPLE_RATE), 311.1, 0.1);
  });

  test("find a tone with phase jumps, which cancels itself out over the whole recording", () => {
    const [tone, turned] = [sine(440, 500, SAMPLE_RATE), sine(440, 500, SAMPLE_RATE, -0.25)];
    const samples = joined([tone, turned]);
    assert.ok(toneLevel(samples, SAMPLE_RATE, 440) < 0.01);
    const measured = measureTone(samples, SAMPLE_RATE, 440);
    near(measured.hz, 440, 0.2);
    near(measured.level, 0.25, 0.001);
  });

  test("trim silence at both ends only", () => {
    const samples = Int16Array.of(0, 0, 900, 0, -900, 0);
    assert.deepEqual([...withoutSilence(samples)], [900, 0, -900]);
    assert.equal(withoutSilence(new Int16Array(9)).length, 0);
  });
});
