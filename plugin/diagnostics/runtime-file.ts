// How a running plugin is found by `goop-call-plugin inspect`: one small file for each process, readable by its user alone,
// because it holds the session's token.

import { lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const runningPluginSchema = z.strictObject({
  pid: z.int().positive(),
  /** When the process began, by proc(5): a later process may get the same pid. */
  startTicks: z.string(),
  version: z.string(),
  /** The identity's label, so that people can tell two plugins apart. */
  label: z.string(),
  /** Null while the setting `debugging` is off. */
  watch: z.strictObject({ pageUrl: z.string(), statelyUrl: z.string() }).nullable(),
});
/** A plugin that runs now. */
export type RunningPlugin = z.infer<typeof runningPluginSchema>;

/** What the process says about itself; the rest is found out here. */
export type RuntimeNote = Pick<RunningPlugin, "version" | "label" | "watch">;

const NAME = /^([1-9]\d{0,9})\.json$/;
/** Of stat(2): what others may do. */
const OTHERS = 0o077;
/** proc(5), stat: `starttime` is the 22nd field, the 20th behind the command's name. */
const START_FIELD = 19;

/** @param runtimeDir `$XDG_RUNTIME_DIR`, the user's own until the session ends (XDG Base Directory Specification) */
export function runtimeFolder(runtimeDir: string | undefined, tmpDir: string, uid: number): string {
  return runtimeDir ? join(runtimeDir, "goop-call-plugin") : join(tmpDir, `goop-call-plugin-${uid}`);
}

/** Replaces what this process said before, in one step. @throws Error where the folder is another user's or cannot be made */
export function writeRuntimeFile(folder: string, note: RuntimeNote): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
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
 * Those of this user, the lowest pid first. What a dead one left is removed.
 * @throws Error where the folder is another user's
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
  // One that lives and whose note cannot be read may be of another version.
  if (startTicks === null || running) rmSync(path, { force: true });
  return null;
}

function parse(path: string): RunningPlugin | null {
  try {
    return runningPluginSchema.safeParse(JSON.parse(readFileSync(path, "utf8"))).data ?? null;
  } catch {
    return null; // gone meanwhile, or no JSON
  }
}

/** Null where no such process runs. */
function startTicksOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The command's name may hold spaces and brackets.
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[START_FIELD] ?? null;
  } catch {
    return null;
  }
}

function isThere(folder: string): boolean {
  return lstatSync(folder, { throwIfNoEntry: false }) !== undefined;
}

/** In a folder that another user can write to, the address could be of a trap. */
function requireOwn(folder: string): void {
  const stat = lstatSync(folder);
  const isOwn = stat.isDirectory() && stat.uid === process.getuid?.() && (stat.mode & OTHERS) === 0;
  if (!isOwn) throw new Error(`${folder} must be a folder of this user alone (mode 0700)`);
}
