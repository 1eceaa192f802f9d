// The ways to a higher priority for one thread, best first: the daemon, then the user's limits. Each answers what it achieved.

import { getPriority } from "node:os";
import type { Native } from "../../native/types.ts";
import { errorText } from "../common/error-text.ts";
import type { RealTimeDaemon } from "./real-time-daemon.ts";
import type { PriorityLimits } from "./threads.ts";

export type PrioritySystem = Pick<Native, "setRealTime" | "setNiceness">;

/** How a thread is scheduled now. */
export type Achieved =
  | { readonly kind: "realTime"; readonly priority: number; readonly from: string }
  | { readonly kind: "niceness"; readonly nice: number; readonly from: string }
  | { readonly kind: "nothing"; readonly why: string };

/** PulseAudio's own real-time priority. PipeWire takes the most that rtkit gives, 20. */
const PRIORITY = 5;
/** PulseAudio's and PipeWire's own niceness. */
const NICE = -11;
/** rtkit's limit for RLIMIT_RTTIME. Real time without such a limit could take the machine from its user. */
const MOST_REAL_TIME_US = 200_000;
const LIMITS = "the limits of this user";

interface Ways {
  readonly system: PrioritySystem;
  readonly daemon: RealTimeDaemon | null;
  /** Of the thread's process. */
  readonly limits: PriorityLimits;
}

/** For a thread that runs for less than a millisecond at a time. */
export async function giveRealTime(pid: number, tid: number, ways: Ways): Promise<Achieved> {
  const { system, daemon, limits } = ways;
  const reasons: string[] = [];
  const most = daemon?.offer.maxRealTimeUs ?? 0;
  if (daemon !== null && daemon.offer.maxPriority > 0 && limits.realTimeUs <= most) {
    const priority = Math.min(PRIORITY, daemon.offer.maxPriority);
    const why = await refusal(() => daemon.setRealTime(pid, tid, priority));
    if (why === null) return { kind: "realTime", priority, from: daemon.offer.name };
    reasons.push(`${daemon.offer.name}: ${why}`);
  }
  if (limits.realTimeUs <= MOST_REAL_TIME_US) {
    const priority = limits.realTimePriority > 0 ? Math.min(PRIORITY, limits.realTimePriority) : PRIORITY;
    const why = await refusal(() => system.setRealTime(tid, priority));
    if (why === null) return { kind: "realTime", priority, from: LIMITS };
    reasons.push(`real time: ${why}`);
  } else reasons.push("the process has no limit for real time");
  const nice = await giveNiceness(pid, tid, ways);
  return nice.kind === "nothing" ? { kind: "nothing", why: [...reasons, nice.why].join("; ") } : nice;
}

/** For a thread that may run for long: it gets more than others, and they are not stopped. */
export async function giveNiceness(
  pid: number,
  tid: number,
  { system, daemon, limits }: Ways,
): Promise<Achieved> {
  const reasons: string[] = [];
  if (daemon !== null && daemon.offer.minNice < 0) {
    const nice = Math.max(NICE, daemon.offer.minNice);
    const why = await refusal(() => daemon.setNiceness(pid, tid, nice));
    if (why === null) {
      // The daemon cannot give a shorter turn.
      await refusal(() => system.setNiceness(tid, nice));
      return { kind: "niceness", nice, from: daemon.offer.name };
    }
    reasons.push(`${daemon.offer.name}: ${why}`);
  }
  const nice = limits.nice < 0 ? Math.max(NICE, limits.nice) : NICE;
  const why = await refusal(() => system.setNiceness(tid, nice));
  if (why === null) return { kind: "niceness", nice, from: LIMITS };
  // A shorter wait for its turn needs no right.
  await refusal(() => system.setNiceness(tid, getPriority(tid)));
  return { kind: "nothing", why: [...reasons, `niceness: ${why}`].join("; ") };
}

/** @returns null when it was not refused */
async function refusal(request: () => Promise<void> | void): Promise<string | null> {
  try {
    await request();
    return null;
  } catch (error) {
    return errorText(error);
  }
}
