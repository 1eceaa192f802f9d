// Echo, noise and level in a simulated room: what is left of each. Spoken samples, no devices, no clock.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import {
  ALL_ON,
  DELAYS_MS,
  ECHO_TROUBLES,
  FAR_SOUNDS,
  GAIN_ONLY,
  measureEcho,
  measureGain,
  measureNoise,
  measureSilence,
  measureTrouble,
  NOISE_ONLY,
} from "../../support/sound/voice-scenes.ts";

function atLeast(actual: number, expected: number, what: string): void {
  assert.ok(actual >= expected, `${what}: ${actual.toFixed(1)} dB, expected at least ${expected}`);
}

/** In decibels, by the library's canceller: 0.3 has none that we use, 1.x has AEC3. The first goes by our filter alone. */
const LEAST_IN_TROUBLE = {
  none: { "first second": 12, "delay jump": 15, "clock drift": 15, distortion: 18 },
  AEC3: { "first second": 30, "delay jump": 30, "clock drift": 30, distortion: 18 },
} as const;

const { "webrtc-audio-processing": library = "" } = loadNative().libraryVersions();
const canceller = library.startsWith("0.") ? "none" : "AEC3";

describe(`the voice processor with webrtc-audio-processing ${library}`, () => {
  for (const sound of FAR_SOUNDS) {
    for (const delayMs of DELAYS_MS) {
      test(`takes 25 dB of an echo of ${sound} after ${delayMs} ms away, and less than 6 dB of a voice that speaks into it`, () => {
        const { enhancementDb, nearGainDb, nearSwallowed } = measureEcho(sound, delayMs);
        atLeast(enhancementDb, 25, "echo return loss enhancement");
        atLeast(nearGainDb, -6, "near voice");
        assert.ok(nearGainDb <= 1, `the near voice is ${nearGainDb} dB louder`);
        assert.ok(nearSwallowed < 0.3, `${nearSwallowed} of the near voice is swallowed`);
      });
    }
  }

  for (const trouble of ECHO_TROUBLES) {
    const leastDb = LEAST_IN_TROUBLE[canceller][trouble];
    test(`takes ${leastDb} dB of an echo away in spite of: ${trouble}`, () =>
      atLeast(measureTrouble(trouble), leastDb, "echo return loss enhancement"));
  }

  test("sends digital silence as it is while the far end sounds", () => assert.equal(measureSilence(), 0));

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
    assert.ok(loudDb < -12, `the voice of -10 dB is sent at ${loudDb} dB`);
    assert.ok(loudDb - quietDb < 10, `${quietDb} dB and ${loudDb} dB`);
  });

  test("refuses a block of another length, naming it", () => {
    const processor = loadNative().createVoiceProcessor(ALL_ON);
    assert.throws(() => processor.captured(new Int16Array(479)), /block: 479 samples, expected 480/);
    assert.throws(() => processor.playing(new Int16Array(0)), /block: 0 samples, expected 480/);
  });
});
