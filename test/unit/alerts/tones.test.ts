// The tones that the plugin makes: pitch, level, cadence, and no clicks.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createTonePlayer, fadeOut, TONES } from "../../../plugin/alerts/tones.ts";
import { peakLevel } from "../../../plugin/sound/level.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import type { RingSound } from "../../../statecharts/index.ts";
import { joined } from "../../support/sound/sound-helpers.ts";
import { dominantFrequency, sine } from "../../support/sound/spectrum.ts";

const SOUNDS = Object.keys(TONES) as RingSound[];

/** At most four seconds. */
function playedBy(sound: RingSound): Int16Array {
  const next = createTonePlayer(sound);
  const blocks = Array.from({ length: 400 }, next).filter((block) => block !== null);
  return joined(blocks);
}

const durationMs = (sound: RingSound) => TONES[sound].notes.reduce((sum, { ms }) => sum + ms, 0);
const ms = (time: number) => (time * SAMPLE_RATE) / 1_000;

describe("a tone", () => {
  for (const sound of SOUNDS) {
    test(`${sound} has the pitch of its first note, and stays below its level`, () => {
      const samples = playedBy(sound);
      const [first] = TONES[sound].notes;
      const note = samples.subarray(ms(10), ms(110));
      assert.ok(Math.abs(dominantFrequency(note, SAMPLE_RATE) - (first?.hz ?? 0)) < 5);
      const level = peakLevel(samples);
      assert.ok(level <= TONES[sound].level + 0.001 && level > 0.9 * TONES[sound].level, `${level}`);
    });

    test(`${sound} never jumps by more than a sine of its pitch does`, () => {
      const samples = playedBy(sound);
      const largest = samples.reduce(
        (most, sample, index) => Math.max(most, Math.abs(sample - (samples[index - 1] ?? 0))),
        0,
      );
      const highest = Math.max(...TONES[sound].notes.map(({ hz }) => hz));
      const limit = ((2 * Math.PI * highest) / SAMPLE_RATE) * TONES[sound].level * 32_767 * 1.2;
      assert.ok(largest <= limit + 2, `${largest} of ${limit}`);
    });
  }

  test("for a caller ends by itself, and the others go on", () => {
    for (const sound of ["busy", "ended"] as const) {
      const blocks = Math.ceil((durationMs(sound) * TONES[sound].times) / 10);
      const next = createTonePlayer(sound);
      assert.ok(Array.from({ length: blocks }, next).every((block) => block !== null));
      assert.equal(next(), null);
      assert.equal(next(), null);
    }
    for (const sound of ["ring", "ringBack", "waiting"] as const) {
      const next = createTonePlayer(sound);
      assert.ok(Array.from({ length: 2_000 }, next).every((block) => block !== null));
    }
  });

  test("that rings pauses between its notes, and repeats them", () => {
    const period = durationMs("ring");
    const next = createTonePlayer("ring");
    const samples = joined(Array.from({ length: (2 * period) / 10 }, next).filter((block) => block !== null));
    const pause = TONES.ring.notes.at(-1)?.ms ?? 0;
    assert.equal(peakLevel(samples.subarray(ms(period - pause), ms(period))), 0);
    assert.deepEqual(samples.subarray(0, ms(period)), samples.subarray(ms(period)));
  });

  test("of call waiting is at most an eighth as loud as the ring", () => {
    assert.ok(TONES.waiting.level <= TONES.ring.level / 8);
  });

  test("that is stopped fades to silence within its block", () => {
    const faded = fadeOut(sine(440, 10, SAMPLE_RATE));
    assert.equal(faded.length, BLOCK_SAMPLES);
    assert.equal(faded.at(-1), 0);
    assert.ok(peakLevel(faded.subarray(240)) < 0.6 * peakLevel(faded.subarray(0, 240)));
  });
});
