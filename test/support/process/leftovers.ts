// Finds and ends the processes that a test file has left behind. A process belongs to the file when its environment has
// the file's mark, or when it is in the session that the file was started in.
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Name of the environment variable that marks all processes of a test file. */
export const TEST_MARK = "GOOP_TEST_MARK";

/** Identifies the processes of one test file. */
export interface ProcessOwner {
  readonly mark: string;
  /** Session id, which is the process id of a child that was started detached. */
  readonly sessionId: number;
}

/** A process that is still there. */
export interface Leftover {
  readonly pid: number;
  readonly commandLine: string;
}

const POLL_MS = 50;
// A process that survives SIGKILL for this long hangs in the kernel, and nothing can end it.
const KILL_LIMIT_MS = 3000;

/** Waits up to graceMs for the processes to end by themselves. @returns those that still run */
export async function findLeftovers(owner: ProcessOwner, graceMs: number): Promise<Leftover[]> {
  const deadline = performance.now() + graceMs;
  let found = await listOwned(owner);
  while (found.length > 0 && performance.now() < deadline) {
    await delay(POLL_MS);
    found = await listOwned(owner);
  }
  return found;
}

/** Kills all processes of the owner, each by its process id, until no new one appears. */
export async function endProcesses(owner: ProcessOwner): Promise<void> {
  const deadline = performance.now() + KILL_LIMIT_MS;
  for (let found = await listOwned(owner); found.length > 0; found = await listOwned(owner)) {
    for (const { pid } of found) killIfThere(pid);
    if (performance.now() > deadline) return;
    await delay(POLL_MS);
  }
}

async function listOwned(owner: ProcessOwner): Promise<Leftover[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => inspectProcess(pid, owner)));
  return found.filter((process) => process !== undefined);
}

async function inspectProcess(pid: number, owner: ProcessOwner): Promise<Leftover | undefined> {
  if (pid === process.pid) return undefined;
  const [stat, environment, commandLine] = await Promise.all([
    readIfThere(`/proc/${pid}/stat`),
    readIfThere(`/proc/${pid}/environ`),
    readIfThere(`/proc/${pid}/cmdline`),
  ]);
  const { state, sessionId } = parseStat(stat);
  const isDead = state === "" || state === "Z" || state === "X";
  const isMarked = environment.split("\0").includes(`${TEST_MARK}=${owner.mark}`);
  if (isDead || !(isMarked || sessionId === owner.sessionId)) return undefined;
  return { pid, commandLine: commandLine.replaceAll("\0", " ").trim() || "(no command line)" };
}

/** proc(5): pid (name) state ppid pgrp session …, where the name may contain blanks and brackets. */
function parseStat(stat: string): { state: string; sessionId: number } {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", sessionId: Number(fields[3] ?? 0) };
}

/** Returns an empty text for a process that ended meanwhile. */
async function readIfThere(path: string): Promise<string> {
  return await readFile(path, "utf8").catch(() => "");
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    const isGone = error instanceof Error && "code" in error && error.code === "ESRCH";
    if (!isGone) throw error;
  }
}
