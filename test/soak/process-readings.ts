// What the processes of a soak hold at one moment.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type BenchSide, pidOf } from "../bench/bench-side.ts";
import { descendants } from "../support/process/process-figures.ts";
import type { DriverReading, SideReading } from "./limits.ts";

interface Held {
  readonly residentBytes: number;
  /** Shared memory and shared anonymous mappings. */
  readonly sharedBytes: number;
  readonly descriptors: number;
  readonly threads: number;
}

const NOTHING: Held = { residentBytes: 0, sharedBytes: 0, descriptors: 0, threads: 0 };
const BYTES_PER_KB = 1024;

/** Of the plugin's process, and the sum of its children, which are sound processes. */
export async function readSide(side: BenchSide): Promise<SideReading> {
  const { heapUsed, external } = await side.probe();
  const pid = pidOf(side.host);
  const own = heldBy(pid);
  const pathSockets = udpSocketsOf(pid);
  const children = descendants(pid);
  const sound = children.map(heldOrNothing).reduce(sumOf, NOTHING);
  return {
    rss: own.residentBytes + sound.residentBytes,
    heap: heapUsed,
    external,
    shared: own.sharedBytes + sound.sharedBytes,
    soundRss: sound.residentBytes,
    descriptors: own.descriptors - pathSockets,
    pathSockets,
    threads: own.threads,
    soundDescriptors: sound.descriptors,
    soundThreads: sound.threads,
    children: children.length,
  };
}

/** Of this process, which is the host of both sides and the network between them. Collects garbage first. */
export function readDriver(): DriverReading {
  collectGarbage();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss, heap: heapUsed, descriptors: readdirSync("/proc/self/fd").length };
}

function collectGarbage(): void {
  setFlagsFromString("--expose-gc");
  runInNewContext("gc")();
}

function heldOrNothing(pid: number): Held {
  try {
    return heldBy(pid);
  } catch {
    return NOTHING; // ended meanwhile
  }
}

/** From /proc/PID/status, proc_pid_status(5). */
function heldBy(pid: number): Held {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const bytes = (name: string) =>
    BYTES_PER_KB * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0);
  return {
    residentBytes: bytes("VmRSS"),
    sharedBytes: bytes("RssShmem"),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
  };
}

/**
 * UDP sockets, which only the engine opens here. It keeps those of each earlier path until the call ends: one for each own address
 * and ICE restart.
 */
function udpSocketsOf(pid: number): number {
  const own = new Set(udpInodes(pid));
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => own.has(inodeOf(`/proc/${pid}/fd/${fd}`))).length;
}

/** Of all UDP sockets in the process's network: proc_pid_net(5). The tenth field is the inode. */
function udpInodes(pid: number): string[] {
  return ["udp", "udp6"].flatMap((table) => {
    const [, ...lines] = readFileSync(`/proc/${pid}/net/${table}`, "utf8").trim().split("\n");
    return lines.map((line) => line.trim().split(/\s+/)[9] ?? "");
  });
}

/** The number in `socket:[number]`; empty for another kind, or if it was closed meanwhile. */
function inodeOf(path: string): string {
  try {
    return /^socket:\[(\d+)\]$/.exec(readlinkSync(path))?.[1] ?? "";
  } catch {
    return "";
  }
}

function sumOf(one: Held, other: Held): Held {
  return {
    residentBytes: one.residentBytes + other.residentBytes,
    sharedBytes: one.sharedBytes + other.sharedBytes,
    descriptors: one.descriptors + other.descriptors,
    threads: one.threads + other.threads,
  };
}
