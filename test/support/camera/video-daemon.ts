// A PipeWire daemon with WirePlumber, private to one test, and cameras on it that need no device.
//
//     const daemon = await startVideoDaemon()
//     const camera = await daemon.addNode({ name: "front", description: "Front camera", modes: ["YUY2:640x480@30"] })
//     await daemon.stop()                                     in a finally or after(): ends all its processes
//
// Needs the packages pipewire, wireplumber, dbus and libpipewire-0.3-dev.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { busAddressIn, startBus } from "../desktop/private-bus.ts";
import { buildProgram, NATIVE, runOrFail, withCoreOf } from "../process/cpp-build.ts";
import type { Helper } from "../process/process-group.ts";

const CONFIGURATION = "/usr/share/pipewire/pipewire.conf";
const SOURCE = fileURLToPath(new URL("./video-node.cc", import.meta.url));
/** Longer than any step takes on a busy machine. Reaching it is a failure. */
const STEP_MS = 30_000;
const LOOK_EVERY_MS = 20;

/** See video-node.cc. */
export interface NodeOptions {
  readonly name: string;
  /** Such as YUY2:640x480@30. A rate of 0 is a variable one. */
  readonly modes: readonly string[];
  readonly description?: string;
  /** Absent: Camera. */
  readonly role?: string;
  /** Absent: MemFd. DmaBuf is a MemFd of that name, since a real one needs a device. */
  readonly memory?: "MemFd" | "DmaBuf" | "MemPtr";
  /** Bytes after each line. */
  readonly padding?: number;
  /** Each plane in a block of its own. */
  readonly planes?: "separate";
  readonly v4l2?: string;
  readonly devids?: string;
  /** The part that is shown: left, top, width and height. */
  readonly crop?: string;
  /** Of spa_meta_videotransform_value. */
  readonly transform?: number;
  /** A file in I420 of the mode's size, shown instead of the pattern. */
  readonly picture?: string;
}

export interface VideoNode {
  offer(modes: readonly string[]): void;
  /** Shows another part: left, top, width and height. */
  crop(part: string): void;
  silence(): void;
  /** Waits until it and another program agreed on a format. @returns such as "640x480 YUY2" */
  streaming(): Promise<string>;
  remove(): Promise<void>;
}

export interface VideoDaemon {
  /** The environment for a process that uses it. */
  readonly env: NodeJS.ProcessEnv;
  readonly socket: string;
  addNode(options: NodeOptions): Promise<VideoNode>;
  /** Kills the daemon and its session manager, as a crash would. Its nodes end with it. */
  crash(): Promise<void>;
  /** After `crash`. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

interface DaemonOptions {
  /** The program, as its command line names it, that the daemon does not let in. */
  readonly rejected?: string;
}

export async function startVideoDaemon({ rejected }: DaemonOptions = {}): Promise<VideoDaemon> {
  const daemon = new PrivateDaemon(await mkdtemp(join(tmpdir(), "goop-video-")));
  try {
    if (rejected !== undefined) await daemon.reject(rejected);
    await daemon.start();
    return daemon;
  } catch (error) {
    await daemon.stop();
    throw error;
  }
}

class PrivateDaemon implements VideoDaemon {
  readonly env: NodeJS.ProcessEnv;
  readonly socket: string;
  readonly #folder: string;
  readonly #children = new Set<ChildProcess>();
  #daemons: ChildProcess[] = [];
  #bus: Helper | null = null;
  /** Built for the first node: the emulated machine has cameras of its own, and a compiler would take it minutes. */
  #program: Promise<string> | null = null;

  constructor(folder: string) {
    this.#folder = folder;
    this.socket = join(folder, "pipewire-0");
    const { DISPLAY: _display, PIPEWIRE_REMOTE: _remote, ...inherited } = process.env;
    this.env = {
      ...inherited,
      HOME: folder,
      XDG_RUNTIME_DIR: folder,
      XDG_CONFIG_HOME: join(folder, "config"),
      XDG_STATE_HOME: join(folder, "state"),
      DBUS_SESSION_BUS_ADDRESS: busAddressIn(folder),
    };
  }

  /** libpipewire-module-access. */
  async reject(program: string): Promise<void> {
    const text = await readFile(CONFIGURATION, "utf8");
    const changed = text.replace(
      "#access.rejected = [ ]",
      `access.rejected = [ ${JSON.stringify(program)} ]`,
    );
    if (changed === text) throw new Error(`${CONFIGURATION} has no access.rejected to set`);
    const folder = join(this.#folder, "config/pipewire");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "pipewire.conf"), changed);
  }

  async #build(): Promise<string> {
    const words = (word: string) => runOrFail("sh", ["find-libraries.sh", word], { cwd: NATIVE });
    const [flags, libraries] = await Promise.all([words("pipewire-cflags"), words("pipewire-libraries")]);
    const split = (text: string) => text.trim().split(/\s+/);
    const toolchain = {
      compiler: "g++",
      compileFlags: ["-O1", "-Wall", "-Wextra", "-Werror", ...split(flags)],
      linkFlags: ["-Wl,--no-as-needed", ...split(libraries), "-Wl,--as-needed"],
    };
    return buildProgram(toolchain, withCoreOf([SOURCE]), this.#folder);
  }

  async start(): Promise<void> {
    // A bus of the system's configuration would start services, which outlive it.
    this.#bus ??= await startBus(this.#folder, "session");
    await rm(this.socket, { force: true });
    const daemon = this.#run("pipewire", []);
    await this.#exists(this.socket);
    this.#daemons = [daemon, this.#run("wireplumber", [])];
    for (const child of this.#daemons) child.once("exit", (code) => reportEarlyEnd(child, code));
  }

  async addNode({ modes, role = "Camera", ...options }: NodeOptions): Promise<VideoNode> {
    const words = Object.entries({ ...options, role, modes: modes.join(",") });
    this.#program ??= this.#build();
    const child = this.#run(
      await this.#program,
      words.map(([key, value]) => `${key}=${value}`),
      "pipe",
    );
    const lines = new Lines(child);
    await lines.next(/^ready$/);
    return {
      offer: (other) => child.stdin?.write(`modes ${other.join(",")}\n`),
      crop: (part) => child.stdin?.write(`crop ${part}\n`),
      silence: () => child.stdin?.write("silence\n"),
      streaming: async () => (await lines.next(/^streaming /)).slice("streaming ".length),
      remove: () => this.#end(child),
    };
  }

  async crash(): Promise<void> {
    await Promise.all(this.#daemons.map((child) => this.#end(child)));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#children].map((child) => this.#end(child)));
    await this.#bus?.end();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 });
  }

  #run(program: string, args: readonly string[], use: "none" | "pipe" = "none"): ChildProcess {
    const pipe = use === "pipe" ? "pipe" : "ignore";
    const stderr = process.env.VIDEO_DAEMON_DEBUG ? "inherit" : "ignore";
    const child = spawn(program, args, {
      env: this.env,
      cwd: this.#folder,
      stdio: [pipe, pipe, stderr],
    });
    this.#children.add(child);
    const gone = () => this.#children.delete(child);
    child.once("exit", gone);
    // A missing program shows as a daemon that does not answer.
    child.once("error", gone);
    // A node that ends with its daemon no longer reads.
    child.stdin?.on("error", gone);
    return child;
  }

  async #exists(path: string): Promise<void> {
    const untilMs = performance.now() + STEP_MS;
    while (!existsSync(path)) {
      if (performance.now() > untilMs) throw new Error(`nothing created ${path}; is PipeWire installed?`);
      await wait(LOOK_EVERY_MS);
    }
  }

  async #end(child: ChildProcess): Promise<void> {
    if (!this.#children.has(child)) return;
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }
}

/** `stop` and `crash` end it by a signal. Tests would wait for nodes that never come. */
function reportEarlyEnd({ spawnfile }: ChildProcess, code: number | null): void {
  if (code === null) return;
  const hint = "VIDEO_DAEMON_DEBUG=1 shows why; WirePlumber needs the folders of /run/systemd";
  console.error(`${spawnfile} ended by itself with status ${code} (${hint})`);
}

/** The lines that a program writes, each once. */
class Lines {
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;
  #hasEnded = false;

  constructor(child: ChildProcess) {
    if (child.stdout === null) throw new Error("the program has no output");
    const reader = createInterface({ input: child.stdout });
    reader.on("line", (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    reader.on("close", () => {
      this.#hasEnded = true;
      this.#wake();
    });
  }

  async next(pattern: RegExp): Promise<string> {
    for (;;) {
      const at = this.#lines.findIndex((line) => pattern.test(line));
      if (at >= 0) return this.#lines.splice(0, at + 1).at(-1) ?? "";
      if (this.#hasEnded) throw new Error(`the program ended before it wrote ${pattern}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
