// A PulseAudio, or a PipeWire with WirePlumber, without hardware and private to one test, for tests that run on both.
//
//     const server = await startServer("PipeWire");
//     await addMicrophone(server, "headset-mic", "USB Headset")   fed by the sink headset-mic.feed
//     await addSpeaker(server, "headset", "USB Headset")          recorded with server.record("headset", 1_000)
//     const stop = server.play(sine(440, 1_000, 48_000), "headset-mic.feed")
//     await server.stop()                                         in a finally or after(): ends all its processes
//
// Needs the packages pulseaudio, pulseaudio-utils, pipewire, pipewire-pulse, wireplumber, dbus and libasound2-plugins.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as wait } from "node:timers/promises";
import { busAddressIn, writeBusConfig } from "../desktop/private-bus.ts";

export const SERVER_KINDS = ["PulseAudio", "PipeWire"] as const;
export type ServerKind = (typeof SERVER_KINDS)[number];

export const SERVER_RATE = 48_000;
/** Longer than any step takes on a busy machine. Reaching it is a failure. */
const STEP_MS = 30_000;
const LOOK_EVERY_MS = 20;
const FORMAT = ["--raw", "--format=s16le", `--rate=${SERVER_RATE}`, "--channels=1"];
const READER_LATENCY = "--latency-msec=10";
const FEED_LATENCY = "--latency-msec=200";

export interface RealServer {
  readonly kind: ServerKind;
  /** The environment for a process that uses this server. */
  readonly env: NodeJS.ProcessEnv;
  /** Runs pactl. @returns its output. @throws Error with the status */
  pactl(...args: string[]): Promise<string>;
  /** Feeds mono 48 kHz samples to a sink, repeated without a gap, until the returned function is called. */
  play(samples: Int16Array, sink: string): () => Promise<void>;
  /** Records the next `durationMs` of what a sink plays, mono 48 kHz. */
  record(sink: string, durationMs: number): Promise<Int16Array>;
  /** Reads what a sink plays until the returned function is called. */
  listen(sink: string, onSamples: (samples: Int16Array) => void): () => Promise<void>;
  stop(): Promise<void>;
}

export async function startServer(kind: ServerKind): Promise<RealServer> {
  const server = new PrivateServer(kind, await mkdtemp(join(tmpdir(), "goop-sound-")));
  try {
    await server.start();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

/** A sink is fed, and the microphone captures what it plays. @returns removes the microphone, as if it was unplugged */
export async function addMicrophone(
  server: RealServer,
  name: string,
  description: string,
): Promise<() => Promise<void>> {
  const feed = `${name}.feed`;
  if (!(await server.pactl("list", "short", "sinks")).includes(`\t${feed}\t`)) {
    await addSpeaker(server, feed, `Feed of ${name}`);
  }
  const properties = `source_properties='device.description="${description}"'`;
  return load(server, "module-remap-source", `source_name=${name}`, `master=${feed}.monitor`, properties);
}

/** @returns removes the speaker, as if it was unplugged */
export function addSpeaker(
  server: RealServer,
  name: string,
  description: string,
): Promise<() => Promise<void>> {
  const properties = `sink_properties='device.description="${description}"'`;
  return load(
    server,
    "module-null-sink",
    `sink_name=${name}`,
    `rate=${SERVER_RATE}`,
    "channels=1",
    properties,
  );
}

async function load(server: RealServer, module: string, ...args: string[]): Promise<() => Promise<void>> {
  const index = (await server.pactl("load-module", module, ...args)).trim();
  const [, name = ""] = args[0]?.split("=") ?? [];
  // PipeWire answers before the device is there.
  const kind = module.includes("source") ? "sources" : "sinks";
  const untilMs = performance.now() + STEP_MS;
  while (!(await server.pactl("list", "short", kind)).includes(`\t${name}\t`)) {
    if (performance.now() > untilMs) throw new Error(`${server.kind} did not create ${name}`);
    await wait(LOOK_EVERY_MS);
  }
  return async () => void (await server.pactl("unload-module", index));
}

class PrivateServer implements RealServer {
  readonly kind: ServerKind;
  readonly env: NodeJS.ProcessEnv;
  readonly #directory: string;
  readonly #children = new Set<ChildProcess>();

  constructor(kind: ServerKind, directory: string) {
    this.kind = kind;
    this.#directory = directory;
    const { DISPLAY: _display, ...inherited } = process.env;
    this.env = {
      ...inherited,
      HOME: directory,
      XDG_RUNTIME_DIR: directory,
      XDG_CONFIG_HOME: join(directory, "config"),
      XDG_STATE_HOME: join(directory, "state"),
      DBUS_SESSION_BUS_ADDRESS: busAddressIn(directory),
      PULSE_RUNTIME_PATH: join(directory, "pulse"),
      // A named server also keeps libpulse from starting its own.
      PULSE_SERVER: `unix:${join(directory, "pulse", "native")}`,
      PULSE_COOKIE: join(directory, "cookie"),
      ALSA_CONFIG_PATH: join(directory, "asound.conf"),
    };
  }

  async start(): Promise<void> {
    await writeFile(join(this.#directory, "asound.conf"), "pcm.default { type pulse }\n");
    if (this.kind === "PulseAudio") {
      const quiet = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-target=null"];
      // As in default.pa: streams move to another device when theirs is unplugged.
      const modules = ["module-rescue-streams", "module-native-protocol-unix auth-anonymous=1"];
      this.#run("pulseaudio", [...quiet, ...modules.flatMap((module) => ["-L", module])]);
    } else {
      const config = await writeBusConfig(this.#directory, "session");
      this.#run("dbus-daemon", ["--nofork", "--nopidfile", `--config-file=${config}`]);
      await this.#exists("bus");
      this.#run("pipewire", []);
      await this.#exists("pipewire-0");
      this.#run("wireplumber", []);
      this.#run("pipewire-pulse", []);
    }
    await this.#answers();
  }

  async pactl(...args: string[]): Promise<string> {
    const child = this.#run("pactl", args, "pipe");
    const deadline = setTimeout(() => child.kill("SIGKILL"), STEP_MS);
    try {
      if (child.stdout === null) throw new Error("pactl has no output");
      const [output, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
      if (code !== 0) throw new Error(`pactl ${args.join(" ")} ended with status ${code}`);
      return output;
    } finally {
      clearTimeout(deadline);
    }
  }

  play(samples: Int16Array, sink: string): () => Promise<void> {
    const player = this.#run("pacat", ["-d", sink, FEED_LATENCY, ...FORMAT], "feed");
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    const feed = () => player.stdin?.write(bytes, (error) => !error && feed());
    player.stdin?.on("error", () => player.kill("SIGKILL"));
    feed();
    return () => this.#end(player);
  }

  async record(sink: string, durationMs: number): Promise<Int16Array> {
    const samples = new Int16Array(Math.round((durationMs * SERVER_RATE) / 1_000));
    const filled = Promise.withResolvers<void>();
    let at = 0;
    const stop = this.listen(sink, (part) => {
      samples.set(part.subarray(0, samples.length - at), at);
      at = Math.min(samples.length, at + part.length);
      if (at === samples.length) filled.resolve();
    });
    const late = setTimeout(
      () => filled.reject(new Error(`${sink} played ${at} samples of ${samples.length}`)),
      durationMs + STEP_MS,
    );
    try {
      await filled.promise;
      return samples;
    } finally {
      clearTimeout(late);
      await stop();
    }
  }

  listen(sink: string, onSamples: (samples: Int16Array) => void): () => Promise<void> {
    const recorder = this.#run("parecord", ["-d", `${sink}.monitor`, READER_LATENCY, ...FORMAT], "pipe");
    let rest = Buffer.alloc(0);
    recorder.stdout?.on("data", (chunk: Buffer) => {
      const bytes = Buffer.concat([rest, chunk]);
      const whole = bytes.length - (bytes.length % Int16Array.BYTES_PER_ELEMENT);
      rest = bytes.subarray(whole);
      onSamples(new Int16Array(new Uint8Array(bytes.subarray(0, whole)).buffer));
    });
    return () => this.#end(recorder);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#end(child)));
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 3 });
  }

  async #exists(name: string): Promise<void> {
    const untilMs = performance.now() + STEP_MS;
    while (!existsSync(join(this.#directory, name))) {
      if (performance.now() > untilMs)
        throw new Error(`${this.kind} did not create ${name}; is it installed?`);
      await wait(LOOK_EVERY_MS);
    }
  }

  async #answers(): Promise<void> {
    const untilMs = performance.now() + STEP_MS;
    while (!(await this.pactl("info").catch(() => ""))) {
      if (performance.now() > untilMs) throw new Error(`${this.kind} does not answer; is it installed?`);
      await wait(LOOK_EVERY_MS);
    }
  }

  #run(program: string, args: readonly string[], use: "none" | "pipe" | "feed" = "none"): ChildProcess {
    const child = spawn(program, args, {
      env: this.env,
      cwd: this.#directory,
      stdio: [use === "feed" ? "pipe" : "ignore", use === "pipe" ? "pipe" : "ignore", "ignore"],
    });
    this.#children.add(child);
    const gone = () => this.#children.delete(child);
    child.once("exit", gone);
    // A missing program shows as a server that does not answer.
    child.once("error", gone);
    return child;
  }

  async #end(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}
