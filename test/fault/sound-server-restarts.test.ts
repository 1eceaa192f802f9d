// A sound server is killed and restarted five times during one call. The call continues, and both directions are audible again
// after each restart.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BLOCK_SAMPLES } from "../../plugin/sound/sound.ts";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { figuresOfTree } from "../support/process/process-figures.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../support/sound/pulse.ts";
import { eventually, isRunning, soundProcessesOf } from "../support/sound/sound-helpers.ts";
import { sine, toneLevel } from "../support/sound/spectrum.ts";

const RESTARTS = 5;
/** Outages after the remote side has noticed: 0 as with a supervisor, and longer than all first retries. */
const OUTAGE_MS = [0, 500, 3_000, 0, 12_000];
/** The product's deadline, printed with each figure. On a busy machine the check allows five times as much. */
const DEADLINE_MS = 2_000;
const MARGIN = 5;
const TONE_HZ = 440;
const VOICE_HZ = 700;
const AUDIBLE = 0.05;
const LISTEN_MS = 150;

test(`a call survives ${RESTARTS} restarts of the sound server, both directions are audible again, and no process is left`, {
  timeout: 240_000,
}, async (t) => {
  const [pulse, farPulse] = await Promise.all([startPulse({ prompt: true }), startPulse()]);
  // Noise suppression would remove a steady tone.
  const unprocessed = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
  const { alice, bob, stop } = await startPair(
    { settings: { toneHz: TONE_HZ, speaker: "auto" }, env: farPulse.env },
    { settings: { microphone: "auto", speaker: "auto", ...unprocessed }, env: pulse.env },
  );
  try {
    const callId = await connectCall(alice, bob, "audio");
    let stopVoice = pulse.play(sine(VOICE_HZ, 1_000, PULSE_RATE));
    await Promise.all([toneAudibleAt(pulse), voiceLevelAt(alice)]);
    const before = figuresOfTree(bob.pid);
    for (const outageMs of OUTAGE_MS) {
      await pulse.kill();
      await stopVoice();
      alice.clearNotifications();
      await alice.next("call.levels", ({ speaker }) => speaker < AUDIBLE);
      await pauseFor(outageMs);
      const backMs = await pulse.restart();
      stopVoice = pulse.play(sine(VOICE_HZ, 1_000, PULSE_RATE));
      alice.clearNotifications();
      const [speakerMs, microphoneMs] = await Promise.all([toneAudibleAt(pulse), voiceLevelAt(alice)]);
      report(t, outageMs, speakerMs - backMs, microphoneMs - backMs);
      const { calls } = await bob.host.request("call.list", {});
      assert.deepEqual(
        calls.map((call) => [call.callId, call.phase]),
        [[callId, "connected"]],
      );
    }
    // After a restart of the server, a short-lived process lists the devices again.
    await eventually(
      () => figuresOfTree(bob.pid).children === before.children,
      "as many sound processes as before",
    );
    const children = soundProcessesOf(bob.pid);
    await stopVoice();
    assert.deepEqual([await alice.stop(), await bob.stop()], [0, 0]);
    assert.deepEqual(children.filter(isRunning), []);
  } finally {
    await stop();
    await Promise.all([pulse.stop(), farPulse.stop()]);
  }
});

function report(t: TestContext, outageMs: number, speakerMs: number, microphoneMs: number): void {
  t.diagnostic(
    `outage of ${outageMs} ms: speaker back after ${speakerMs.toFixed(0)} ms, microphone after ${microphoneMs.toFixed(0)} ms (limit ${DEADLINE_MS})`,
  );
  assert.ok(Math.max(speakerMs, microphoneMs) < MARGIN * DEADLINE_MS, "sound came back too late");
}

/** The duration of the outage is the subject of this test, so this is a fixed pause. */
function pauseFor(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** The monotonic time at which the remote tone was detected at the speaker, including the length of the recording. */
async function toneAudibleAt(pulse: Pulse): Promise<number> {
  const untilMs = performance.now() + 10 * MARGIN * DEADLINE_MS;
  while (performance.now() < untilMs) {
    const samples = await pulse.record(LISTEN_MS);
    const end = samples.subarray(samples.length - 5 * BLOCK_SAMPLES);
    if (toneLevel(end, PULSE_RATE, TONE_HZ) > AUDIBLE) return performance.now();
  }
  throw new Error("the remote tone did not return");
}

/** The monotonic time at which the remote side's levels show the local voice. */
async function voiceLevelAt(remote: PluginProcess): Promise<number> {
  await remote.next("call.levels", ({ speaker }) => speaker > AUDIBLE);
  return performance.now();
}
