// The plugin's end of one sound process: starts it, sends requests with deadlines, moves blocks over its pipes, ends it.
// supervision/ decides which devices are open and what happens when the process dies.

import type { ChildProcess } from "node:child_process";
import { extname } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { startProgram } from "../../common/child-process.ts";
import { failureText } from "../../common/system-failure.ts";
import type { Log } from "../../log.ts";
import type { Direction } from "../device-names.ts";
import { BLOCK_BYTES, createBlockSplitter } from "../playback/block-splitter.ts";
import { createNewestBlocks } from "../playback/newest-blocks.ts";
import type { Processing } from "../sound.ts";
import { SoundError } from "../sound.ts";
import { logLines } from "./line-log.ts";
import type { Command, DeviceLists, Heartbeat, Reply } from "./sound-messages.ts";
import { isReport } from "./sound-messages.ts";

/** Starting and opening take 0.3 s, 4 s on a machine at five times its capacity, and never end with a dead server. */
const DEFAULT_REQUEST_MS = 8_000;
/** The kernel ends a killed process at once unless a driver blocks it. */
const KILL_MS = 1_000;
/** 40 ms. Blocks that the sound process has not read by then are too old. */
const MAX_PIPE_BYTES = 4 * BLOCK_BYTES;

/** With real time the main thread must not wait for threads without: V8 would collect garbage with their help. */
const NODE_FLAGS = ["--single-threaded-gc"];
/** One worker moves blocks, and another can close the device. rtkit serves 25 threads of a user. */
const FEW_WORKERS = { UV_THREADPOOL_SIZE: "2" };

/** `.ts` when the sources run, `.js` when the compiled program runs. */
const processFile = fileURLToPath(new URL(`sound-process${extname(import.meta.url)}`, import.meta.url));

interface ChildEvents {
  onBlock(block: Int16Array): void;
  onHeartbeat(heartbeat: Heartbeat): void;
  /** Called once, also after `kill()`. @param whyNotStarted undefined if the process ran */
  onExit(whyNotStarted?: string): void;
}

export interface ChildOptions {
  readonly log: Log;
  /** The child's environment; the plugin's own by default. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Called before the process starts. */
  readonly beforeStart?: (() => void) | undefined;
  /** Within which a request is answered, in milliseconds. The default suits real machines. */
  readonly requestMs?: number | undefined;
}

type Body =
  | { kind: "list" }
  | { kind: "open"; direction: Direction; choice: string; isServers: boolean }
  | CloseBody;
type CloseBody = { kind: "close"; direction: Direction };
interface Waiting {
  settle(reply: Reply): void;
  fail(error: SoundError): void;
}

export class SoundChild {
  readonly pid: number | undefined;
  readonly exited: Promise<void>;
  /** Undefined if the process could not be started. */
  readonly #child: ChildProcess | undefined;
  readonly #events: ChildEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #speakerPipe: Writable | undefined;
  readonly #newest;
  readonly #requestMs: number;
  #lastRequest = 0;
  #hasExited = false;

  constructor(options: ChildOptions, events: ChildEvents) {
    this.#events = events;
    this.#requestMs = options.requestMs ?? DEFAULT_REQUEST_MS;
    const exited = Promise.withResolvers<void>();
    this.exited = exited.promise;
    const gone = (how: string, cause?: Error) => {
      this.#end(how, cause);
      exited.resolve();
    };
    options.beforeStart?.();
    this.#child = startProgram(
      process.execPath,
      [...NODE_FLAGS, processFile],
      {
        stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "ipc"],
        env: options.env && { ...options.env, ...FEW_WORKERS },
      },
      (error) => gone(`cannot be started: ${failureText(error)}`, error),
    );
    this.pid = this.#child?.pid;
    this.#newest = createNewestBlocks((block) => events.onBlock(block));
    this.#speakerPipe = this.#connectPipes((line) => options.log("debug", `sound process: ${line}`));
    this.#child?.once("exit", (code, signal) => gone(`ended with ${signal ?? `status ${code}`}`));
    this.#child?.on("message", (message) => this.#receive(message));
  }

  async list(): Promise<DeviceLists> {
    const reply = await this.#request({ kind: "list" });
    if (reply.result === "listed") return reply.devices;
    throw new SoundError(`the devices cannot be listed: ${reasonOf(reply)}`);
  }

  /**
   * @param isServers whether the device belongs to a sound server; otherwise its rate is checked first
   * @returns the opened device, or the existing ids when the choice names no device
   */
  async open(
    direction: Direction,
    choice: string,
    isServers = false,
  ): Promise<Extract<Reply, { result: "opened" | "unknown" }>> {
    const reply = await this.#request({ kind: "open", direction, choice, isServers });
    if (reply.result === "opened" || reply.result === "unknown") return reply;
    throw new SoundError(`the ${direction} ${choice} cannot be opened: ${reasonOf(reply)}`);
  }

  async close(direction: Direction, timeoutMs: number): Promise<void> {
    await this.#request({ kind: "close", direction }, timeoutMs);
  }

  setMuted(muted: boolean): void {
    if (muted) this.#newest.clear();
    this.#send({ kind: "mute", muted });
  }

  setProcessing(processing: Processing): void {
    this.#send({ kind: "processing", processing });
  }

  /** The delay between played and captured blocks has changed. */
  restartVoice(): void {
    this.#send({ kind: "restartVoice" });
  }

  /** Sends 960 bytes, which must not change afterwards. */
  play(bytes: Uint8Array): void {
    const pipe = this.#speakerPipe;
    if (pipe && !this.#hasExited && pipe.writableLength < MAX_PIPE_BYTES) pipe.write(bytes);
  }

  /** Sends SIGKILL, the only signal that always ends the process. Resolves at its exit, or after a second. */
  async kill(): Promise<void> {
    this.#newest.clear();
    if (this.#hasExited) return;
    this.#child?.kill("SIGKILL");
    const { promise, cancel } = timeout(KILL_MS);
    await Promise.race([this.exited, promise]);
    cancel();
  }

  /** @returns the speaker's pipe; undefined without a process, whose end follows */
  #connectPipes(log: (line: string) => void): Writable | undefined {
    if (!this.#child) return undefined;
    const [, output, errors, microphone, speaker] = this.#child.stdio;
    if (!(microphone instanceof Readable) || !(speaker instanceof Writable)) {
      throw new SoundError("the sound process has no pipes for its blocks");
    }
    for (const stream of [output, errors]) if (stream instanceof Readable) logLines(stream, log);
    const splitter = createBlockSplitter((block) => this.#newest.push(block));
    microphone.on("data", (bytes: Uint8Array) => splitter.push(bytes));
    // A broken pipe means that the process is gone, which its exit reports.
    microphone.on("error", (error) => log(error.message));
    speaker.on("error", (error) => log(error.message));
    return speaker;
  }

  #request(body: Body, timeoutMs = this.#requestMs): Promise<Reply> {
    if (this.#hasExited) return Promise.reject(new SoundError("the sound process has ended"));
    this.#lastRequest += 1;
    const request = this.#lastRequest;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(request);
        reject(new SoundError(`the sound process did not answer "${body.kind}" within ${timeoutMs} ms`));
      }, timeoutMs);
      const done = () => {
        clearTimeout(timer);
        this.#waiting.delete(request);
      };
      this.#waiting.set(request, {
        settle: (reply) => {
          done();
          resolve(reply);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      });
      this.#send({ ...body, request });
    });
  }

  /** A failure to send is ignored: the exit that follows fails all waiting requests. */
  #send(command: Command): void {
    if (this.#child?.connected) this.#child.send(command, () => undefined);
  }

  #receive(message: unknown): void {
    if (!isReport(message)) return;
    if (message.kind === "heartbeat") this.#events.onHeartbeat(message);
    else this.#waiting.get(message.request)?.settle(message.reply);
  }

  #end(how: string, cause?: Error): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    for (const waiting of this.#waiting.values())
      waiting.fail(new SoundError(`the sound process ${how}`, { cause }));
    this.#speakerPipe?.destroy();
    this.#events.onExit(cause && `the sound process ${how}`);
  }
}

function reasonOf(reply: Reply): string {
  return reply.result === "failed" ? reply.message : `unexpected reply "${reply.result}"`;
}

function timeout(ms: number): { promise: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { promise, cancel: () => clearTimeout(timer) };
}
