// A machine without a microphone, and one whose only headset is unplugged during a call: the server's default source is then the
// monitor of the speakers. The far end must hear neither that machine's sound nor itself.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { peakLevel } from "../../../plugin/sound/level.ts";
import type { CallInfo } from "../../../rpc-schema/index.ts";
import { connectCall, startPair } from "../../support/plugin/plugin-process.ts";
import { inheritedSockets } from "../../support/process/process-figures.ts";
import {
  addMicrophone,
  addSpeaker,
  type RealServer,
  SERVER_KINDS,
  SERVER_RATE,
  startServer,
} from "../../support/sound/real-server.ts";
import { eventually } from "../../support/sound/sound-helpers.ts";
import { sine, toneLevel } from "../../support/sound/spectrum.ts";

const REMOTE_HZ = 440;
const DESKTOP_HZ = 800;
/** -90 dB of full scale: the smallest step of 16 bits. */
const SILENCE = 1 / 32_768;
const LISTEN_MS = 2_000;
const AUDIBLE = 0.05;

const isWithoutMicrophone = ({ local }: CallInfo) => local.microphone.state === "lost";

/** The far end's speaker, while this machine plays the far end's voice and a sound of its own. */
async function assertSilent(t: TestContext, server: RealServer, when: string): Promise<void> {
  const [own, far] = await Promise.all([
    server.record("builtin", LISTEN_MS),
    server.record("remote", LISTEN_MS),
  ]);
  const db = (level: number) => `${(20 * Math.log10(Math.max(level, 1e-6))).toFixed(0)} dB`;
  const tones = loudestTone([far]);
  t.diagnostic(
    `${when}: this machine plays ${db(peakLevel(own))}, the far end hears ${db(peakLevel(far))}, of it ${db(tones)}`,
  );
  assert.ok(peakLevel(own) > AUDIBLE);
  assert.ok(tones <= SILENCE);
}

/** The level of the far end's voice or of this machine's sound in the loudest part. */
function loudestTone(parts: readonly Int16Array[]): number {
  const levels = parts.flatMap((part) =>
    [REMOTE_HZ, DESKTOP_HZ].map((hz) => toneLevel(part, SERVER_RATE, hz)),
  );
  return Math.max(...levels);
}

for (const kind of SERVER_KINDS) {
  test(`on ${kind} a call without a microphone sends silence and the reason, before and after a headset was there`, {
    timeout: 240_000,
  }, async (t) => {
    const server = await startServer(kind);
    try {
      await addSpeaker(server, "builtin", "Built-in Audio");
      await addSpeaker(server, "remote", "Remote");
      await server.pactl("set-default-sink", "builtin");
      await server.pactl("set-default-source", "builtin.monitor");
      server.play(sine(DESKTOP_HZ, 1_000, SERVER_RATE), "builtin");
      await callWithout(t, server);
    } finally {
      await server.stop();
    }
  });
}

async function callWithout(t: TestContext, server: RealServer): Promise<void> {
  const { alice, bob, stop } = await startPair(
    { settings: { toneHz: REMOTE_HZ, speaker: "pulse:remote" }, env: server.env },
    { settings: { microphone: "auto", speaker: "auto" }, env: server.env },
  );
  const heard: Int16Array[] = [];
  const stopListening = server.listen("remote", (samples) => void heard.push(samples));
  try {
    await connectCall(alice, bob, "audio");
    const { local: first } = await bob.next("call.changed", isWithoutMicrophone);
    assert.match(first.microphone.why ?? "", /the system's default is Monitor of Built-in Audio/);
    await assertSilent(t, server, "without a microphone");

    bob.clearNotifications();
    const unplug = await addMicrophone(server, "headset-mic", "Headset");
    await server.pactl("set-default-source", "headset-mic");
    await bob.next("call.changed", ({ local }) => local.microphone.state === "live");
    await assertSilent(t, server, "with a silent headset");
    // The engine's sockets would stay open until the sound process ends.
    assert.deepEqual(
      [alice, bob].map(({ pid }) => inheritedSockets(pid)),
      [[], []],
    );

    bob.clearNotifications();
    await unplug();
    const { local: last } = await bob.next("call.changed", isWithoutMicrophone);
    assert.equal(last.microphone.why, "Headset was unplugged");
    await assertSilent(t, server, "after it was unplugged");
    await stopListening();
    await eventually(() => heard.length > 0, "the far end's sound");
    const peak = Math.max(...heard.map((samples) => peakLevel(samples)));
    // The processing of a silent microphone may add a step or two. What it may not contain is a sound of this machine.
    assert.ok(peak <= 8 * SILENCE, `the far end heard ${peak} of full scale at some moment`);
  } finally {
    await stopListening();
    await stop();
  }
}
