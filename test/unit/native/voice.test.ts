// Echo, noise and level in a simulated room: what is left of each. Spoken samples, no devices, no clock.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import {
  ALL_ON,
  DELAYS_MS,
  FAR_SOUNDS,
  GAIN_ONLY,
  measureEcho,
  measureGain,
  measureNoise,
  NOISE_ONLY,
} from "../../support/sound/voice-scenes.ts";

function atLeast(actual: number, expected: number, what: string): void {
  assert.ok(actual >= expected, `${what}: ${actual.toFixed(1)} dB, expected at least ${expected}`);
}

describe("the voice processor", () => {
  for (const sound of FAR_SOUNDS) {
    for (const delayMs of DELAYS_MS) {
      test(`takes 25 dB of an echo of ${sound} after ${delayMs} ms away, and less than 6 dB of a voice that speaks into it`, () => {
        const { enhancementDb, nearGainDb } = measureEcho(sound, delayMs);
        atLeast(enhancementDb, 25, "echo return loss enhancement");
        atLeast(nearGainDb, -6, "near voice");
        assert.ok(nearGainDb <= 1, `the near voice is ${nearGainDb} dB louder`);
      });
    }
  }

  test("keeps a voice that speaks into an echo audible with everything on", () => {
    atLeast(measureEcho("speech", 120, ALL_ON).nearGainDb, -6, "near voice");
  });

  test("takes 10 dB of a noise 15 dB below the voice away and keeps the voice within 3 dB", () => {
    const { reductionDb, speechGainDb } = measureNoise(NOISE_ONLY);
    atLeast(reductionDb, 10, "noise");
    assert.ok(Math.abs(speechGainDb) <= 3, `the voice is changed by ${speechGainDb} dB`);
  });

  test("brings a quiet and a loud voice to within 10 dB of each other", () => {
    const quietDb = measureGain(-40, GAIN_ONLY);
    const loudDb = measureGain(-10, GAIN_ONLY);
    atLeast(quietDb, -28, "the voice of -40 dB");
    assert.ok(loudDb < -13, `the voice of -10 dB is sent at ${loudDb} dB`);
    assert.ok(loudDb - quietDb < 10, `${quietDb} dB and ${loudDb} dB`);
  });

  test("refuses a block of another length, naming it", () => {
    const processor = loadNative().createVoiceProcessor(ALL_ON);
    assert.throws(() => processor.captured(new Int16Array(479)), /block: 479 samples, expected 480/);
    assert.throws(() => processor.playing(new Int16Array(0)), /block: 0 samples, expected 480/);
  });
});
