// Which channel of a microphone is sent. Levels are those of a tone, in a noise that each channel has by itself.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ChannelChoice } from "../../../plugin/sound/device-format/channel-choice.ts";
import { BLOCK_SAMPLES, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { toneLevel } from "../../support/sound/spectrum.ts";

const TONE_HZ = 440;
const FULL_SCALE = 32_767;
/** -60 dB of full scale, as in a quiet room. */
const ROOM = 0.001;
const SECOND = 100;

interface Channel {
  /** Amplitude of the tone, 0 to 1 of full scale; negative with the opposite sign. */
  readonly tone?: number;
  readonly noise?: number;
  readonly offset?: number;
}

/** Plays seconds of sound into a device, and keeps what is sent. */
function device(channels: number) {
  const choice = new ChannelChoice(channels);
  const { below } = seededRandom(3);
  const sent: number[] = [];
  let at = 0;
  const play = (blocks: number, ...inputs: Channel[]) => {
    const interleaved = new Int16Array(BLOCK_SAMPLES * channels);
    const mono = new Int16Array(BLOCK_SAMPLES);
    for (let block = 0; block < blocks; block += 1) {
      for (let frame = 0; frame < BLOCK_SAMPLES; frame += 1, at += 1) {
        const sine = Math.sin((2 * Math.PI * TONE_HZ * at) / SAMPLE_RATE);
        inputs.forEach(({ tone = 0, noise = 0, offset = 0 }, channel) => {
          const random = below(2_001) / 1_000 - 1;
          interleaved[frame * channels + channel] = Math.round(
            FULL_SCALE * (tone * sine + noise * random + offset),
          );
        });
      }
      choice.take(interleaved, mono);
      sent.push(...mono);
    }
  };
  const level = () => toneLevel(Int16Array.from(sent.slice(-SAMPLE_RATE / 2)), SAMPLE_RATE, TONE_HZ);
  return { play, level, choice, sent };
}

function assertLevel(actual: number, expected: number): void {
  const db = 20 * Math.log10(actual / expected);
  assert.ok(Math.abs(db) < 0.2, `${db.toFixed(2)} dB off`);
}

describe("the channel of a microphone that is sent", () => {
  const cases: [string, Channel[]][] = [
    ["both channels", [{ tone: 0.25 }, { tone: 0.25 }]],
    ["the left one, with the right one silent", [{ tone: 0.25 }, {}]],
    ["the right one, with the left one silent", [{}, { tone: 0.25 }]],
    [
      "the right one, with its echo 40 dB lower in the left one",
      [{ tone: 0.0025, noise: 0.0003 }, { tone: 0.25 }],
    ],
    ["both channels with opposite signs", [{ tone: 0.25 }, { tone: -0.25 }]],
    ["the fifth of six", [{}, {}, {}, {}, { tone: 0.25 }, {}]],
    ["the right one, with a constant offset in the left one", [{ offset: 0.2 }, { tone: 0.25 }]],
  ];
  for (const [name, inputs] of cases) {
    test(`has the full level of a voice in ${name}`, () => {
      const { play, level } = device(inputs.length);
      play(2 * SECOND, ...inputs);
      assertLevel(level(), 0.25);
    });
  }

  test("stays the same in pauses of the voice", () => {
    const { play, level, choice } = device(2);
    play(2 * SECOND, { tone: 0.25, noise: ROOM }, { tone: 0.1, noise: 2 * ROOM });
    play(8 * SECOND, { noise: ROOM / 10 }, { noise: 2 * ROOM });
    assert.equal(choice.chosen, 0);
    play(SECOND, { tone: 0.25, noise: ROOM }, { tone: 0.1, noise: ROOM });
    assertLevel(level(), 0.25);
  });

  test("is not a louder one that has the sound of the speakers, as of an array with a reference channel", () => {
    const { play, choice } = device(6);
    play(SECOND, { tone: 0.05, noise: ROOM }, { noise: ROOM }, { noise: ROOM }, {}, {}, { tone: 0.9 });
    assert.equal(choice.chosen, 0);
  });

  test("is not a second one with loud pulses, as of a recorder that marks time", () => {
    const { play, level } = device(2);
    for (let turn = 0; turn < 4; turn += 1) {
      play(SECOND / 2, { tone: 0.1, noise: ROOM }, { offset: 0 });
      play(1, { tone: 0.1, noise: ROOM }, { tone: 1 });
    }
    play(SECOND / 2, { tone: 0.1, noise: ROOM }, {});
    assertLevel(level(), 0.1);
  });

  test("changes without a click when the voice moves, and back", () => {
    const { play, level, sent } = device(2);
    play(2 * SECOND, { noise: ROOM / 100 }, { tone: 0.25 });
    assertLevel(level(), 0.25);
    play(SECOND, { tone: 0.25 }, {});
    assertLevel(level(), 0.25);
    const step = 2 * Math.PI * TONE_HZ * (0.25 / SAMPLE_RATE) * FULL_SCALE;
    const steps = sent.map((sample, at) => Math.abs(sample - (sent[at - 1] ?? sample)));
    const largest = steps.reduce((one, other) => Math.max(one, other), 0);
    assert.ok(largest < 2 * step + 2, `a step of ${largest}, the tone's is ${step}`);
  });

  test("is not the one that clicked when the device was switched on", () => {
    const { play, level } = device(2);
    play(10, { tone: 0.9 }, {});
    play(2 * SECOND, { noise: ROOM / 100 }, { tone: 0.05, noise: ROOM });
    assertLevel(level(), 0.05);
  });
});
