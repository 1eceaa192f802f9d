// Finds and ends the processes that a test file has left behind. A process belongs to the file when it carries the file's
// mark in its environment or is in the session that the file was started in. It must not know what the processes are.
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

/** Name of the environment variable that marks everything a test file starts. */
export const TEST_MARK = "GOOP_TEST_MARK";

/** What identifies the processes of one test file. */
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
// A process that SIGKILL does not end within this time hangs in the kernel: nothing more can be done about it.
const KILL_LIMIT_MS = 3000;

/** @returns what is still running, after giving it up to graceMs to end by itself */
export async function findLeftovers(owner: ProcessOwner, graceMs: number): Promise<Leftover[]> {
  const deadline = performance.now() + graceMs;
  let found = await listOwned(owner);
  while (found.length > 0 && performance.now() < deadline) {
    await delay(POLL_MS);
    found = await listOwned(owner);
  }
  return found;
}

/** Kills everything the owner has, each by its process id, until nothing new appears. */
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

/** proc(5): pid (name) state ppid pgrp session …, where the name may hold blanks and brackets. */
function parseStat(stat: string): { state: string; sessionId: number } {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { state: fields[0] ?? "", sessionId: Number(fields[3] ?? 0) };
}

/** A process may end while it is looked at: what cannot be read any more is empty. */
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
