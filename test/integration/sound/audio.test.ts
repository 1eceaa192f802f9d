// Real sound through a real PulseAudio: pitch, level, mute, and missing devices.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createSound } from "../../../plugin/sound/create-sound.ts";
import { peakLevel } from "../../../plugin/sound/level.ts";
import { SoundChild } from "../../../plugin/sound/process/sound-child.ts";
import { BLOCK_SAMPLES, NO_PROCESSING, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { paceBlocks } from "../../../plugin/sound/tone.ts";
import type { Pulse } from "../../support/sound/pulse.ts";
import { PULSE_RATE, startPulse } from "../../support/sound/pulse.ts";
import { blockCollector, eventually, ignoreLog, joined } from "../../support/sound/sound-helpers.ts";
import { dominantFrequency, sine, toneLevel } from "../../support/sound/spectrum.ts";

function near(actual: number, expected: number, tolerance: number): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}

/**
 * Pitch and level in the tenth of a second with the strongest tone. A busy machine loses blocks, which only weakens the
 * tone.
 */
function strongestTone(samples: Int16Array): { hz: number; level: number } {
  const length = 10 * BLOCK_SAMPLES;
  let best = { hz: 0, level: 0 };
  for (let at = 0; at + length <= samples.length; at += length) {
    const part = samples.subarray(at, at + length);
    if (peakLevel(part) < 0.1) continue;
    const hz = dominantFrequency(part, SAMPLE_RATE);
    const level = toneLevel(part, SAMPLE_RATE, hz);
    if (level > best.level) best = { hz, level };
  }
  return best;
}

describe("sound through PulseAudio", { timeout: 60_000 }, () => {
  let pulse: Pulse;
  before(async () => {
    pulse = await startPulse();
  });
  after(() => pulse.stop());

  for (const rate of [SAMPLE_RATE, 16_000]) {
    test(`a tone played at ${rate} Hz keeps its pitch and level`, async () => {
      const sound = createSound({ log: ignoreLog, env: pulse.env });
      const source = sine(600, 10, rate);
      let stop: () => void = ignoreLog;
      try {
        const speaker = await sound.openSpeaker("auto", assert.fail);
        stop = paceBlocks(() => speaker.play(source, rate));
        const measured = strongestTone(await pulse.record(1_500));
        near(measured.hz, 600, 2);
        near(measured.level, 0.25, 0.02);
      } finally {
        stop();
        await sound.close();
      }
    });
  }

  test("a tone at the microphone arrives with its pitch and level, in exact blocks", async () => {
    const sound = createSound({ log: ignoreLog, env: pulse.env });
    const quiet = pulse.play(sine(1_000, 1_000, PULSE_RATE));
    try {
      const collector = blockCollector();
      const microphone = await sound.openMicrophone(
        "auto",
        { toneHz: 440, processing: NO_PROCESSING },
        collector,
      );
      await collector.until((blocks) => blocks.filter((block) => peakLevel(block) > 0.2).length >= 100);
      await microphone.close();
      assert.ok(collector.blocks.every(({ buffer }) => buffer.byteLength === BLOCK_SAMPLES * 2));
      const measured = strongestTone(joined(collector.blocks));
      near(measured.hz, 1_000, 2);
      near(measured.level, 0.25, 0.02);
    } finally {
      await quiet();
      await sound.close();
    }
  });

  test("the tone needs no sound process and has its pitch", async () => {
    const sound = createSound({ log: ignoreLog, env: { PATH: "" } });
    const collector = blockCollector();
    const microphone = await sound.openMicrophone(
      "tone",
      { toneHz: 523.25, processing: NO_PROCESSING },
      collector,
    );
    await collector.until((blocks) => blocks.length >= 30);
    await microphone.close();
    await sound.close();
    near(dominantFrequency(joined(collector.blocks), SAMPLE_RATE), 523.25, 0.2);
  });

  test("while muted no block leaves the sound process itself", async () => {
    const collector = blockCollector();
    const child = new SoundChild(
      { log: ignoreLog, env: pulse.env },
      {
        onBlock: collector.onBlock,
        onHeartbeat: ({ captured, mutedLevel }) => {
          counts.push(captured);
          mutedLevels.push(mutedLevel);
        },
        onExit: ignoreLog,
      },
    );
    const counts: (number | null)[] = [];
    const mutedLevels: (number | null)[] = [];
    const quiet = pulse.play(sine(1_000, 1_000, PULSE_RATE));
    try {
      await child.open("microphone", "auto");
      await collector.until((blocks) => blocks.length > 5);
      assert.ok(mutedLevels.every((level) => level === null));
      child.setMuted(true);
      // The reply follows the mute command, so no block may arrive from here on.
      await child.list();
      await new Promise(setImmediate);
      const before = collector.blocks.length;
      const captured = counts.at(-1) ?? 0;
      await eventually(() => (counts.at(-1) ?? 0) > captured + 20, "the muted device goes on capturing");
      assert.equal(collector.blocks.length, before);
      await eventually(() => (mutedLevels.at(-1) ?? 0) > 0.1, "the level of the tone is reported");
      child.setMuted(false);
      await collector.until((blocks) => blocks.length > before);
    } finally {
      await quiet();
      await child.kill();
    }
  });
});

describe("sound without a device", { timeout: 30_000 }, () => {
  /** With a dead server there is no device. Without any PCM PortAudio aborts its process. */
  for (const [name, pcm] of [
    ["whose audio server is not there", "pcm.default { type pulse }\n"],
    ["where ALSA knows nothing at all", "# nothing\n"],
  ] as const) {
    test(`auto finds no microphone and a silent speaker on a machine ${name}, and the lists show none`, async () => {
      const directory = await mkdtemp(join(tmpdir(), "goop-no-sound-"));
      const config = join(directory, "asound.conf");
      await writeFile(config, pcm);
      const env = { ...process.env, ALSA_CONFIG_PATH: config, PULSE_SERVER: `unix:${directory}/none` };
      const sound = createSound({ log: ignoreLog, env });
      try {
        const { microphones, speakers } = await sound.list();
        assert.deepEqual(
          [...microphones, ...speakers].map(({ id, isDefault }) => [id, isDefault]),
          [
            ["tone", false],
            ["none", false],
            ["none", true],
          ],
        );
        const collector = blockCollector();
        const options = { toneHz: 440, processing: NO_PROCESSING };
        await assert.rejects(sound.openMicrophone("auto", options, collector), {
          name: "SoundError",
          message: "there is no microphone",
        });
        const speaker = await sound.openSpeaker("auto", assert.fail);
        assert.equal(speaker.deviceId, "none");
      } finally {
        await sound.close();
        await rm(directory, { recursive: true });
      }
    });
  }
});
