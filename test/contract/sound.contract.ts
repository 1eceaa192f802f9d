// The contract of every Sound. Run on the real one and on the fake.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import type { MicrophoneCallbacks, Sound } from "../../plugin/sound/sound.ts";
import { BLOCK_SAMPLES, NO_PROCESSING, SAMPLE_RATE, SoundError } from "../../plugin/sound/sound.ts";
import { RpcError } from "../../rpc-schema/index.ts";

export interface SoundHarness {
  create(): Sound;
  /** Resolves after the time of `count` blocks for an open microphone of `sound`. */
  passBlocks(sound: Sound, count: number): Promise<void>;
  stop(): Promise<void>;
}

class Recorder implements MicrophoneCallbacks {
  readonly blocks: Int16Array[] = [];
  readonly lost: SoundError[] = [];
  readonly mutedLevels: number[] = [];
  readonly #waiting: { count: number; resolve: () => void }[] = [];

  onBlock(block: Int16Array): void {
    this.blocks.push(block);
    for (const waiting of this.#waiting) if (this.blocks.length >= waiting.count) waiting.resolve();
  }

  onMutedLevel(level: number): void {
    this.mutedLevels.push(level);
  }

  onLost(error: SoundError): void {
    this.lost.push(error);
  }

  reached(count: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push({ count, resolve });
    if (this.blocks.length >= count) resolve();
    return promise;
  }
}

/** Lets time pass until the recorder has `count` blocks. */
async function record(harness: SoundHarness, sound: Sound, recorder: Recorder, count: number): Promise<void> {
  const reached = recorder.reached(count);
  await harness.passBlocks(sound, count);
  await reached;
}

export function describeSound(name: string, start: () => Promise<SoundHarness>): void {
  describe(`${name}: the contract of Sound`, { timeout: 60_000 }, () => {
    let harness: SoundHarness;
    let sound: Sound;
    before(async () => {
      harness = await start();
    });
    after(() => harness.stop());
    beforeEach(() => {
      sound = harness.create();
    });
    afterEach(() => sound.close());

    test("lists every id once, with one default of each kind and the built-in devices last", async () => {
      const { microphones, speakers } = await sound.list();
      assert.deepEqual(
        microphones.slice(-2).map(({ id }) => id),
        ["tone", "none"],
      );
      assert.equal(speakers.at(-1)?.id, "none");
      for (const devices of [microphones, speakers]) {
        assert.equal(new Set(devices.map(({ id }) => id)).size, devices.length);
        assert.equal(devices.filter(({ isDefault }) => isDefault).length, 1);
        assert.ok(devices.every((device) => device.name.length > 0));
      }
    });

    test("opens the default device for auto and for its id", async () => {
      const { microphones, speakers } = await sound.list();
      const defaultId = (devices: typeof microphones) => devices.find(({ isDefault }) => isDefault)?.id ?? "";
      for (const choice of ["auto", defaultId(microphones)]) {
        const microphone = await sound.openMicrophone(
          choice,
          { toneHz: 440, processing: NO_PROCESSING },
          new Recorder(),
        );
        assert.equal(microphone.deviceId, defaultId(microphones));
        assert.ok(microphone.deviceName.length > 0);
        await microphone.close();
      }
      for (const choice of ["auto", defaultId(speakers)]) {
        const speaker = await sound.openSpeaker(choice, assert.fail);
        assert.equal(speaker.deviceId, defaultId(speakers));
        await speaker.close();
      }
    });

    test("lists how an open device was opened, until it is closed", async () => {
      const options = { toneHz: 440, processing: NO_PROCESSING };
      const microphone = await sound.openMicrophone("auto", options, new Recorder());
      const speaker = await sound.openSpeaker("auto", assert.fail);
      const openedIn = async () => {
        const { microphones, speakers } = await sound.list();
        const of = (devices: typeof microphones, deviceId: string) =>
          devices.find(({ id }) => id === deviceId)?.opened ?? null;
        return [of(microphones, microphone.deviceId), of(speakers, speaker.deviceId)];
      };
      assert.deepEqual(await openedIn(), [microphone.opened, speaker.opened]);
      for (const { opened } of [microphone, speaker]) {
        if (opened !== null) assert.ok(opened.channels >= 1 && opened.sampleRate >= 8_000);
      }
      await microphone.close();
      await speaker.close();
      assert.deepEqual(await openedIn(), [null, null]);
    });

    test("delivers blocks of 480 samples, each with a buffer of its own", async () => {
      const recorder = new Recorder();
      const microphone = await sound.openMicrophone(
        "auto",
        { toneHz: 440, processing: NO_PROCESSING },
        recorder,
      );
      await record(harness, sound, recorder, 10);
      assert.ok(recorder.blocks.every(({ length }) => length === BLOCK_SAMPLES));
      assert.ok(recorder.blocks.every(({ buffer }) => buffer.byteLength === BLOCK_SAMPLES * 2));
      assert.equal(new Set(recorder.blocks.map(({ buffer }) => buffer)).size, recorder.blocks.length);
      await microphone.close();
    });

    test("delivers nothing but levels while muted, and continues when unmuted", async () => {
      const recorder = new Recorder();
      const microphone = await sound.openMicrophone(
        "auto",
        { toneHz: 440, processing: NO_PROCESSING },
        recorder,
      );
      await record(harness, sound, recorder, 3);
      microphone.setMuted(true);
      const before = recorder.blocks.length;
      await harness.passBlocks(sound, 20);
      assert.equal(recorder.blocks.length, before);
      while (recorder.mutedLevels.length === 0) await harness.passBlocks(sound, 5);
      assert.ok(recorder.mutedLevels.every((level) => level >= 0 && level <= 1));
      microphone.setMuted(false);
      recorder.mutedLevels.length = 0;
      await record(harness, sound, recorder, before + 3);
      assert.deepEqual(recorder.mutedLevels, []);
      await microphone.close();
    });

    test("delivers nothing after close, which is idempotent", async () => {
      const recorder = new Recorder();
      const microphone = await sound.openMicrophone(
        "auto",
        { toneHz: 440, processing: NO_PROCESSING },
        recorder,
      );
      await record(harness, sound, recorder, 2);
      await Promise.all([microphone.close(), microphone.close()]);
      const before = recorder.blocks.length;
      await harness.passBlocks(sound, 10);
      assert.equal(recorder.blocks.length, before);
      assert.deepEqual(recorder.lost, []);
    });

    test("delivers no sound from the microphone `none`, and accepts sound for the speaker `none`", async () => {
      const recorder = new Recorder();
      const microphone = await sound.openMicrophone(
        "none",
        { toneHz: 440, processing: NO_PROCESSING },
        recorder,
      );
      const speaker = await sound.openSpeaker("none", assert.fail);
      assert.deepEqual([microphone.deviceId, speaker.deviceId], ["none", "none"]);
      speaker.play(new Int16Array(BLOCK_SAMPLES), SAMPLE_RATE);
      await harness.passBlocks(sound, 10);
      assert.deepEqual(recorder.blocks, []);
      await microphone.close();
      await speaker.close();
    });

    test("accepts blocks of both sample rates at a speaker, also after its close", async () => {
      const speaker = await sound.openSpeaker("auto", assert.fail);
      speaker.play(new Int16Array(160), 16_000);
      speaker.play(new Int16Array(BLOCK_SAMPLES), SAMPLE_RATE);
      await Promise.all([speaker.close(), speaker.close()]);
      speaker.play(new Int16Array(BLOCK_SAMPLES), SAMPLE_RATE);
    });

    test("opens a speaker for ringing beside that of a call, and again after its close", async () => {
      const speaker = await sound.openSpeaker("auto", assert.fail);
      for (let round = 0; round < 2; round += 1) {
        const ringer = await sound.openRinger("auto", assert.fail);
        assert.equal(ringer.deviceId, speaker.deviceId);
        ringer.play(new Int16Array(BLOCK_SAMPLES), SAMPLE_RATE);
        await Promise.all([ringer.close(), ringer.close()]);
        ringer.play(new Int16Array(BLOCK_SAMPLES), SAMPLE_RATE);
      }
      await speaker.close();
      assert.equal((await sound.openRinger("none", assert.fail)).deviceId, "none");
      await assert.rejects(sound.openRinger("ALSA:nothing", assert.fail), RpcError);
    });

    for (const direction of ["microphone", "speaker"] as const) {
      const open = (choice: string) =>
        direction === "microphone"
          ? sound.openMicrophone(choice, { toneHz: 440, processing: NO_PROCESSING }, new Recorder())
          : sound.openSpeaker(choice, assert.fail);

      test(`refuses an unknown ${direction} and names the available ones`, async () => {
        await assert.rejects(open("ALSA:nothing"), (error) => {
          assert.ok(error instanceof RpcError);
          assert.equal(error.kind, "unknownDevice");
          const issue = error.issues?.[0];
          assert.equal(issue?.field, direction);
          assert.equal(issue?.value, '"ALSA:nothing"');
          assert.match(issue?.expected ?? "", /auto, .*none/);
          return true;
        });
      });

      test(`refuses a second ${direction} until the first is closed`, async () => {
        const first = await open("auto");
        await assert.rejects(open("auto"), SoundError);
        await first.close();
        await (await open("auto")).close();
      });
    }

    test("closes every open device, and then refuses everything", async () => {
      const recorder = new Recorder();
      await sound.openMicrophone("auto", { toneHz: 440, processing: NO_PROCESSING }, recorder);
      await sound.openSpeaker("auto", assert.fail);
      await sound.close();
      await sound.close();
      await assert.rejects(sound.list(), SoundError);
      await assert.rejects(
        sound.openMicrophone("auto", { toneHz: 440, processing: NO_PROCESSING }, recorder),
        SoundError,
      );
      await assert.rejects(
        sound.openMicrophone("tone", { toneHz: 440, processing: NO_PROCESSING }, recorder),
        SoundError,
      );
      await assert.rejects(sound.openSpeaker("none", assert.fail), SoundError);
      assert.deepEqual(recorder.lost, []);
    });
  });
}
