// Echo cancellation through a real PulseAudio and the real sound process: the microphone captures the speaker's sound with
// a delay. test/unit/native/voice.test.ts measures the quality without devices.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { createSound } from "../../../plugin/sound/create-sound.ts";
import { BLOCK_SAMPLES, NO_PROCESSING, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { paceBlocks } from "../../../plugin/sound/tone.ts";
import { HANG_LIMIT_MS } from "../../support/process/hang-limit.ts";
import { startPulse } from "../../support/sound/pulse.ts";
import { blockCollector, ignoreLog } from "../../support/sound/sound-helpers.ts";
import { speech } from "../../support/sound/speech.ts";
import { ECHO_ONLY } from "../../support/sound/voice-scenes.ts";

const PERIOD_SECONDS = 2;
const PERIOD_BLOCKS = (PERIOD_SECONDS * SAMPLE_RATE) / BLOCK_SAMPLES;
/** -50 dB of full scale: above silence. */
const AUDIBLE = 1e-5 * 32_768 ** 2;

/** Mean power of the last period, in units of samples squared; 0 before there is one. */
function lastPower(blocks: readonly Int16Array[]): number {
  if (blocks.length < PERIOD_BLOCKS) return 0;
  const samples = blocks.slice(-PERIOD_BLOCKS).flatMap((block) => [...block]);
  return samples.reduce((sum, sample) => sum + sample ** 2, 0) / samples.length;
}

describe("echo through PulseAudio", { timeout: 120_000 }, () => {
  test("the speaker's sound is removed from the microphone's while echo cancellation is on, and only then", async () => {
    const pulse = await startPulse();
    const sound = createSound({ log: ignoreLog, env: pulse.env });
    let stop: () => void = ignoreLog;
    try {
      const loop = "module-loopback source=speaker.monitor sink=micfeed latency_msec=60".split(" ");
      await promisify(execFile)("pactl", ["load-module", ...loop], {
        env: pulse.env,
        timeout: HANG_LIMIT_MS,
      });
      const collector = blockCollector();
      const options = { toneHz: 440, processing: NO_PROCESSING };
      const microphone = await sound.openMicrophone("auto", options, collector);
      const speaker = await sound.openSpeaker("auto", assert.fail);
      const far = Int16Array.from(speech("far", PERIOD_SECONDS, -20), (sample) => sample * 32_767);
      let at = 0;
      stop = paceBlocks(() => {
        speaker.play(far.slice(at, at + BLOCK_SAMPLES), SAMPLE_RATE);
        at = (at + BLOCK_SAMPLES) % far.length;
      });
      await collector.until((blocks) => blocks.length % 20 === 0 && lastPower(blocks) > AUDIBLE);
      const echo = lastPower(collector.blocks);
      microphone.setProcessing(ECHO_ONLY);
      // Only 10 dB: the servers' clocks and a busy machine shift the delay, which has to be learned again each time.
      await collector.until((blocks) => blocks.length % 20 === 0 && lastPower(blocks) < echo / 10);
      microphone.setProcessing(NO_PROCESSING);
      // Present again without cancellation.
      await collector.until((blocks) => blocks.length % 20 === 0 && lastPower(blocks) > echo / 2);
    } finally {
      stop();
      await sound.close();
      await pulse.stop();
    }
  });
});
