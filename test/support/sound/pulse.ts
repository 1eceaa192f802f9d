// A PulseAudio server without hardware, private to one test. Several may run side by side, one for each peer.
//
//     const pulse = await startPulse();
//     createSound({ env: pulse.env, … })           or spawn(plugin, { env: pulse.env }): its default devices are ours
//     const stop = pulse.play(sine(440, 1_000, 48_000))   fed to the microphone, repeated until stop()
//     const samples = await pulse.record(1_000)     the sound played to the speaker, mono 48 kHz
//     await pulse.stop()                            in a finally or after(): ends all its processes
//
// Needs the packages pulseaudio, pulseaudio-utils and libasound2-plugins.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { HANG_LIMIT_MS } from "../process/hang-limit.ts";

export const PULSE_RATE = 48_000;
const FORMAT = ["--raw", "--format=s16le", `--rate=${PULSE_RATE}`, "--channels=1"];
/** A long queue, so that a busy machine causes no gaps in the microphone's sound. */
const FEED_LATENCY = "--latency-msec=200";
const READER_LATENCY = "--latency-msec=10";

export interface Pulse {
  /** The environment for a process that uses this server. */
  readonly env: NodeJS.ProcessEnv;
  /** The server's process. */
  readonly pid: number;
  /** Feeds mono 48 kHz samples to the microphone, repeated without a gap, until the returned function is called. */
  play(samples: Int16Array): () => Promise<void>;
  /** Records the next `durationMs` of the sound played to `sink` (default: the speaker), mono 48 kHz. */
  record(durationMs: number, sink?: "speaker" | "micfeed"): Promise<Int16Array>;
  /** Sends SIGKILL to the server alone, like a crash. */
  kill(): Promise<void>;
  /** After kill(): starts a server at the same place. Resolves with the monotonic time in ms at which it took connections. */
  restart(): Promise<number>;
  stop(): Promise<void>;
}

/** The protocol module comes last, as in PulseAudio's own default.pa, so that clients find the devices. */
const modules = (isPrompt: boolean) => [
  nullSink("speaker", isPrompt),
  nullSink("micfeed", isPrompt),
  "module-remap-source source_name=mic master=micfeed.monitor",
  "module-native-protocol-unix auth-anonymous=1",
];

function nullSink(name: string, isPrompt: boolean): string {
  const prompt = isPrompt ? " norewinds=1" : "";
  return `module-null-sink sink_name=${name} rate=${PULSE_RATE} channels=1${prompt}`;
}

interface PulseOptions {
  /** False omits the reader that keeps an idle microphone from delivering late. */
  readonly reader?: boolean;
  /** A null sink consumes its first two seconds at once. A prompt one never takes more than 50 ms at a time. */
  readonly prompt?: boolean;
}

export async function startPulse(options: PulseOptions = {}): Promise<Pulse> {
  const directory = await mkdtemp(join(tmpdir(), "goop-pulse-"));
  const server = new PulseServer(directory, modules(options.prompt ?? false));
  try {
    await server.start(options.reader ?? true);
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class PulseServer implements Pulse {
  readonly env: NodeJS.ProcessEnv;
  readonly #directory: string;
  readonly #modules: readonly string[];
  readonly #children = new Set<ChildProcess>();
  #server: ChildProcess | undefined;
  #hasReader = false;
  #reader: ChildProcess | undefined;

  constructor(directory: string, modules: readonly string[]) {
    this.#directory = directory;
    this.#modules = modules;
    this.env = {
      ...process.env,
      XDG_RUNTIME_DIR: directory,
      PULSE_RUNTIME_PATH: join(directory, "pulse"),
      // A named server also keeps libpulse from starting its own when ours is dead.
      PULSE_SERVER: `unix:${join(directory, "pulse", "native")}`,
      PULSE_COOKIE: join(directory, "cookie"),
      ALSA_CONFIG_PATH: join(directory, "asound.conf"),
    };
  }

  get pid(): number {
    return this.#server?.pid ?? -1;
  }

  async start(withReader: boolean): Promise<void> {
    await writeFile(
      join(this.#directory, "asound.conf"),
      "pcm.default { type pulse }\nctl.default { type pulse }\n",
    );
    this.#hasReader = withReader;
    await this.restart();
    const output = this.#reader?.stdout;
    if (output) await once(output, "data", { signal: AbortSignal.timeout(HANG_LIMIT_MS) });
  }

  async restart(): Promise<number> {
    const quiet = ["-n", "--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--log-target=null"];
    this.#server = this.#run("pulseaudio", [...quiet, ...this.#modules.flatMap((module) => ["-L", module])]);
    const readyAtMs = await this.#ready(this.#server);
    await this.#command("pactl", ["set-default-sink", "speaker"]);
    await this.#command("pactl", ["set-default-source", "mic"]);
    if (this.#hasReader) {
      this.#reader = this.#run("parecord", ["-d", "mic", READER_LATENCY, ...FORMAT], "pipe");
      this.#reader.stdout?.resume();
    }
    return readyAtMs;
  }

  play(samples: Int16Array): () => Promise<void> {
    const player = this.#run("pacat", ["-d", "micfeed", FEED_LATENCY, ...FORMAT], "feed");
    const bytes = Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength);
    const feed = () => player.stdin?.write(bytes, (error) => !error && feed());
    player.stdin?.on("error", () => player.kill("SIGKILL"));
    feed();
    return () => this.#end(player);
  }

  async record(durationMs: number, sink: "speaker" | "micfeed" = "speaker"): Promise<Int16Array> {
    const samples = new Int16Array(Math.round((durationMs * PULSE_RATE) / 1_000));
    const bytes = Buffer.from(samples.buffer);
    const recorder = this.#run("parecord", ["-d", `${sink}.monitor`, READER_LATENCY, ...FORMAT], "pipe");
    const deadline = setTimeout(() => recorder.kill("SIGKILL"), durationMs + HANG_LIMIT_MS);
    let filled = 0;
    try {
      for await (const chunk of recorder.stdout ?? []) {
        filled += chunk.copy(bytes, filled);
        if (filled === bytes.length) return samples;
      }
    } finally {
      clearTimeout(deadline);
      await this.#end(recorder);
    }
    throw new Error(`${sink}.monitor gave ${filled} bytes of ${bytes.length} before its end`);
  }

  async kill(): Promise<void> {
    if (this.#server) await this.#end(this.#server);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#end(child)));
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #ready(server: ChildProcess): Promise<number> {
    const untilMs = performance.now() + HANG_LIMIT_MS;
    while (performance.now() < untilMs && server.exitCode === null) {
      if (await this.#command("pactl", ["info"]).catch(() => false)) return performance.now();
      // The server sends no event when it is ready, so it is polled.
      await wait(20);
    }
    throw new Error(`pulseaudio does not answer (status ${server.exitCode}); is it installed?`);
  }

  async #command(program: string, args: string[]): Promise<boolean> {
    const child = this.#run(program, args);
    const [code] = await once(child, "exit", { signal: AbortSignal.timeout(HANG_LIMIT_MS) });
    if (code !== 0) throw new Error(`${program} ${args.join(" ")} ended with status ${code}`);
    return true;
  }

  #run(program: string, args: string[], use: "none" | "pipe" | "feed" = "none"): ChildProcess {
    const child = spawn(program, args, {
      env: this.env,
      stdio: [use === "feed" ? "pipe" : "ignore", use === "pipe" ? "pipe" : "ignore", "ignore"],
    });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  async #end(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}
