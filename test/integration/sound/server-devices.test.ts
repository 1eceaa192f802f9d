// The devices of real sound servers by name, on PulseAudio and on PipeWire with WirePlumber: listed, chosen, unplugged, muted,
// and never a monitor by accident.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { createSound } from "../../../plugin/sound/create-sound.ts";
import { peakLevel } from "../../../plugin/sound/level.ts";
import type { DeviceStatus, Sound, SoundError } from "../../../plugin/sound/sound.ts";
import { NO_PROCESSING, SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { paceBlocks } from "../../../plugin/sound/tone.ts";
import {
  addMicrophone,
  addSpeaker,
  type RealServer,
  SERVER_KINDS,
  SERVER_RATE,
  startServer,
} from "../../support/sound/real-server.ts";
import {
  blockCollector,
  eventually,
  ignoreLog,
  joined,
  soundProcessesOf,
} from "../../support/sound/sound-helpers.ts";
import { sine, toneLevel } from "../../support/sound/spectrum.ts";

const OPTIONS = { toneHz: 440, processing: NO_PROCESSING };
/** -90 dB of full scale: the smallest step of 16 bits. */
const SILENCE = 1 / 32_768;
const TONE_HZ = 600;
const MOVE_ATTEMPTS = 12;
const MOVE_SEEN_MS = 4_000;

/** The callbacks of a device, and a record of their calls. */
function recorder() {
  const statuses: DeviceStatus[] = [];
  const events: string[] = [];
  return {
    statuses,
    events,
    callbacks: {
      onLost: (error: SoundError) => void events.push(`lost: ${error.message}`),
      onInterrupted: (error: SoundError) => void events.push(`interrupted: ${error.message}`),
      onResumed: () => void events.push("resumed"),
      onStatus: (status: DeviceStatus) => void statuses.push(status),
    },
    notice: () => statuses.at(-1)?.notice,
  };
}

/** The tone's level in the tenth of a second where it is strongest: a busy machine leaves gaps. */
function levelOf(samples: Int16Array, hz = TONE_HZ): number {
  const length = SERVER_RATE / 10;
  let strongest = 0;
  for (let at = 0; at + length <= samples.length; at += length) {
    strongest = Math.max(strongest, toneLevel(samples.subarray(at, at + length), SERVER_RATE, hz));
  }
  return strongest;
}

/**
 * Moves the plugin's recording in the volume control until `isDone`. On a busy machine WirePlumber drops a move that comes
 * while it still links the stream: the server then lists the stream where it was, and a user would drag it once more.
 */
async function moveRecording(server: RealServer, source: string, isDone: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < MOVE_ATTEMPTS && !isDone(); attempt += 1) {
    const text = await server.pactl("list", "source-outputs");
    const own = text.split("Source Output #").find((part) => part.includes("Goop² call"));
    if (own !== undefined) {
      await server.pactl("move-source-output", String(Number.parseInt(own, 10)), source);
    }
    await eventually(isDone, `the move to ${source}`, undefined, MOVE_SEEN_MS).catch(ignoreLog);
  }
  assert.ok(isDone(), `the recording did not move to ${source}`);
}

for (const kind of SERVER_KINDS) {
  describe(`the devices of ${kind}`, { timeout: 240_000 }, () => {
    let server: RealServer;
    let sound: Sound;
    before(async () => {
      server = await startServer(kind);
      await addSpeaker(server, "builtin", "Built-in Audio");
      await addSpeaker(server, "usb-1", "USB Headset");
      await addSpeaker(server, "usb-2", "USB Headset");
      await addMicrophone(server, "builtin-mic", "Built-in Audio");
      await addMicrophone(server, "usb-1-mic", "USB Headset");
      await addMicrophone(server, "usb-2-mic", "USB Headset");
    });
    after(() => server.stop());
    beforeEach(async () => {
      await server.pactl("set-default-sink", "builtin");
      await server.pactl("set-default-source", "builtin-mic");
      sound = createSound({ log: ignoreLog, env: server.env, engine: loadNative() });
    });
    afterEach(() => sound.close());

    /** Plays a tone to the speaker until the returned function is called. */
    async function playTo(choice: string, record = recorder()): Promise<() => Promise<void>> {
      const speaker = await sound.openSpeaker(choice, record.callbacks.onLost, record.callbacks);
      const block = sine(TONE_HZ, 10, SAMPLE_RATE);
      const stop = paceBlocks(() => speaker.play(block, SAMPLE_RATE));
      return async () => {
        stop();
        await speaker.close();
      };
    }

    test("are listed by the names that the desktop shows, with a number where a name repeats", async () => {
      const { microphones, speakers } = await sound.list();
      const real = (devices: typeof speakers, of: string) =>
        devices
          .filter((device) => device.kind === of && !device.name.startsWith("Feed"))
          .map(({ id, name, isDefault }) => [id, name, isDefault]);
      assert.deepEqual(real(speakers, "speaker"), [
        ["pulse:builtin", "Built-in Audio", true],
        ["pulse:usb-1", "USB Headset", false],
        ["pulse:usb-2", "USB Headset #2", false],
      ]);
      assert.deepEqual(real(microphones, "microphone"), [
        ["pulse:builtin-mic", "Built-in Audio", true],
        ["pulse:usb-1-mic", "USB Headset", false],
        ["pulse:usb-2-mic", "USB Headset #2", false],
      ]);
      const monitors = microphones.filter((device) => device.kind === "monitor");
      assert.ok(monitors.some(({ id }) => id === "pulse:usb-2.monitor"));
      assert.ok(monitors.every(({ isDefault }) => !isDefault));
    });

    test("play and capture where the user chose, under this program's name and as a call", async () => {
      const stopFeed = server.play(sine(900, 1_000, SERVER_RATE), "usb-2-mic.feed");
      const collector = blockCollector();
      const stop = await playTo("pulse:usb-2");
      try {
        const microphone = await sound.openMicrophone("pulse:usb-2-mic", OPTIONS, collector);
        await collector.until((blocks) => levelOf(joined(blocks.slice(-50)), 900) > 0.1);
        const [chosen, other, builtin] = await Promise.all(
          ["usb-2", "usb-1", "builtin"].map((sink) => server.record(sink, 700)),
        );
        assert.ok(levelOf(chosen ?? assert.fail()) > 0.1);
        assert.ok(
          peakLevel(other ?? assert.fail()) <= SILENCE && peakLevel(builtin ?? assert.fail()) <= SILENCE,
        );
        for (const streams of ["sink-inputs", "source-outputs"]) {
          const text = await server.pactl("list", streams);
          assert.match(text, /application\.name = "Goop² call"/);
          assert.match(text, /application\.icon_name = "call-start"/);
          assert.match(text, /media\.role = "phone"/);
          assert.match(text, /application\.process\.binary = "goop-call-plugin"/);
        }
        await microphone.close();
      } finally {
        await stop();
        await stopFeed();
      }
    });

    for (const [former, id] of [
      ["ALSA:default", "pulse:builtin"],
      ["ALSA:pulse", "pulse:builtin"],
      ["USB Headset #2", "pulse:usb-2"],
    ] as const) {
      test(`are found by what settings of earlier versions hold: ${former}`, async () => {
        const speaker = await sound.openSpeaker(former, assert.fail);
        assert.equal(speaker.deviceId, id);
        await speaker.close();
      });
    }

    test("are lost at once when they are unplugged, and listed again when they are back", async () => {
      const unplug = await addMicrophone(server, "third-mic", "Third");
      const lists: string[][] = [];
      const stop = sound.watch(({ microphones }) => lists.push(microphones.map(({ id }) => id)));
      const { events, callbacks } = recorder();
      await sound.list();
      const microphone = await sound.openMicrophone("pulse:third-mic", OPTIONS, {
        ...callbacks,
        onBlock: ignoreLog,
      });
      await unplug();
      await eventually(() => events.length > 0, "the loss");
      assert.deepEqual(events, ["lost: Third was unplugged"]);
      await eventually(() => lists.at(-1)?.includes("pulse:third-mic") === false, "the list without it");
      await microphone.close();
      const unplugAgain = await addMicrophone(server, "third-mic", "Third");
      await eventually(() => lists.at(-1)?.includes("pulse:third-mic") === true, "the list with it");
      stop();
      await unplugAgain();
    });

    test("report that a microphone is muted or turned down, and that it is not any more", async () => {
      const { callbacks, notice } = recorder();
      const microphone = await sound.openMicrophone("pulse:usb-1-mic", OPTIONS, {
        ...callbacks,
        onBlock: ignoreLog,
      });
      await eventually(() => notice() === null, "an ordinary microphone");
      await server.pactl("set-source-mute", "usb-1-mic", "1");
      await eventually(() => /^USB Headset is muted in/.test(notice() ?? ""), "muted");
      await server.pactl("set-source-mute", "usb-1-mic", "0");
      await server.pactl("set-source-volume", "usb-1-mic", "2%");
      await eventually(() => /turned down to 2 %/.test(notice() ?? ""), "turned down");
      await server.pactl("set-source-volume", "usb-1-mic", "100%");
      await eventually(() => notice() === null, "an ordinary microphone again");
      await microphone.close();
    });

    test("may be changed in the volume control, to another microphone but not to a monitor", async () => {
      const { events, callbacks, statuses } = recorder();
      const microphone = await sound.openMicrophone("pulse:usb-1-mic", OPTIONS, {
        ...callbacks,
        onBlock: ignoreLog,
      });
      await eventually(() => statuses.length > 0, "the first report");
      await moveRecording(server, "usb-2-mic", () => statuses.at(-1)?.deviceId === "pulse:usb-2-mic");
      assert.match(statuses.at(-1)?.notice ?? "", /sound settings chose USB Headset #2/);
      await moveRecording(server, "usb-1.monitor", () => events.length > 0);
      assert.match(events.join(), /^lost: the sound server replaced USB Headset by Monitor of /);
      await microphone.close();
    });

    test("include monitors, which are opened by name with a warning", async () => {
      const stop = await playTo("pulse:usb-1");
      const collector = blockCollector();
      const { callbacks, notice } = recorder();
      const microphone = await sound.openMicrophone("pulse:usb-1.monitor", OPTIONS, {
        ...collector,
        ...callbacks,
        onBlock: collector.onBlock,
      });
      await collector.until((blocks) => levelOf(joined(blocks.slice(-50))) > 0.1);
      assert.match(notice() ?? "", /repeats the sound of this computer/);
      await microphone.close();
      await stop();
    });

    test("without a microphone: a monitor as the default is none, before and after the only one is unplugged", async (t) => {
      const lonely = await startServer(kind);
      const own = createSound({ log: ignoreLog, env: lonely.env, engine: loadNative() });
      let stopTone: () => void = ignoreLog;
      try {
        await addSpeaker(lonely, "builtin", "Built-in Audio");
        await lonely.pactl("set-default-source", "builtin.monitor");
        const blocks: Int16Array[] = [];
        const { events, callbacks } = recorder();
        const open = () =>
          own.openMicrophone("auto", OPTIONS, { ...callbacks, onBlock: (block) => void blocks.push(block) });
        await assert.rejects(
          open(),
          /^SoundError: there is no microphone: the system's default is Monitor of /,
        );
        const unplug = await addMicrophone(lonely, "headset-mic", "Headset");
        await lonely.pactl("set-default-source", "headset-mic");
        // From here on the computer's own sound is loud.
        const speaker = await own.openSpeaker("pulse:builtin", assert.fail);
        const loud = sine(TONE_HZ, 10, SAMPLE_RATE);
        stopTone = paceBlocks(() => speaker.play(loud, SAMPLE_RATE));
        const microphone = await open();
        assert.equal(microphone.deviceId, "pulse:headset-mic");
        await eventually(() => blocks.length > 50, "the headset's silence");
        await unplug();
        await lonely.pactl("set-default-source", "builtin.monitor").catch(() => "");
        await eventually(() => events.length > 0, "the loss");
        assert.match(events[0] ?? "", /^lost: there is no microphone/);
        assert.ok(levelOf(await lonely.record("builtin", 500)) > 0.1);
        const peak = peakLevel(joined(blocks));
        t.diagnostic(
          `${blocks.length} blocks, peak ${(20 * Math.log10(Math.max(peak, 1e-6))).toFixed(0)} dB`,
        );
        assert.ok(peak <= SILENCE);
        await microphone.close();
      } finally {
        stopTone();
        await own.close();
        await lonely.stop();
      }
    });

    // PipeWire refuses to suspend a device in use.
    if (kind === "PipeWire") return;
    test("that the server suspends: reported, the speaker goes on, and nothing is reopened", async () => {
      const { events, callbacks } = recorder();
      const collector = blockCollector();
      const stop = await playTo("pulse:usb-1");
      const microphone = await sound.openMicrophone("pulse:usb-1-mic", OPTIONS, {
        ...callbacks,
        onBlock: collector.onBlock,
      });
      await collector.until((blocks) => blocks.length > 5);
      const processes = soundProcessesOf(process.pid);
      await server.pactl("suspend-source", "usb-1-mic", "1");
      await eventually(() => events.length > 0, "the interruption");
      assert.deepEqual(events, ["interrupted: the sound server has suspended USB Headset"]);
      // Longer than a microphone may be silent otherwise.
      const played = await server.record("usb-1", 7_000);
      assert.ok(levelOf(played.subarray(-2 * SERVER_RATE)) > 0.1);
      assert.deepEqual(soundProcessesOf(process.pid), processes);
      await server.pactl("suspend-source", "usb-1-mic", "0");
      await eventually(() => events.length > 1, "the end of the interruption");
      const before = collector.blocks.length;
      await collector.until((blocks) => blocks.length > before + 10);
      assert.deepEqual(events.slice(1), ["resumed"]);
      await microphone.close();
      await stop();
    });
  });
}
