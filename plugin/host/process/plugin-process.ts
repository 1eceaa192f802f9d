// Starts the plugin's program over stdio, observes its exit, and stops it: first by the protocol, then by SIGKILL.

import type { ChildProcess, SpawnOptions } from "node:child_process";
import { createInterface } from "node:readline";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { startProgram } from "../../common/child-process.ts";
import { errorText } from "../../common/error-text.ts";
import { failureText } from "../../common/system-failure.ts";
import { connectPlugin, type HostLink } from "../../rpc/host-link.ts";

/** Milliseconds before a plugin that should leave is killed. */
export interface LeaveTimeouts {
  /** For the answer to `shutdown`. */
  readonly shutdownMs: number;
  /** From `exit` to the end of the process. */
  readonly exitMs: number;
}

/** A hang-up takes up to 0.7 s, so a plugin that needs longer than this is stuck. */
const leaveTimeouts: LeaveTimeouts = { shutdownMs: 3_000, exitMs: 2_000 };
/** The last lines on stderr can arrive after the exit. */
const STDERR_DRAIN_MS = 200;
const NO_PIPES = { stdin: null, stdout: null, stderr: null };

/** A `program` without a slash is looked up in PATH, as by execvp(3). */
export interface PluginCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** How a plugin process ended. */
export interface PluginExit {
  /** A sentence with the exit status or the signal. */
  readonly why: string;
  readonly code: number | null;
  readonly signal: string | null;
  /** The last line on stderr, or "". */
  readonly lastLine: string;
}

/** Exists also when the program could not be started. `exited` then holds the reason. */
export interface PluginProcess {
  readonly link: HostLink;
  readonly pid: number | undefined;
  /** Never rejects. */
  readonly exited: Promise<PluginExit>;
  /** Sends `shutdown` and `exit`, then SIGKILL after the timeout. Idempotent. */
  stop(): Promise<PluginExit>;
}

/** This package's own program: compiled or source, like this file. */
export function ownPlugin(): PluginCommand {
  const name = import.meta.url.endsWith(".ts") ? "../../main.ts" : "../../main.js";
  return { program: process.execPath, args: [fileURLToPath(new URL(name, import.meta.url))] };
}

/**
 * @param env undefined uses this process's environment
 * @param onLine receives every line that the plugin writes to stderr
 */
export function startPlugin(
  { program, args }: PluginCommand,
  env: NodeJS.ProcessEnv | undefined,
  onLine: (line: string) => void,
  timeouts = leaveTimeouts,
): PluginProcess {
  // In its own process group, the plugin does not receive the terminal's Ctrl-C. The host ends it in order instead.
  const failed = Promise.withResolvers<Error>();
  const options = { stdio: ["pipe", "pipe", "pipe"], env, detached: true } satisfies SpawnOptions;
  const child = startProgram(program, args, options, failed.resolve);
  // Without a process the link is a dead end, until its exit is reported.
  const { stdin, stdout, stderr } = child ?? NO_PIPES;
  let lastLine = "";
  const lines = createInterface({ input: stderr ?? new PassThrough() });
  lines.on("line", (line) => {
    lastLine = line;
    onLine(line);
  });
  const link = connectPlugin(stdin ?? new PassThrough(), stdout ?? new PassThrough(), {
    log: (level, message) => onLine(`host: ${level}: ${message}`),
  });
  const exited = untilExit(child, failed.promise, () => lastLine);
  void exited.then(() => link.close());
  let stopping: Promise<PluginExit> | undefined;
  return {
    link,
    pid: child?.pid,
    exited,
    stop: () => {
      stopping ??= stop({ child, link, exited, onLine }, timeouts);
      return stopping;
    },
  };
}

/** @param failed resolves if the program could not be started */
async function untilExit(
  child: ChildProcess | undefined,
  failed: Promise<Error>,
  lastLine: () => string,
): Promise<PluginExit> {
  const end = Promise.withResolvers<{ code: number | null; signal: string | null; error?: Error }>();
  child?.once("exit", (code, signal) => end.resolve({ code, signal }));
  void failed.then((error) => end.resolve({ code: null, signal: null, error }));
  const closed = new Promise<void>((resolve) => child?.once("close", () => resolve()));
  const { code, signal, error } = await end.promise;
  if (error) {
    const why = `it could not be started: ${failureText(error)}`;
    return { code, signal, why, lastLine: lastLine() };
  }
  await settlesWithin(closed, STDERR_DRAIN_MS);
  const why = signal ? `it was ended by signal ${signal}` : `it left with exit status ${code}`;
  return { code, signal, why, lastLine: lastLine() };
}

interface Running {
  readonly child: ChildProcess | undefined;
  readonly link: HostLink;
  readonly exited: Promise<PluginExit>;
  readonly onLine: (line: string) => void;
}

async function stop({ child, link, exited, onLine }: Running, timeouts: LeaveTimeouts): Promise<PluginExit> {
  try {
    await link.request("shutdown", {}, { timeoutMs: timeouts.shutdownMs });
  } catch (error) {
    onLine(`host: shutdown was not answered: ${errorText(error)}`);
  }
  link.notify("exit", {});
  if (!(await settlesWithin(exited, timeouts.exitMs))) {
    onLine(`host: process ${child?.pid} did not leave within ${timeouts.exitMs} ms; SIGKILL`);
    child?.kill("SIGKILL");
  }
  return exited;
}

/** @returns whether `event` resolved within `timeoutMs` */
async function settlesWithin(event: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
  });
  try {
    return await Promise.race([event.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
