// The plugin's end of one sound process: starts it, asks it with deadlines, moves blocks over its pipes, ends it.
// Which devices should be open, and what to do when it dies, is not decided here.

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import { extname } from "node:path";
import { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Log } from "../../log.ts";
import type { Direction } from "../device-names.ts";
import { BLOCK_BYTES, createBlockSplitter } from "../playback/block-splitter.ts";
import { createNewestBlocks } from "../playback/newest-blocks.ts";
import type { Processing } from "../sound.ts";
import { SoundError } from "../sound.ts";
import type { Progress } from "../supervision/stall-detector.ts";
import { logLines } from "./line-log.ts";
import type { Answer, DeviceLists } from "./sound-messages.ts";
import { isReport } from "./sound-messages.ts";

/** Starting and opening take 0.3 s; on a machine with five times too much to do, 4 s; with a dead server, for ever. */
const REQUEST_MS = 8_000;
/** The kernel ends a killed process at once unless a driver holds it. */
const KILL_MS = 1_000;
/** 40 ms; what the sound process has not taken by then is too old to send. */
const MAX_PIPE_BYTES = 4 * BLOCK_BYTES;

/** `.ts` where the sources run, `.js` where the compiled program does. */
const processFile = fileURLToPath(new URL(`sound-process${extname(import.meta.url)}`, import.meta.url));

export interface ChildEvents {
  onBlock(block: Int16Array): void;
  onHeartbeat(progress: Progress): void;
  /** Once, also after `kill()`. */
  onExit(): void;
}

export interface ChildOptions {
  readonly log: Log;
  /** The child's environment; the plugin's own where it is left out. */
  readonly env?: NodeJS.ProcessEnv | undefined;
}

type Body = { kind: "list" } | { kind: "open"; direction: Direction; choice: string } | CloseBody;
type CloseBody = { kind: "close"; direction: Direction };
interface Waiting {
  settle(answer: Answer): void;
  fail(error: SoundError): void;
}

export class SoundChild {
  readonly pid: number | undefined;
  readonly exited: Promise<void>;
  readonly #child: ChildProcess;
  readonly #events: ChildEvents;
  readonly #waiting = new Map<number, Waiting>();
  readonly #speakerPipe: Writable;
  readonly #newest;
  #lastRequest = 0;
  #hasExited = false;

  constructor(options: ChildOptions, events: ChildEvents) {
    this.#events = events;
    this.#child = spawn(process.execPath, [processFile], {
      stdio: ["ignore", "pipe", "pipe", "pipe", "pipe", "ipc"],
      env: options.env,
    });
    this.pid = this.#child.pid;
    this.#newest = createNewestBlocks((block) => events.onBlock(block));
    this.#speakerPipe = this.#connectPipes((line) => options.log("debug", `sound process: ${line}`));
    this.exited = new Promise((resolve) => {
      const gone = (how: string) => {
        this.#end(how);
        resolve();
      };
      this.#child.once("exit", (code, signal) => gone(`ended with ${signal ?? `status ${code}`}`));
      this.#child.once("error", (error) => gone(`cannot be run: ${error.message}`));
    });
    this.#child.on("message", (message) => this.#take(message));
  }

  async list(): Promise<DeviceLists> {
    const answer = await this.#ask({ kind: "list" });
    if (answer.result === "listed") return answer.devices;
    throw unexpected("list of devices", answer);
  }

  /** @returns what was opened, or which ids are known where the choice names no device. */
  async open(
    direction: Direction,
    choice: string,
  ): Promise<Extract<Answer, { result: "opened" | "unknown" }>> {
    const answer = await this.#ask({ kind: "open", direction, choice });
    if (answer.result === "opened" || answer.result === "unknown") return answer;
    const reason = answer.result === "failed" ? answer.message : answer.result;
    throw new SoundError(`the ${direction} ${choice} cannot be opened: ${reason}`);
  }

  async close(direction: Direction, timeoutMs: number): Promise<void> {
    await this.#ask({ kind: "close", direction }, timeoutMs);
  }

  setMuted(muted: boolean): void {
    if (muted) this.#newest.clear();
    this.#send({ kind: "mute", muted });
  }

  setProcessing(processing: Processing): void {
    this.#send({ kind: "processing", processing });
  }

  /** Takes 960 bytes, which must not change afterwards. */
  play(bytes: Uint8Array): void {
    if (!this.#hasExited && this.#speakerPipe.writableLength < MAX_PIPE_BYTES) this.#speakerPipe.write(bytes);
  }

  /** SIGKILL is the only signal that ends it for sure. Resolves when it has gone, or after a second. */
  async kill(): Promise<void> {
    this.#newest.clear();
    if (this.#hasExited) return;
    this.#child.kill("SIGKILL");
    const { promise, cancel } = deadline(KILL_MS);
    await Promise.race([this.exited, promise]);
    cancel();
  }

  #connectPipes(log: (line: string) => void): Writable {
    const [, output, errors, microphone, speaker] = this.#child.stdio;
    if (!(microphone instanceof Readable) || !(speaker instanceof Writable)) {
      throw new SoundError("the sound process has no pipes for its blocks");
    }
    for (const stream of [output, errors]) if (stream instanceof Readable) logLines(stream, log);
    const splitter = createBlockSplitter((block) => this.#newest.push(block));
    microphone.on("data", (bytes: Uint8Array) => splitter.push(bytes));
    // A broken pipe means that the process has gone, which its exit reports.
    microphone.on("error", (error) => log(error.message));
    speaker.on("error", (error) => log(error.message));
    return speaker;
  }

  #ask(body: Body, timeoutMs = REQUEST_MS): Promise<Answer> {
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
        settle: (answer) => {
          done();
          resolve(answer);
        },
        fail: (error) => {
          done();
          reject(error);
        },
      });
      this.#send({ ...body, request });
    });
  }

  /** A message that cannot be sent needs no answer: the exit that follows fails everything that waits. */
  #send(message: object): void {
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #take(message: unknown): void {
    if (!isReport(message)) return;
    if (message.kind === "heartbeat") this.#events.onHeartbeat(message);
    else this.#waiting.get(message.request)?.settle(message.answer);
  }

  #end(how: string): void {
    if (this.#hasExited) return;
    this.#hasExited = true;
    for (const waiting of this.#waiting.values()) waiting.fail(new SoundError(`the sound process ${how}`));
    this.#speakerPipe.destroy();
    this.#events.onExit();
  }
}

function unexpected(what: string, answer: Answer): SoundError {
  return new SoundError(`no ${what}: ${answer.result === "failed" ? answer.message : answer.result}`);
}

function deadline(ms: number): { promise: Promise<void>; cancel(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  return { promise, cancel: () => clearTimeout(timer) };
}
