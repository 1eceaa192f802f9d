// The formats that are tried for a device, best first.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  convertsByItself,
  type DeviceOffer,
  formatsToTry,
  formatText,
} from "../../../plugin/sound/device-format/device-format.ts";

const at = (sampleRate: number, minChannels: number, maxChannels: number) => ({
  sampleRate,
  minChannels,
  maxChannels,
});
const CARD: DeviceOffer = { maxChannels: 32, defaultSampleRate: 44_100, formats: null };

function tried(offer: Partial<DeviceOffer>, canResample = true): string[] {
  return formatsToTry({ ...CARD, ...offer }, canResample).map(formatText);
}

describe("the formats that are tried for a device", () => {
  const cases: [string, Partial<DeviceOffer>, string][] = [
    ["stereo only", { formats: [at(48_000, 2, 2)] }, "2 channels at 48000 Hz"],
    ["mono only", { formats: [at(48_000, 1, 1)] }, "1 channel at 48000 Hz"],
    ["six channels only", { formats: [at(48_000, 6, 6)] }, "6 channels at 48000 Hz"],
    ["any number of channels", { formats: [at(48_000, 1, 32)] }, "2 channels at 48000 Hz"],
    ["four to eight channels", { formats: [at(48_000, 4, 8)] }, "4 channels at 48000 Hz"],
    ["44.1 kHz only", { formats: [at(44_100, 2, 2)] }, "2 channels at 44100 Hz"],
    ["a headset's 16 kHz", { formats: [at(16_000, 1, 1)] }, "1 channel at 16000 Hz"],
    [
      "48 kHz with six channels, and 44.1 kHz with two",
      { formats: [at(48_000, 6, 6), at(44_100, 2, 2)] },
      "6 channels at 48000 Hz",
    ],
    ["a rate of its own", { formats: [at(47_619, 2, 2)] }, "2 channels at 47619 Hz"],
  ];
  for (const [name, offer, best] of cases) {
    test(`begin with ${best} for ${name}`, () => assert.equal(tried(offer)[0], best));
  }

  test("without ALSA's answer are the usual rates and PortAudio's own, with two channels and with one", () => {
    const formats = tried({ defaultSampleRate: 12_000, maxChannels: 2 });
    assert.deepEqual(formats.slice(0, 4), [
      "2 channels at 48000 Hz",
      "1 channel at 48000 Hz",
      "2 channels at 12000 Hz",
      "1 channel at 12000 Hz",
    ]);
    assert.ok(formats.includes("1 channel at 16000 Hz"));
    assert.deepEqual(
      tried({ formats: [], maxChannels: 1, defaultSampleRate: 48_000 })[0],
      "1 channel at 48000 Hz",
    );
  });

  test("never have more channels than PortAudio opens", () => {
    assert.deepEqual(tried({ formats: [at(48_000, 8, 8), at(44_100, 1, 2)], maxChannels: 2 }), [
      "2 channels at 44100 Hz",
      "1 channel at 44100 Hz",
    ]);
  });

  test("without the addon have 48 kHz only, and are never empty", () => {
    assert.deepEqual(tried({ maxChannels: 1 }, false), ["1 channel at 48000 Hz"]);
    assert.deepEqual(tried({ formats: [at(16_000, 1, 1)], maxChannels: 1 }, false), [
      "1 channel at 48000 Hz",
    ]);
  });

  test("ALSA is not asked about a plugin that converts, but about every card", () => {
    assert.equal(convertsByItself({ card: null, maxChannels: 128 }), true);
    assert.equal(convertsByItself({ card: null, maxChannels: 6 }), false);
    assert.equal(convertsByItself({ card: "0", maxChannels: 64 }), false);
  });
});
