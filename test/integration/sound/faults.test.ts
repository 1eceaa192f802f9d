// Sound after the death of the audio server, the sound process, or the plugin.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { createSound } from "../../../plugin/sound/create-sound.ts";
import type { Sound } from "../../../plugin/sound/sound.ts";
import { BLOCK_SAMPLES, NO_PROCESSING, SAMPLE_RATE, SoundError } from "../../../plugin/sound/sound.ts";
import { soundServerSocket } from "../../../plugin/sound/supervision/server-monitor.ts";
import { paceBlocks } from "../../../plugin/sound/tone.ts";
import type { Pulse } from "../../support/sound/pulse.ts";
import { startPulse } from "../../support/sound/pulse.ts";
import {
  blockCollector,
  eventually,
  ignoreLog,
  isRunning,
  soundProcessesOf,
} from "../../support/sound/sound-helpers.ts";

/** Short enough for a test, and long enough that a busy machine is not a fault. */
const stallLimits = { heartbeatMs: 1_500, captureMs: 1_500, playbackMs: 1_500 };

function children(): number[] {
  return soundProcessesOf(process.pid);
}

/** The error passed to `onLost`. */
function lostOnce(): { onLost(error: SoundError): void; lost: Promise<SoundError> } {
  const { promise, resolve } = Promise.withResolvers<SoundError>();
  return { onLost: resolve, lost: promise };
}

/** The callbacks of an owner, and a record of their calls. */
function interruption() {
  const interrupted = Promise.withResolvers<SoundError>();
  const resumed = Promise.withResolvers<void>();
  return {
    callbacks: { onInterrupted: interrupted.resolve, onResumed: resumed.resolve },
    interrupted: interrupted.promise,
    resumed: resumed.promise,
  };
}

function suspend(pid: number | undefined): void {
  assert.ok(pid);
  process.kill(pid, "SIGSTOP");
}

describe("sound whose sound process fails", { timeout: 120_000 }, () => {
  let pulse: Pulse;
  let sound: Sound;
  const warnings: string[] = [];
  before(async () => {
    pulse = await startPulse();
  });
  after(() => pulse.stop());
  beforeEach(() => {
    warnings.length = 0;
    sound = createSound({
      log: (level, message) => level === "warn" && warnings.push(message),
      env: pulse.env,
      stallLimits,
      retryWaitsMs: [10, 100, 500],
    });
  });
  afterEach(async () => {
    await sound.close();
    assert.deepEqual(children(), []);
  });

  test("reopens the microphone in a new process when the old one was killed, and leaves the speaker alone", async () => {
    const collector = blockCollector();
    const microphone = await sound.openMicrophone(
      "auto",
      { toneHz: 440, processing: NO_PROCESSING },
      collector,
    );
    const [microphones] = children();
    const speaker = await sound.openSpeaker("auto", assert.fail);
    const [speakers] = children().filter((pid) => pid !== microphones);
    assert.ok(microphones && speakers);
    process.kill(microphones, "SIGKILL");
    await eventually(() => !children().includes(microphones) && children().length === 2, "another process");
    assert.ok(children().includes(speakers));
    const before = collector.blocks.length;
    await collector.until((blocks) => blocks.length > before + 10);
    assert.equal(children().length, 2);
    assert.match(warnings.join(), /ended by itself/);
    await microphone.close();
    await speaker.close();
  });

  test("replaces a process that hangs", async () => {
    const collector = blockCollector();
    await sound.openMicrophone("auto", { toneHz: 440, processing: NO_PROCESSING }, collector);
    const [pid] = children();
    suspend(pid);
    await eventually(
      () => children().length === 1 && children()[0] !== pid,
      "the hanging process is replaced",
    );
    const before = collector.blocks.length;
    await collector.until((blocks) => blocks.length > before + 10);
    assert.match(warnings.join(), /did not answer for \d+ ms/);
  });

  test("stays muted when its process was replaced", async () => {
    const collector = blockCollector();
    const microphone = await sound.openMicrophone(
      "auto",
      { toneHz: 440, processing: NO_PROCESSING },
      collector,
    );
    await collector.until((blocks) => blocks.length > 0);
    microphone.setMuted(true);
    const before = collector.blocks.length;
    const [pid] = children();
    process.kill(pid ?? 0, "SIGKILL");
    await eventually(() => children().length === 1 && children()[0] !== pid, "another sound process");
    // It takes as long as reopening the microphone, which is in progress.
    await sound.openSpeaker("auto", assert.fail);
    assert.equal(collector.blocks.length, before);
    microphone.setMuted(false);
    await collector.until((blocks) => blocks.length > before);
  });

  test("closes within its time when the process hangs", async () => {
    const microphone = await sound.openMicrophone(
      "auto",
      { toneHz: 440, processing: NO_PROCESSING },
      blockCollector(),
    );
    suspend(children()[0]);
    await microphone.close();
    assert.deepEqual(children(), []);
  });

  test("leaves no process, descriptor or timer behind after twenty openings", async () => {
    const cycle = async () => {
      const microphone = await sound.openMicrophone(
        "auto",
        { toneHz: 440, processing: NO_PROCESSING },
        blockCollector(),
      );
      const speaker = await sound.openSpeaker("auto", assert.fail);
      await Promise.all([microphone.close(), speaker.close()]);
      assert.deepEqual(children(), []);
    };
    await cycle();
    const descriptors = () => readdirSync("/proc/self/fd").length;
    const resources = () => process.getActiveResourcesInfo().length;
    // The test runner changes these counts by a few. A leak adds twenty.
    const most = { descriptors: descriptors() + 10, resources: resources() + 10 };
    for (let turn = 0; turn < 20; turn += 1) await cycle();
    await eventually(() => descriptors() < most.descriptors, "descriptors are closed");
    await eventually(() => resources() < most.resources, "timers and pipes are closed");
  });
});

describe("sound whose audio server dies", { timeout: 60_000 }, () => {
  test("reports the interruption with a reason, keeps trying, and resumes both devices when the server is back", async () => {
    const pulse = await startPulse();
    const sound = createSound({ log: ignoreLog, env: pulse.env, stallLimits, retryWaitsMs: [10, 100] });
    const ofMicrophone = interruption();
    const ofSpeaker = interruption();
    let stop: () => void = ignoreLog;
    try {
      const collector = blockCollector();
      await sound.openMicrophone(
        "auto",
        { toneHz: 440, processing: NO_PROCESSING },
        { ...collector, ...ofMicrophone.callbacks },
      );
      const speaker = await sound.openSpeaker("auto", assert.fail, ofSpeaker.callbacks);
      stop = paceBlocks(() => speaker.play(new Int16Array(BLOCK_SAMPLES).fill(1_000), SAMPLE_RATE));
      await collector.until((blocks) => blocks.length > 10);
      await pulse.kill();
      for (const error of await Promise.all([ofMicrophone.interrupted, ofSpeaker.interrupted])) {
        assert.ok(error instanceof SoundError);
        assert.match(error.message, /gone/);
      }
      await pulse.restart();
      await Promise.all([ofMicrophone.resumed, ofSpeaker.resumed]);
      const before = collector.blocks.length;
      await collector.until((blocks) => blocks.length > before + 10);
    } finally {
      stop();
      await sound.close();
      await pulse.stop();
    }
    assert.deepEqual(children(), []);
  });

  test("closes at once while it waits for the server", async () => {
    const pulse = await startPulse();
    const sound = createSound({ log: ignoreLog, env: pulse.env, stallLimits, retryWaitsMs: [] });
    const { callbacks, interrupted } = interruption();
    try {
      const speaker = await sound.openSpeaker("auto", assert.fail, callbacks);
      await pulse.kill();
      await interrupted;
      await speaker.close();
      assert.deepEqual(children(), []);
    } finally {
      await sound.close();
      await pulse.stop();
    }
  });

  test("gives a missing device up when other devices exist", async () => {
    const pulse = await startPulse();
    const config = pulse.env.ALSA_CONFIG_PATH ?? assert.fail();
    const rest = await readFile(config, "utf8");
    await writeFile(config, `${rest}pcm.headset { type pulse hint { show on description "Headset" } }\n`);
    const sound = createSound({ log: ignoreLog, env: pulse.env, stallLimits, retryWaitsMs: [10, 100] });
    const { onLost, lost } = lostOnce();
    try {
      await sound.openSpeaker("ALSA:headset", onLost);
      await writeFile(config, rest);
      process.kill(children()[0] ?? assert.fail(), "SIGKILL");
      assert.match((await lost).message, /did not come back in 2 tries: the speaker headset is gone/);
    } finally {
      await sound.close();
      await pulse.stop();
    }
  });

  test("reports that the devices went away with their server and came back", async () => {
    const pulse = await startPulse();
    const sound = createSound({ log: ignoreLog, env: pulse.env });
    const lists: string[][] = [];
    try {
      const stop = sound.watch(({ speakers }) => lists.push(speakers.map(({ id }) => id)));
      assert.ok((await sound.list()).speakers.length > 1);
      await pulse.kill();
      await rm(soundServerSocket(pulse.env) ?? assert.fail());
      await eventually(() => lists.length === 1, "the list without devices");
      await pulse.restart();
      await eventually(() => lists.length === 2, "the list with devices");
      assert.deepEqual([lists[0], lists[1]?.includes("ALSA:default")], [["none"], true]);
      stop();
    } finally {
      await sound.close();
      await pulse.stop();
    }
  });

  test("closes at once during playback into a dead server", async () => {
    const pulse = await startPulse();
    const sound = createSound({ log: ignoreLog, env: pulse.env });
    try {
      await sound.openSpeaker("auto", assert.fail);
      await pulse.kill();
      await sound.close();
      assert.deepEqual(children(), []);
    } finally {
      await sound.close();
      await pulse.stop();
    }
  });
});

describe("sound whose plugin is killed", { timeout: 60_000 }, () => {
  let pulse: Pulse;
  before(async () => {
    pulse = await startPulse();
  });
  after(() => pulse.stop());

  for (const [name, isStuck] of [
    ["", false],
    [" although its audio server has died", true],
  ] as const) {
    test(`ends its sound process${name}`, async () => {
      const program = `
        import { createSound } from ${JSON.stringify(new URL("../../../plugin/sound/create-sound.ts", import.meta.url))};
        const sound = createSound({ log() {} });
        const options = { toneHz: 440, processing: ${JSON.stringify(NO_PROCESSING)} };
        await sound.openMicrophone("auto", options, { onBlock() {}, onLost() {} });
        await sound.openSpeaker("auto", () => {});
        console.log("open");`;
      const plugin = spawn(process.execPath, ["--input-type=module", "-e", program], {
        env: pulse.env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      try {
        const exited = once(plugin, "exit");
        // Only the program's own line may be on its fd 1.
        const [line] = await once(createInterface(plugin.stdout), "line");
        assert.equal(line, "open");
        const [pid] = soundProcessesOf(plugin.pid ?? 0);
        assert.ok(pid);
        if (isStuck) await pulse.kill();
        plugin.kill("SIGKILL");
        await exited;
        await eventually(() => !isRunning(pid), "the sound process has gone");
      } finally {
        plugin.kill("SIGKILL");
      }
    });
  }
});
