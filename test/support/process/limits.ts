// Takes resources from a running process and gives them back, and starts programs on a machine where a disk is full.

import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";

/** The number of files and connections that a process has open. */
export function openDescriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** The soft limit of open files: proc(5), limits. */
export function descriptorLimit(pid: number): number {
  return Number(/^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, "utf8"))?.[1]);
}

/** Sets the soft limit of open files; what is open stays open. The hard limit stays, so that the soft one can rise again. */
export function limitDescriptors(pid: number, count: number): void {
  execFileSync("prlimit", ["--pid", String(pid), `--nofile=${count}:`]);
}

/** Sets the soft limit of processes and threads of the process's user. Only that user may do so. */
export function limitProcesses(pid: number, count: number): void {
  const { uid, gid } = statSync(`/proc/${pid}`);
  execFileSync("prlimit", ["--pid", String(pid), `--nproc=${count}:`], { uid, gid });
}

/** @returns a command that runs a program with small file systems of its own at these places, sizes as of mount(8) */
export function withSmallDisks(sizes: Readonly<Record<string, string>>): string[] {
  const mounts = Object.entries(sizes).map(
    ([path, size]) => `mount -t tmpfs -o size=${size} tmpfs '${path}'`,
  );
  return ["unshare", "--mount", "sh", "-c", `${mounts.join(" && ")} && exec "$@"`, "sh"];
}
