// The threads of a process by name, and the limits of the process, from /proc (proc(5)).

import { readdirSync, readFileSync } from "node:fs";

export interface Thread {
  readonly tid: number;
  /** At most 15 characters. A new thread has the name of the thread that started it until it sets its own. */
  readonly name: string;
}

export interface PriorityLimits {
  /** Soft RLIMIT_RTPRIO: the highest real-time priority, 0 for none. */
  readonly realTimePriority: number;
  /** By the soft RLIMIT_NICE: the lowest niceness, 0 or more for none below the usual. */
  readonly nice: number;
  /** Hard RLIMIT_RTTIME in µs; Infinity without one. */
  readonly realTimeUs: number;
}

/** @returns null when the process is gone */
export function threadIdsOf(pid: number): number[] | null {
  try {
    return readdirSync(`/proc/${pid}/task`).map(Number);
  } catch {
    // It ended since its last report.
    return null;
  }
}

/** @returns null when the thread is gone */
export function threadOf(pid: number, tid: number): Thread | null {
  const text = readOrNull(`/proc/${pid}/task/${tid}/comm`);
  return text === null ? null : { tid, name: text.trimEnd() };
}

/** @returns null when the process is gone */
export function limitsOf(pid: number): PriorityLimits | null {
  const text = readOrNull(`/proc/${pid}/limits`);
  return text === null ? null : parseLimits(text);
}

/** @param text of /proc/PID/limits */
export function parseLimits(text: string): PriorityLimits {
  const line = (name: string) => {
    const limit = text.split("\n").find((one) => one.startsWith(`Max ${name} `)) ?? "";
    const [soft = "0", hard = "0"] = limit
      .split(" ")
      .filter((word) => word !== "")
      .slice(name.split(" ").length + 1);
    return { soft: numberOf(soft), hard: numberOf(hard) };
  };
  return {
    realTimePriority: line("realtime priority").soft,
    // getrlimit(2): the floor of the niceness is 20 less the limit.
    nice: 20 - line("nice priority").soft,
    realTimeUs: line("realtime timeout").hard,
  };
}

function numberOf(limit: string): number {
  return limit === "unlimited" ? Number.POSITIVE_INFINITY : Number(limit);
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The thread or process has ended.
    return null;
  }
}
