// Fast and slow sound cards, ten simulated minutes each: playback has no gaps, stays at its delay, and the correction is
// inaudible.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { TARGET_SAMPLES } from "../../../plugin/sound/playback/playback-ring.ts";
import { SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { analyseSine, longestGapMs, type Played, playCourse } from "../../support/sound/sound-card-clock.ts";

const MINUTES_10 = 600_000;
const TONE_HZ = 1_000;
const PEAK = 8_192;
const TARGET_MS = (TARGET_SAMPLES * 1_000) / SAMPLE_RATE;
const WINDOW_MS = 100;
const LOOK_EVERY_MS = 500;
/** A stall of 80 ms, the concealment and the cross-fade. */
const STALL_WINDOW_MS = 250;

const tone = (index: number) => Math.round(PEAK * Math.sin((2 * Math.PI * TONE_HZ * index) / SAMPLE_RATE));

/** The worst relative pitch error and signal-to-noise ratio of all windows without a stall. */
function worstOf({ samples, stallsMs }: Played): { pitch: number; snrDb: number } {
  const perMs = SAMPLE_RATE / 1_000;
  let pitch = 0;
  let snrDb = Number.POSITIVE_INFINITY;
  for (let atMs = 1_000; (atMs + WINDOW_MS) * perMs <= samples.length; atMs += LOOK_EVERY_MS) {
    // Within ten minutes 300 ppm shift the card's time by 180 ms against the network's.
    if (stallsMs.some((stallMs) => atMs > stallMs - 300 && atMs < stallMs + STALL_WINDOW_MS + 200)) continue;
    const measured = analyseSine(samples.subarray(atMs * perMs, (atMs + WINDOW_MS) * perMs), TONE_HZ);
    pitch = Math.max(pitch, Math.abs(measured.hz - TONE_HZ) / TONE_HZ);
    snrDb = Math.min(snrDb, measured.snrDb);
  }
  return { pitch, snrDb };
}

describe("playback on a card with another clock", () => {
  for (const fastPpm of [300, -300]) {
    const word = fastPpm > 0 ? "fast" : "slow";
    test(`300 ppm ${word}, with jitter and stalls of 80 ms: no gap, the buffer near its target, a pure tone`, (t) => {
      const played = playCourse({
        durationMs: MINUTES_10,
        fastPpm,
        jitterMs: 8,
        stallEveryMs: 60_000,
        stallMs: 80,
        seed: 7,
        sampleAt: tone,
      });
      const gapMs = longestGapMs(played.samples.subarray(SAMPLE_RATE / 10), PEAK / 10);
      const settled = played.fillsMs.slice(1);
      const [lowMs, highMs] = [Math.min(...settled), Math.max(...settled)];
      const { pitch, snrDb } = worstOf(played);
      t.diagnostic(
        `${word}: ${played.stallsMs.length} stalls, longest gap ${gapMs.toFixed(2)} ms, buffer ${lowMs.toFixed(1)} to ${highMs.toFixed(1)} ms ` +
          `(target ${TARGET_MS}), pitch within ${(100 * pitch).toFixed(3)} %, ${snrDb.toFixed(1)} dB above noise`,
      );
      assert.ok(played.stallsMs.length > 5, "stalls happened");
      assert.ok(gapMs < 20, `gap of ${gapMs} ms`);
      assert.ok(lowMs > TARGET_MS - 20 && highMs < TARGET_MS + 20, `${lowMs} to ${highMs} ms`);
      assert.ok(pitch < 0.001, `pitch off by ${100 * pitch} %`);
      assert.ok(snrDb > 50, `${snrDb} dB`);
    });
  }

  test("with equal clocks and no delays nothing is skipped or repeated, and the tone is pure", () => {
    const { samples, ring } = playCourse({
      durationMs: 60_000,
      fastPpm: 0,
      jitterMs: 0,
      stallEveryMs: Number.POSITIVE_INFINITY,
      stallMs: 0,
      seed: 1,
      sampleAt: tone,
    });
    const { skippedSamples, repeatedSamples } = ring.counters();
    assert.deepEqual([skippedSamples, repeatedSamples], [0, 0]);
    assert.ok(analyseSine(samples.subarray(-4_800), TONE_HZ).snrDb > 70);
  });
});
