// Reads the resources of a process from /proc, for tests of leaks and for the bench's figures.

import { readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface ProcessFigures {
  readonly descriptors: number;
  readonly threads: number;
  /** Direct and indirect children. */
  readonly children: number;
  readonly residentBytes: number;
  /** User and system time since the start. */
  readonly cpuSeconds: number;
}

/** getconf CLK_TCK: fixed to 100 in the kernel's interface to programs, time(7). */
const TICKS_PER_SECOND = 100;
const PAGE_BYTES = 4096;

/** Sums over the process and its descendants. @throws Error ENOENT when it has ended */
export function figuresOfTree(pid: number): ProcessFigures {
  const tree = [pid, ...descendants(pid)];
  const each = tree.flatMap((one) => {
    try {
      return [figuresOf(one)];
    } catch (error) {
      if (one === pid) throw error; // a child may have ended meanwhile
      return [];
    }
  });
  const sum = (key: "residentBytes" | "cpuSeconds") => each.reduce((total, one) => total + one[key], 0);
  return {
    descriptors: each[0]?.descriptors ?? 0,
    threads: each[0]?.threads ?? 0,
    children: each.length - 1,
    residentBytes: sum("residentBytes"),
    cpuSeconds: sum("cpuSeconds"),
  };
}

/** Processor seconds of this process's descendants whose command name matches. */
export function cpuSecondsOf(command: RegExp): number {
  return descendants(process.pid)
    .filter((pid) => command.test(commandOf(pid)))
    .reduce((total, pid) => total + figuresOf(pid).cpuSeconds, 0);
}

/** Sockets of the process that one of its descendants holds too, as `pid: socket:[inode]`. */
export function inheritedSockets(pid: number): string[] {
  const own = socketsOf(pid);
  return descendants(pid).flatMap((child) =>
    [...socketsOf(child)].filter((socket) => own.has(socket)).map((socket) => `${child}: ${socket}`),
  );
}

function socketsOf(pid: number): Set<string> {
  const sockets = new Set<string>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    const target = targetOf(`/proc/${pid}/fd/${fd}`);
    if (target.startsWith("socket:")) sockets.add(target);
  }
  return sockets;
}

function targetOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed meanwhile
  }
}

/** The first 15 characters of the command's name, proc_pid_comm(5); empty when the process has ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
  } catch {
    return "";
  }
}

export function descendants(pid: number): number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    try {
      return readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").trim().split(" ").filter(Boolean);
    } catch {
      return []; // the thread ended meanwhile
    }
  });
  return children.map(Number).flatMap((child) => [child, ...descendantsOrNone(child)]);
}

function descendantsOrNone(pid: number): number[] {
  try {
    return descendants(pid);
  } catch {
    return []; // ended meanwhile
  }
}

function figuresOf(pid: number): Omit<ProcessFigures, "children"> {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // Fields after the command's name, which may contain spaces; proc(5).
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    residentBytes: Number(fields[21]) * PAGE_BYTES,
    cpuSeconds: ticks / TICKS_PER_SECOND,
  };
}

/** Whether the process still runs; a zombie does not. */
export function isRunning(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3) !== "Z";
  } catch {
    return false;
  }
}
