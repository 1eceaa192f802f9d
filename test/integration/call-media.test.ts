// Sound and video of a call between real processes, each with a PulseAudio server of its own.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, afterEach, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { connectCall, type PluginProcess, startPair } from "../support/plugin/plugin-process.ts";
import { assertHears } from "../support/sound/assert-hears.ts";
import { PULSE_RATE, type Pulse, startPulse } from "../support/sound/pulse.ts";
import { sine, toneLevel } from "../support/sound/spectrum.ts";

const run = promisify(execFile);
const SPOKEN = { hz: 660, level: 0.25 };
const SILENCE = 0.005;
/** The notes of the test sound, 0.3 s each at a quarter of full scale. */
const TEST_NOTES_HZ = [523.25, 659.25, 783.99];
/** Of a note in one of the pieces that lie within it. Each note is played at five times this. */
const HEARD_IN_PASSING = 0.05;
/** Three of them lie within a note. */
const PIECE_SAMPLES = PULSE_RATE / 10;
const LISTEN_MS = 1_000;
const ATTEMPTS = 20;

describe("sound and video between two users", () => {
  let alicePulse: Pulse;
  let bobPulse: Pulse;
  let alice: PluginProcess;
  let bob: PluginProcess;
  let stop: () => Promise<void> = async () => undefined;
  let stopSpeaking: () => Promise<void> = async () => undefined;

  before(async () => {
    // Alice's speaker takes sound at the pace of a card, also a short one.
    [alicePulse, bobPulse] = await Promise.all([startPulse({ prompt: true }), startPulse()]);
    stopSpeaking = alicePulse.play(sine(SPOKEN.hz, 1_000, PULSE_RATE, SPOKEN.level));
    // Noise suppression would remove the tone, and automatic gain would change its level.
    const unprocessed = { echoCancellation: false, noiseSuppression: false, automaticGain: false };
    const devices = { microphone: "auto", speaker: "auto", ...unprocessed };
    ({ alice, bob, stop } = await startPair(
      { env: alicePulse.env, settings: devices },
      { env: bobPulse.env, settings: devices },
    ));
  });
  // Ends the call of a test that failed during it.
  afterEach(async () => {
    const { calls } = await alice.host.request("call.list", {});
    for (const { callId } of calls) await alice.host.request("call.hangup", { callId });
  });
  after(async () => {
    await stop();
    await stopSpeaking();
    await Promise.all([alicePulse, bobPulse].map((pulse) => pulse?.stop()));
  });

  /** The plugin's programs that use the sound server, without the test's own recorder and player. */
  async function soundUsers(pulse: Pulse, pid: number): Promise<string[]> {
    const lists = await Promise.all(
      ["source-outputs", "sink-inputs"].map((what) => run("pactl", ["list", what], { env: pulse.env })),
    );
    const ids = lists.flatMap(({ stdout }) => [...stdout.matchAll(/application\.process\.id = "(\d+)"/g)]);
    const children = await childrenOf(pid);
    return ids.map(([, id]) => id ?? "").filter((id) => children.includes(id));
  }

  /** The level of the voice at Bob's speaker, once it is silent or the attempts are used up. */
  async function untilSilent(): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      const level = toneLevel(await bobPulse.record(LISTEN_MS), PULSE_RATE, SPOKEN.hz);
      if (level < SILENCE || attempt === ATTEMPTS) return level;
    }
  }

  function loudestPiece(heard: Int16Array, hz: number): number {
    const pieces = Math.floor(heard.length / PIECE_SAMPLES);
    const levels = Array.from({ length: pieces }, (_, piece) =>
      toneLevel(heard.subarray(piece * PIECE_SAMPLES, (piece + 1) * PIECE_SAMPLES), PULSE_RATE, hz),
    );
    return Math.max(...levels);
  }

  /** On a busy machine a sound server may start a stream after such a short sound. */
  async function hears(
    method: "preview.hearYourself" | "preview.testSound",
    tonesHz: readonly number[],
    withinMs: number,
  ): Promise<boolean> {
    for (let attempt = 0; attempt < 4; attempt += 1) {
      alice.clearNotifications();
      const recorded = alicePulse.record(withinMs);
      await alice.host.request(method, {});
      const heard = await recorded;
      await alice.next("preview.changed", ({ sound }) => sound === "quiet");
      if (tonesHz.every((hz) => loudestPiece(heard, hz) > HEARD_IN_PASSING)) return true;
    }
    return false;
  }

  test("no sound device is open before the call or while it rings", async () => {
    const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "video" });
    await bob.next("call.incoming");
    assert.deepEqual(await soundUsers(alicePulse, alice.pid), []);
    assert.deepEqual(await soundUsers(bobPulse, bob.pid), []);
    await alice.host.request("call.hangup", { callId });
    await bob.next("call.ended");
  });

  test("a device check plays one's own voice and the test sound, and its devices close before a call opens them", async () => {
    const { previewId } = await alice.host.request("preview.start", {});
    const isLive = (state: string) => state === "live";
    await alice.next(
      "preview.changed",
      ({ camera, microphone }) => isLive(camera.state) && isLive(microphone.state),
    );
    await alice.next("preview.levels", ({ microphone }) => microphone > SPOKEN.level / 2);
    assert.ok(await hears("preview.hearYourself", [SPOKEN.hz], 8 * LISTEN_MS), "the voice was not played");
    assert.ok(
      await hears("preview.testSound", TEST_NOTES_HZ, 3 * LISTEN_MS),
      "the test sound was not played",
    );

    const callId = await connectCall(alice, bob);
    await alice.next("preview.ended", (end) => end.previewId === previewId && end.reason === "call");
    await alice.next(
      "call.changed",
      ({ local }) => isLive(local.camera.state) && isLive(local.microphone.state),
    );
    await alice.host.request("call.hangup", { callId });
    await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
  });

  test("a voice call becomes a video call and a voice call again, without a new negotiation", async () => {
    const callId = await connectCall(alice, bob, "audio");
    for (const side of [alice, bob]) side.clearNotifications();
    await alice.host.request("call.setCamera", { callId, on: true });
    await bob.next("call.changed", ({ remote }) => remote.camera === "on");
    await bob.next("call.statistics", ({ frames }) => frames.received > 0);
    await alice.host.request("call.setCamera", { callId, on: false });
    const { phase } = await bob.next("call.changed", ({ remote }) => remote.camera === "off");
    assert.equal(phase, "connected");
    await alice.host.request("call.hangup", { callId });
    await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
  });

  test("the caller's voice is played at the callee's speaker with its pitch and level", async (t) => {
    const callId = await connectCall(alice, bob);
    await assertHears(t, bobPulse, SPOKEN);
    assert.equal((await soundUsers(bobPulse, bob.pid)).length, 2);

    await alice.host.request("call.setMicrophone", { callId, on: false });
    await bob.next("call.changed", (call) => call.remote.microphone === "off");
    const muted = await untilSilent();
    assert.ok(muted < SILENCE, `muted, but the level is still ${muted}`);

    await alice.host.request("call.setMicrophone", { callId, on: true });
    await assertHears(t, bobPulse, SPOKEN);

    await alice.host.request("call.hangup", { callId });
    await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
  });

  test("after the call no sound device is open", async () => {
    await untilTrue(async () => (await soundUsers(alicePulse, alice.pid)).length === 0);
    await untilTrue(async () => (await soundUsers(bobPulse, bob.pid)).length === 0);
  });

  test("no frame is sent while the camera is off, and frames arrive when it is on again", async () => {
    const callId = await connectCall(alice, bob);
    await bob.host.request("frames.subscribe", { callId, source: "remote" });
    await alice.next("call.statistics", ({ frames }) => frames.sent > 0);
    await alice.host.request("call.setCamera", { callId, on: false });
    const off = await alice.next("call.changed", (call) => call.local.camera.state === "off");
    assert.equal(off.local.camera.deviceId, undefined);
    await bob.next("call.changed", (call) => call.remote.camera === "off");
    alice.clearNotifications();
    const first = await alice.next("call.statistics");
    const second = await alice.next("call.statistics", ({ at }) => at > first.at);
    assert.equal(second.frames.sent, first.frames.sent);
    assert.equal(second.sendVideoBps, 0);
    const { frames: before } = await bob.host.request("call.stats", { callId });
    await alice.host.request("call.setCamera", { callId, on: true });
    bob.clearNotifications();
    await bob.next("call.statistics", ({ frames }) => frames.received > before.received);
    await alice.host.request("call.hangup", { callId });
    await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
  });
});

async function childrenOf(pid: number): Promise<string[]> {
  const { stdout } = await run("ps", ["-o", "pid=", "--ppid", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.split("\n").map((line) => line.trim());
}

async function untilTrue(holds: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) if (await holds()) return;
  assert.fail("the condition did not become true");
}
