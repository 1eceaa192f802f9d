// Starts a helper program (a display, a browser's driver, a sound server) in a process group of its own, and ends the whole
// group on every path, also when this process exits early.
import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

/** Options for the start of a helper. */
export interface HelperOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly stdio?: StdioOptions;
  readonly cwd?: string;
}

/** A running helper with its descendants. */
export interface Helper {
  readonly child: ChildProcess;
  /** Resolves with a description when the program itself has ended. */
  readonly exited: Promise<string>;
  /** Sends SIGTERM to the group, then SIGKILL. Resolves when no process of it is left. Idempotent. */
  end(): Promise<void>;
}

const living = new Set<number>();
// Browsers write their state and stop their children on SIGTERM. A longer wait means a hang.
const POLITE_MS = 2000;
const KILL_LIMIT_MS = 5000;
const POLL_MS = 20;

process.on("exit", () => {
  for (const pid of living) signalGroup(pid, "SIGKILL");
});

/** Starts a program. @throws Error when it cannot be started, naming it */
export async function startHelper(
  command: string,
  args: readonly string[],
  options: HelperOptions = {},
): Promise<Helper> {
  const child = spawn(command, args, {
    detached: true,
    stdio: options.stdio ?? "ignore",
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  await once(child, "spawn").catch((error: unknown) => {
    throw new Error(`cannot start ${command}: is its package installed?`, { cause: error });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} has started without a process id`);
  living.add(pid);
  const exited = once(child, "exit").then(
    ([code, signal]) => `${command} ended with ${signal ?? `status ${code}`}`,
  );
  return { child, exited, end: () => endGroup(pid) };
}

/** Fails as soon as the helper ends, so that a wait for it does not last until its deadline. */
export async function raceExit<T>(helper: Helper, work: Promise<T>): Promise<T> {
  const early = helper.exited.then((how): never => {
    throw new Error(`${how} while it was still needed`);
  });
  return await Promise.race([work, early]);
}

async function endGroup(pid: number): Promise<void> {
  if (!living.has(pid)) return;
  signalGroup(pid, "SIGTERM");
  if (!(await isGoneWithin(pid, POLITE_MS))) {
    signalGroup(pid, "SIGKILL");
    if (!(await isGoneWithin(pid, KILL_LIMIT_MS))) throw new Error(`process group ${pid} survives SIGKILL`);
  }
  living.delete(pid);
}

async function isGoneWithin(pid: number, limitMs: number): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (signalGroup(pid, 0)) {
    if (performance.now() > deadline) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** @returns false when the group has no process left (kill(2), ESRCH) */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
