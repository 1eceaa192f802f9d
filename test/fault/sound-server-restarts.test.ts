// A sound server that is killed and started again, five times in one call: the call goes on, and both directions are heard
// again after each return.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { BLOCK_SAMPLES } from "../../plugin/sound/sound.ts";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { figuresOfTree } from "../support/process/process-figures.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../support/sound/pulse.ts";
import { eventually, isRunning, soundProcessesOf } from "../support/sound/sound-helpers.ts";
import { sine, toneLevel } from "../support/sound/spectrum.ts";

const RESTARTS = 5;
/** How long the server stays away after the far side noticed: back at once, as by a supervisor, and longer than all first tries. */
const AWAY_MS = [0, 500, 3_000, 0, 12_000];
/** The product's deadline, printed beside each figure; on a machine that does other work the check leaves it five times that. */
const DEADLINE_MS = 2_000;
const MARGIN = 5;
const TONE_HZ = 440;
const VOICE_HZ = 700;
const AUDIBLE = 0.05;
const LISTEN_MS = 150;

test(`a sound server killed and restarted ${RESTARTS} times in a call: the call lives, both are heard again, nothing is left`, {
  timeout: 240_000,
}, async (t) => {
  const [pulse, farPulse] = await Promise.all([startPulse({ prompt: true }), startPulse()]);
  // Noise suppression would take a steady tone for noise.
  const unprocessed = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
  const { alice, bob, stop } = await startPair(
    { settings: { toneHz: TONE_HZ, speaker: "auto" }, env: farPulse.env },
    { settings: { microphone: "auto", speaker: "auto", ...unprocessed }, env: pulse.env },
  );
  try {
    const callId = await connectCall(alice, bob, "audio");
    let quiet = pulse.play(sine(VOICE_HZ, 1_000, PULSE_RATE));
    await Promise.all([heardBy(pulse), voiceAt(alice)]);
    const before = figuresOfTree(bob.pid);
    for (const awayMs of AWAY_MS) {
      await pulse.kill();
      await quiet();
      alice.clearNotifications();
      await alice.next("call.levels", ({ speaker }) => speaker < AUDIBLE);
      await away(awayMs);
      const backMs = await pulse.restart();
      quiet = pulse.play(sine(VOICE_HZ, 1_000, PULSE_RATE));
      alice.clearNotifications();
      const [earMs, mouthMs] = await Promise.all([heardBy(pulse), voiceAt(alice)]);
      tell(t, awayMs, earMs - backMs, mouthMs - backMs);
      const { calls } = await bob.host.request("call.list", {});
      assert.deepEqual(
        calls.map((call) => [call.callId, call.phase]),
        [[callId, "connected"]],
      );
    }
    // The list of devices is read anew after a server's return, by a process that lives as long as that takes.
    await eventually(
      () => figuresOfTree(bob.pid).children === before.children,
      "as many sound processes as before",
    );
    const children = soundProcessesOf(bob.pid);
    await quiet();
    assert.deepEqual([await alice.stop(), await bob.stop()], [0, 0]);
    assert.deepEqual(children.filter(isRunning), []);
  } finally {
    await stop();
    await Promise.all([pulse.stop(), farPulse.stop()]);
  }
});

function tell(t: TestContext, awayMs: number, earMs: number, mouthMs: number): void {
  t.diagnostic(
    `away ${awayMs} ms: heard after ${earMs.toFixed(0)} ms, speaks after ${mouthMs.toFixed(0)} ms (at most ${DEADLINE_MS})`,
  );
  assert.ok(Math.max(earMs, mouthMs) < MARGIN * DEADLINE_MS, "sound came back too late");
}

/** The length of an outage is the thing tested here, not a wait for something to happen. */
function away(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}

/** Monotonic time at which the far tone was found in what the speaker gets, the recording's own length included. */
async function heardBy(pulse: Pulse): Promise<number> {
  const untilMs = performance.now() + 10 * MARGIN * DEADLINE_MS;
  while (performance.now() < untilMs) {
    const samples = await pulse.record(LISTEN_MS);
    const end = samples.subarray(samples.length - 5 * BLOCK_SAMPLES);
    if (toneLevel(end, PULSE_RATE, TONE_HZ) > AUDIBLE) return performance.now();
  }
  throw new Error("the far tone was not heard again");
}

/** Monotonic time at which the remote side's levels show the local voice. */
async function voiceAt(remote: PluginProcess): Promise<number> {
  await remote.next("call.levels", ({ speaker }) => speaker > AUDIBLE);
  return performance.now();
}
