// The ring at the sink of a real PulseAudio: a whole call between two real plugins, and the ringer beside a call's speaker.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { Ringer } from "../../../plugin/alerts/ringer.ts";
import { createSound } from "../../../plugin/sound/create-sound.ts";
import { SAMPLE_RATE } from "../../../plugin/sound/sound.ts";
import { paceBlocks } from "../../../plugin/sound/tone.ts";
import { startPair } from "../../support/plugin/plugin-process.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../../support/sound/pulse.ts";
import { eventually, ignoreLog, soundProcessesOf } from "../../support/sound/sound-helpers.ts";
import { sine, toneLevel } from "../../support/sound/spectrum.ts";

const RING_HZ = [660, 880];
const RING_BACK_HZ = 425;
const VOICE_HZ = 1_500;
/** Longer than a pause of the ring. */
const LISTEN_MS = 2_500;
const PART = PULSE_RATE / 10;

/** The strongest level of a pitch in any tenth of a second, 0 to 1. */
function strongest(samples: Int16Array, hz: number): number {
  const parts = Array.from({ length: Math.floor(samples.length / PART) }, (_, index) =>
    samples.subarray(index * PART, (index + 1) * PART),
  );
  return Math.max(...parts.map((part) => toneLevel(part, PULSE_RATE, hz)));
}

const hears = (samples: Int16Array, hz: number) => strongest(samples, hz) > 0.03;

/** Records until all these pitches are heard within one recording. The test's time limit ends a wait in vain. */
async function heard(pulse: Pulse, pitches: readonly number[]): Promise<void> {
  while (true) {
    const samples = await pulse.record(LISTEN_MS);
    if (pitches.every((hz) => hears(samples, hz))) return;
  }
}

describe("ringing through PulseAudio", { timeout: 180_000 }, () => {
  let here: Pulse;
  let there: Pulse;
  before(async () => {
    [here, there] = await Promise.all([startPulse({ prompt: true }), startPulse({ prompt: true })]);
  });
  after(() => Promise.all([here.stop(), there.stop()]));

  test("a call rings at the callee and rings back at the caller, and only voices are heard once it is answered", async () => {
    const ringing = { ringtone: "on", speaker: "auto" } as const;
    const pair = await startPair(
      { settings: { ...ringing, toneHz: VOICE_HZ }, env: here.env },
      { settings: { ...ringing, toneHz: VOICE_HZ }, env: there.env },
    );
    try {
      const { alice, bob } = pair;
      const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "audio" });
      await bob.next("call.incoming");
      await Promise.all([heard(there, RING_HZ), heard(here, [RING_BACK_HZ])]);
      await bob.host.request("call.accept", { callId });
      await Promise.all([heard(there, [VOICE_HZ]), heard(here, [VOICE_HZ])]);
      const [atBob, atAlice] = await Promise.all([there.record(LISTEN_MS), here.record(LISTEN_MS)]);
      for (const hz of RING_HZ) assert.ok(!hears(atBob, hz), `still rings at ${hz} Hz`);
      assert.ok(!hears(atAlice, RING_BACK_HZ));
      // The microphone is a tone, so one process is left: that of the call's speaker.
      await eventually(() => soundProcessesOf(bob.pid).length === 1, "the ringer's process ends");
    } finally {
      await pair.stop();
    }
  });

  test("the ring mixes with an open speaker, and leaves it alone when it stops", async () => {
    const logged: string[] = [];
    const log = (level: string, message: string) => void (level === "debug" || logged.push(message));
    const sound = createSound({ log, env: here.env, engine: loadNative() });
    const ringer = new Ringer({ sound, log });
    const voice = sine(VOICE_HZ, 10, SAMPLE_RATE);
    let stopVoice = ignoreLog;
    try {
      ringer.play({ sound: "ring", speaker: "auto" });
      const speaker = await sound.openSpeaker("auto", assert.fail);
      stopVoice = paceBlocks(() => speaker.play(voice, SAMPLE_RATE));
      await heard(here, [...RING_HZ, VOICE_HZ]);
      await ringer.close();
      const samples = await here.record(LISTEN_MS);
      assert.ok(hears(samples, VOICE_HZ));
      assert.ok(!RING_HZ.some((hz) => hears(samples, hz)));
      assert.deepEqual(logged, []);
    } finally {
      stopVoice();
      await sound.close();
    }
  });

  test("without a sound server nothing rings, with one line in the log", async () => {
    const logged: string[] = [];
    const log = (level: string, message: string) => void (level === "warn" && logged.push(message));
    const env = { PATH: process.env.PATH, XDG_RUNTIME_DIR: "/nowhere", PULSE_SERVER: "unix:/nowhere/native" };
    const sound = createSound({ log, env: { ...env, ALSA_CONFIG_PATH: "/nowhere" }, engine: loadNative() });
    const ringer = new Ringer({ sound, log });
    try {
      ringer.play({ sound: "ring", speaker: "auto" });
      await eventually(() => logged.length > 0, "it is tried");
      await ringer.close();
      assert.equal(logged.length, 1, logged.join("\n"));
    } finally {
      await sound.close();
    }
  });
});
