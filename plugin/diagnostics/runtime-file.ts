// The runtime files, by which `goop-call-plugin inspect` finds running plugins. Each process has a small file that only its user
// can read, because it contains the session's token.

import { lstatSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { makeFolderSync } from "../common/make-folder.ts";

const runningPluginSchema = z.object({
  pid: z.int().positive(),
  /** Start time of the process, see proc(5). It distinguishes a later process with the same pid. */
  startTicks: z.string(),
  version: z.string(),
  /** Label of the identity, by which a user distinguishes two plugins. */
  label: z.string(),
  /** Null while the setting `debugging` is off. */
  watch: z.strictObject({ pageUrl: z.string(), statelyUrl: z.string() }).nullable(),
  /** What it has refused, as of a minute ago at most. */
  refused: z.array(z.object({ reason: z.string(), count: z.number() })).default([]),
});
/** A running plugin. */
export type RunningPlugin = z.infer<typeof runningPluginSchema>;

/** The fields that the caller supplies. */
export type RuntimeNote = Pick<RunningPlugin, "version" | "label" | "watch" | "refused">;

const NAME = /^([1-9]\d{0,9})\.json$/;
/** Permissions of group and others, see stat(2). */
const OTHERS = 0o077;
/** proc(5), stat: `starttime` is the 22nd field, and the 20th after the command's name. */
const START_FIELD = 19;

/** @param runtimeDir `$XDG_RUNTIME_DIR`, which belongs to the user (XDG Base Directory Specification) */
export function runtimeFolder(runtimeDir: string | undefined, tmpDir: string, uid: number): string {
  return runtimeDir ? join(runtimeDir, "goop-call-plugin") : join(tmpDir, `goop-call-plugin-${uid}`);
}

/** Replaces the file of this process atomically. @throws Error if the folder belongs to another user or cannot be created */
export function writeRuntimeFile(folder: string, note: RuntimeNote): void {
  makeFolderSync(folder);
  requireOwn(folder);
  const { pid } = process;
  const running: RunningPlugin = { pid, startTicks: startTicksOf(pid) ?? "", ...note };
  const draft = join(folder, `.${pid}`);
  writeFileSync(draft, `${JSON.stringify(running)}\n`, { mode: 0o600 });
  renameSync(draft, join(folder, `${pid}.json`));
}

export function removeRuntimeFile(folder: string): void {
  rmSync(join(folder, `${process.pid}.json`), { force: true });
}

/**
 * Removes the files of ended processes.
 * @returns the running plugins of this user, the lowest pid first
 * @throws Error if the folder belongs to another user
 */
export function listRunning(folder: string): RunningPlugin[] {
  if (!isThere(folder)) return [];
  requireOwn(folder);
  const named = readdirSync(folder).flatMap((name) => {
    const pid = NAME.exec(name)?.[1];
    return pid === undefined ? [] : [{ path: join(folder, name), pid: Number(pid) }];
  });
  return named.flatMap(({ path, pid }) => read(path, pid) ?? []).sort((a, b) => a.pid - b.pid);
}

function read(path: string, pid: number): RunningPlugin | null {
  const running = parse(path);
  const startTicks = startTicksOf(pid);
  if (running && running.pid === pid && running.startTicks === startTicks) return running;
  // A live process with an unreadable file may be another version of the plugin.
  if (startTicks === null || running) rmSync(path, { force: true });
  return null;
}

function parse(path: string): RunningPlugin | null {
  try {
    return runningPluginSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data ?? null;
  } catch {
    return null; // removed meanwhile, or not JSON
  }
}

/** @returns null if no such process runs */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name may contain spaces and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_FIELD] ?? null;
  } catch {
    return null;
  }
}

function isThere(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
}

/** A folder that another user can write to could contain a forged address. */
function requireOwn(folder: string): void {
  const stat = lstatSync(folder);
  const isOwn = stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & OTHERS) === 0;
  if (!isOwn) throw new Error(`${folder} must be a folder of this user with mode 0700`);
}
