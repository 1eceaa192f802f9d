// ALSA's `null` as the system's default, as some containers have it: it takes and gives samples as fast as the processor can
// ask, and what it gives is memory that nobody wrote.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createSound } from "../../../plugin/sound/create-sound.ts";
import { NO_PROCESSING } from "../../../plugin/sound/sound.ts";
import { ignoreLog, soundProcessesOf } from "../../support/sound/sound-helpers.ts";

describe("sound on a machine whose default device is ALSA's null", { timeout: 60_000 }, () => {
  let directory: string;
  let env: NodeJS.ProcessEnv;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "goop-null-"));
    const config = join(directory, "asound.conf");
    await writeFile(config, "pcm.default { type null }\n");
    env = { ...process.env, ALSA_CONFIG_PATH: config, PULSE_SERVER: `unix:${directory}/none` };
  });
  after(() => rm(directory, { recursive: true }));

  for (const choice of ["auto", "ALSA:default"]) {
    test(`refuses it by name for ${choice}, and no sample of it leaves its process`, async () => {
      const sound = createSound({ log: ignoreLog, env });
      try {
        const open = sound.openMicrophone(
          choice,
          { toneHz: 440, processing: NO_PROCESSING },
          { onBlock: () => assert.fail("a block left the sound process"), onLost: assert.fail },
        );
        await assert.rejects(open, {
          name: "SoundError",
          message: /System default gives sound \d+ times too fast, so it is no real device/,
        });
        await assert.rejects(sound.openSpeaker(choice, assert.fail), /System default takes sound \d+ times/);
        assert.deepEqual(soundProcessesOf(process.pid), []);
      } finally {
        await sound.close();
      }
    });
  }
});
