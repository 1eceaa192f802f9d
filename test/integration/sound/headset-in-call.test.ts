// A headset that is unplugged and plugged in again during a call between two real plugins, on both sound servers: where the
// sound went, second by second.

import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { PluginProcess } from "../../support/plugin/plugin-process.ts";
import { connectCall, startPair } from "../../support/plugin/plugin-process.ts";
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
const HEADSET_HZ = 900;
const BUILTIN_HZ = 700;
const AUDIBLE = 0.05;
/** Long enough for a steady level, short enough to see a change. */
const WINDOW = SERVER_RATE / 5;
const UNPROCESSED = { echoCancellation: false, noiseSuppression: false, automaticGain: false };

/** Windows in which a tone was audible: a busy machine leaves gaps between them. */
const ENOUGH = 3;

/** The tones at a sink over time. */
class Listener {
  /** The tones in each fifth of a second. */
  readonly #windows: string[] = [];
  readonly #counts = new Map<number, number>();
  readonly #sink: string;
  readonly #hz: readonly number[];
  #window = new Int16Array(0);

  constructor(server: RealServer, sink: string, hz: readonly number[]) {
    this.#sink = sink;
    this.#hz = hz;
    this.stop = server.listen(sink, (samples) => this.#take(samples));
  }

  readonly stop: () => Promise<void>;

  /** Windows with this tone since the last `restart`. */
  count(hz: number): number {
    return this.#counts.get(hz) ?? 0;
  }

  restart(): void {
    this.#counts.clear();
  }

  toString(): string {
    const seconds = this.#windows.map((heard, at) => (at > 0 && at % 5 === 0 ? ` | ${heard}` : heard));
    return `${this.#sink}, five times a second: ${seconds.join(" ")}`;
  }

  #take(samples: Int16Array): void {
    const joined = new Int16Array(this.#window.length + samples.length);
    joined.set(this.#window);
    joined.set(samples, this.#window.length);
    this.#window = joined;
    while (this.#window.length >= WINDOW) {
      const part = this.#window.subarray(0, WINDOW);
      this.#window = this.#window.slice(WINDOW);
      const heard = this.#hz.filter((hz) => toneLevel(part, SERVER_RATE, hz) > AUDIBLE);
      for (const hz of heard) this.#counts.set(hz, this.count(hz) + 1);
      this.#windows.push(heard.join("+") || "-");
    }
  }
}

/** Waits until the call uses these devices, and returns the seconds it took. */
async function uses(plugin: PluginProcess, microphone: string, speaker: string): Promise<number> {
  const startMs = performance.now();
  await plugin.next(
    "call.changed",
    ({ local }) =>
      local.microphone.state === "live" &&
      local.microphone.deviceId === microphone &&
      local.speaker.state === "live" &&
      local.speaker.deviceId === speaker,
  );
  return (performance.now() - startMs) / 1_000;
}

async function headset(server: RealServer): Promise<() => Promise<void>> {
  const unplugs = [
    await addSpeaker(server, "headset", "USB Headset"),
    await addMicrophone(server, "headset-mic", "USB Headset"),
  ];
  return async () => {
    for (const unplug of unplugs) await unplug();
  };
}

for (const kind of SERVER_KINDS) {
  test(`on ${kind} the sound of a call follows a chosen headset: unplugged, and back`, {
    timeout: 240_000,
  }, async (t) => {
    const server = await startServer(kind);
    try {
      await addSpeaker(server, "builtin", "Built-in Audio");
      await addMicrophone(server, "builtin-mic", "Built-in Audio");
      await addSpeaker(server, "remote", "Remote");
      const unplug = await headset(server);
      await server.pactl("set-default-sink", "builtin");
      await server.pactl("set-default-source", "builtin-mic");
      await followHeadset(t, server, unplug);
    } finally {
      await server.stop();
    }
  });
}

async function followHeadset(t: TestContext, server: RealServer, unplug: () => Promise<void>): Promise<void> {
  server.play(sine(HEADSET_HZ, 1_000, SERVER_RATE), "headset-mic.feed");
  server.play(sine(BUILTIN_HZ, 1_000, SERVER_RATE), "builtin-mic.feed");
  const builtin = new Listener(server, "builtin", [REMOTE_HZ]);
  const remote = new Listener(server, "remote", [HEADSET_HZ, BUILTIN_HZ]);
  const first = new Listener(server, "headset", [REMOTE_HZ]);
  const listeners = [first, builtin, remote];
  /** Waits for the tones, and then for more of them without any of the others. */
  const only = async (speaker: Listener, speakers: Listener[], microphoneHz: number, otherHz: number) => {
    const isHeard = () => speaker.count(REMOTE_HZ) >= ENOUGH && remote.count(microphoneHz) >= ENOUGH;
    const text = () => [speaker, ...speakers, remote].join("\n");
    await eventually(isHeard, `${microphoneHz} Hz and its speaker`, text);
    // What was on its way before the switch has been played by now.
    for (const listener of [speaker, ...speakers, remote]) listener.restart();
    await eventually(isHeard, `${microphoneHz} Hz and its speaker, still`, text);
    for (const other of speakers) assert.equal(other.count(REMOTE_HZ), 0, text());
    assert.equal(remote.count(otherHz), 0, text());
  };
  const { alice, bob, stop } = await startPair(
    { settings: { toneHz: REMOTE_HZ, speaker: "pulse:remote" }, env: server.env },
    {
      settings: { microphone: "pulse:headset-mic", speaker: "pulse:headset", ...UNPROCESSED },
      env: server.env,
    },
  );
  try {
    await connectCall(alice, bob, "audio");
    await only(first, [builtin], HEADSET_HZ, BUILTIN_HZ);
    await checkMixer(server);

    bob.clearNotifications();
    await unplug();
    const awaySeconds = await uses(bob, "pulse:builtin-mic", "pulse:builtin");
    await only(builtin, [], BUILTIN_HZ, HEADSET_HZ);

    bob.clearNotifications();
    await headset(server);
    const second = new Listener(server, "headset", [REMOTE_HZ]);
    listeners.push(second);
    const backSeconds = await uses(bob, "pulse:headset-mic", "pulse:headset");
    await only(second, [builtin], HEADSET_HZ, BUILTIN_HZ);
    t.diagnostic(
      `after ${awaySeconds.toFixed(1)} s on the built-in devices, ${backSeconds.toFixed(1)} s back`,
    );
    for (const listener of listeners) t.diagnostic(listener.toString());
  } finally {
    await stop();
    await Promise.all(listeners.map((listener) => listener.stop()));
  }
}

/** The volume control shows this program, its icon and that it is in a call. */
async function checkMixer(server: RealServer): Promise<void> {
  for (const streams of ["sink-inputs", "source-outputs"]) {
    const text = await server.pactl("list", streams);
    assert.match(text, /application\.name = "Goop² call"/);
    assert.match(text, /application\.icon_name = "call-start"/);
    assert.match(text, /media\.role = "phone"/);
  }
}
