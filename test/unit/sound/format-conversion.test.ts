// Sound between 48 kHz and the formats of devices, in both directions: pitch, level, delay, and the drift of the card's clock.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { createCaptureConverter } from "../../../plugin/sound/device-format/capture-converter.ts";
import { blocksOf } from "../../../plugin/sound/device-format/device-blocks.ts";
import { type DeviceFormat, formatText } from "../../../plugin/sound/device-format/device-format.ts";
import { createPlaybackConverter } from "../../../plugin/sound/device-format/playback-converter.ts";
import { TARGET_SAMPLES } from "../../../plugin/sound/playback/playback-ring.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { analyseSine, longestGapMs, playCourse } from "../../support/sound/sound-card-clock.ts";
import { toneLevel } from "../../support/sound/spectrum.ts";

const engine = loadNative();
const TONE_HZ = 1_000;
const AMPLITUDE = 0.25;
const PEAK = AMPLITUDE * 32_767;
const BLOCKS = 100;
/** Half the filter at the lowest rate is 5 ms. */
const MOST_DELAY_MS = 6;

const FORMATS: readonly DeviceFormat[] = [
  ...[1, 2, 4, 6, 8].map((channels) => ({ sampleRate: 48_000, channels })),
  ...[44_100, 32_000, 22_050, 16_000, 8_000, 96_000, 192_000, 47_619].map((sampleRate) => ({
    sampleRate,
    channels: 2,
  })),
];

function toneAt(sampleRate: number) {
  return (index: number) => Math.round(PEAK * Math.sin((2 * Math.PI * TONE_HZ * index) / sampleRate));
}

/** The tone in one channel of a microphone, the others silent. @returns what is sent */
function capture(
  format: DeviceFormat,
  channel: number,
  blocks = BLOCKS,
): { sent: Int16Array; delayMs: number } {
  const device = blocksOf(format);
  const sent: Int16Array[] = [];
  const converter = createCaptureConverter(device, engine, (bytes) => {
    assert.equal(bytes.length, 2 * BLOCK_SAMPLES);
    sent.push(new Int16Array(bytes.slice().buffer));
  });
  const tone = toneAt(format.sampleRate);
  const interleaved = new Int16Array(device.frames * format.channels);
  // At an odd offset, as a pooled buffer may have it.
  const bytes = new Uint8Array(device.bytes + 1).subarray(1);
  for (let block = 0; block < blocks; block += 1) {
    for (let frame = 0; frame < device.frames; frame += 1) {
      interleaved[frame * format.channels + channel] = tone(block * device.frames + frame);
    }
    bytes.set(new Uint8Array(interleaved.buffer));
    converter.push(bytes);
    converter.push(bytes.subarray(2));
  }
  const { delayMs } = converter;
  return { sent: Int16Array.from(sent.flatMap((block) => [...block])), delayMs };
}

/** @returns each channel of a speaker that plays the tone */
function play(format: DeviceFormat): { channels: Int16Array[]; delayMs: number } {
  const device = blocksOf(format);
  const tone = toneAt(SAMPLE_RATE);
  let at = 0;
  const converter = createPlaybackConverter(device, engine, (block, onFilled) => {
    for (let index = 0; index < block.length; index += 1, at += 1) block[index] = tone(at);
    onFilled();
  });
  const channels = Array.from({ length: format.channels }, () => new Int16Array(device.frames * BLOCKS));
  const interleaved = new Int16Array(device.frames * format.channels).fill(7);
  for (let block = 0; block < BLOCKS; block += 1) {
    converter.fill(interleaved, () => {
      for (let frame = 0; frame < device.frames; frame += 1) {
        channels.forEach((samples, channel) => {
          samples[block * device.frames + frame] = interleaved[frame * format.channels + channel] ?? 0;
        });
      }
    });
  }
  return { channels, delayMs: converter.delayMs };
}

function assertTone(samples: Int16Array, sampleRate: number): void {
  const settled = samples.subarray(-sampleRate / 2);
  // The measure takes samples for those of 48 kHz.
  const scale = SAMPLE_RATE / sampleRate;
  const hz = analyseSine(settled, TONE_HZ * scale).hz / scale;
  const db = 20 * Math.log10(toneLevel(settled, sampleRate, TONE_HZ) / AMPLITUDE);
  assert.ok(Math.abs(hz - TONE_HZ) < 0.5, `${hz} Hz`);
  assert.ok(Math.abs(db) < 0.1, `${db.toFixed(2)} dB off`);
}

for (const format of FORMATS) {
  describe(`a device with ${formatText(format)}`, () => {
    test("gives the voice of its last channel with the right pitch and level", () => {
      const { sent, delayMs } = capture(format, format.channels - 1);
      assertTone(sent, SAMPLE_RATE);
      assert.ok(delayMs >= 0 && delayMs < MOST_DELAY_MS, `${delayMs} ms`);
    });

    test("plays the voice front left and right with the right pitch and level, and nowhere else", () => {
      const { channels, delayMs } = play(format);
      for (const samples of channels.slice(0, 2)) assertTone(samples, format.sampleRate);
      for (const samples of channels.slice(2)) assert.ok(samples.every((sample) => sample === 0));
      assert.ok(delayMs >= 0 && delayMs < MOST_DELAY_MS, `${delayMs} ms`);
    });
  });
}

describe("the conversion", () => {
  test("delays a sound by what it reports, and gives 10 ms for 10 ms", () => {
    for (const sampleRate of [44_100, 32_000, 16_000, 8_000, 96_000]) {
      const { sent, delayMs } = capture({ sampleRate, channels: 1 }, 0, 20);
      assert.equal(sent.length, 20 * BLOCK_SAMPLES);
      const tone = toneAt(SAMPLE_RATE);
      const errorAt = (samples: number) => {
        let sum = 0;
        for (let at = 4 * BLOCK_SAMPLES; at < sent.length; at += 1)
          sum += ((sent[at] ?? 0) - tone(at - samples)) ** 2;
        return sum;
      };
      // The tone tells delays within one of its periods.
      const period = SAMPLE_RATE / TONE_HZ;
      const delays = Array.from({ length: period }, (_, at) => at);
      const best = delays.reduce((one, other) => (errorAt(other) < errorAt(one) ? other : one));
      const reported = (delayMs / 1_000) * SAMPLE_RATE;
      const off = (((best - reported) % period) + period) % period;
      assert.ok(Math.min(off, period - off) <= 1, `${sampleRate} Hz: ${best} samples, reported ${reported}`);
    }
  });

  test("removes what a lower rate cannot carry, so that no alias is heard", () => {
    const device = blocksOf({ sampleRate: 16_000, channels: 1 });
    let at = 0;
    const converter = createPlaybackConverter(device, engine, (block, onFilled) => {
      for (let index = 0; index < block.length; index += 1, at += 1) {
        block[index] = Math.round(PEAK * Math.sin((2 * Math.PI * 10_000 * at) / SAMPLE_RATE));
      }
      onFilled();
    });
    const block = new Int16Array(device.frames);
    const played: number[] = [];
    for (let count = 0; count < 50; count += 1) converter.fill(block, () => played.push(...block));
    const level = toneLevel(Int16Array.from(played.slice(1_600)), 16_000, 6_000);
    assert.ok(level < 0.000_5, `10 kHz are heard at 6 kHz with a level of ${level}`);
  });

  test("without the addon is refused, and 48 kHz needs none", () => {
    const ignore = () => undefined;
    assert.throws(
      () => createCaptureConverter(blocksOf({ sampleRate: 16_000, channels: 1 }), null, ignore),
      /without the addon 16000 Hz cannot be converted to 48000 Hz/,
    );
    assert.equal(
      createCaptureConverter(blocksOf({ sampleRate: 48_000, channels: 2 }), null, ignore).delayMs,
      0,
    );
  });
});

describe("playback on a card of 44.1 or 16 kHz with another clock", () => {
  for (const [sampleRate, fastPpm] of [
    [44_100, 300],
    [16_000, -300],
  ] as const) {
    test(`${sampleRate} Hz, ${fastPpm} ppm fast: no gap, the buffer near its target, the right pitch`, (t) => {
      const device = blocksOf({ sampleRate, channels: 1 });
      const played = playCourse({
        durationMs: 120_000,
        fastPpm,
        jitterMs: 8,
        stallEveryMs: Number.POSITIVE_INFINITY,
        stallMs: 0,
        seed: 7,
        card: {
          samples: device.frames,
          convert: (fill) => createPlaybackConverter(device, engine, fill).fill,
        },
        sampleAt: toneAt(SAMPLE_RATE),
      });
      // The measures take samples for those of 48 kHz.
      const scale = SAMPLE_RATE / sampleRate;
      const gapMs = longestGapMs(played.samples.subarray(sampleRate), PEAK / 10) * scale;
      const settled = played.fillsMs.slice(60);
      const [low, high] = [Math.min(...settled), Math.max(...settled)];
      const targetMs = (1_000 * TARGET_SAMPLES) / SAMPLE_RATE;
      // The voice is as much higher as the card is slow, and the ring makes up for it.
      const { hz, snrDb } = analyseSine(played.samples.subarray(-sampleRate / 10), TONE_HZ * scale);
      t.diagnostic(`buffer ${low.toFixed(1)} to ${high.toFixed(1)} ms, ${snrDb.toFixed(1)} dB above noise`);
      assert.ok(gapMs < 2, `gap of ${gapMs} ms`);
      assert.ok(low > targetMs - 8 && high < targetMs + 8, `${low} to ${high} ms, target ${targetMs}`);
      assert.ok(Math.abs(hz / scale - TONE_HZ) < 1, `${hz / scale} Hz`);
      assert.ok(snrDb > 45, `${snrDb} dB`);
    });
  }
});
