// Gives the threads that carry a call's sound a higher priority while sound runs, so that other programs cannot make it drop. The
// sound processes get real time. The plugin's own threads can run for long, so they get a lower niceness only.

import { getPriority } from "node:os";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { ConnectToDaemon, RealTimeDaemon } from "./real-time-daemon.ts";
import { type Role, roleInPlugin, roleInSoundProcess } from "./roles.ts";
import { limitsOf, type PriorityLimits, threadIdsOf, threadOf } from "./threads.ts";
import { type Achieved, giveNiceness, giveRealTime, type PrioritySystem } from "./ways.ts";

/** A call starts its threads during its first seconds. */
const REVIEW_MS = 400;
/** Where sound can get no more, pictures get less: a quarter of what others get. */
const PICTURE_STEP = 5;
const MOST_NICE = 19;
const OWN_THREADS = "the threads for sound in this process have";

export interface SoundPriority {
  /** A sound process moves blocks. Cheap, and called with each of its reports. Failures go to the log only. */
  soundRuns(pid: number): void;
  /** Resolves when no request is under way. */
  settled(): Promise<void>;
}

interface SoundPriorityOptions {
  readonly system: PrioritySystem;
  readonly connect: ConnectToDaemon;
  readonly log: Log;
  /** The plugin's process. */
  readonly ownPid?: number;
  readonly clock?: () => number;
}

interface Followed {
  reviewedMs: number;
  /** Threads whose role is settled. */
  readonly judged: Set<number>;
  /** Threads that have been there at the last review. */
  seen: ReadonlySet<number>;
}

interface Found {
  readonly pid: number;
  readonly tid: number;
  readonly role: Role;
}

export function createSoundPriority(options: SoundPriorityOptions): SoundPriority {
  return new SoundPriorityService(options);
}

class SoundPriorityService implements SoundPriority {
  readonly #options: SoundPriorityOptions;
  readonly #ownPid: number;
  readonly #usualNice: number;
  readonly #followed = new Map<number, Followed>();
  /** What the log has had. */
  readonly #logged = new Set<string>();
  #hasDaemon = true;
  #isOwnRaised = true;
  #raising: Promise<void> | null = null;

  constructor(options: SoundPriorityOptions) {
    this.#options = options;
    this.#ownPid = options.ownPid ?? process.pid;
    this.#usualNice = getPriority();
  }

  soundRuns(pid: number): void {
    // What is new meanwhile is found by the next report.
    if (this.#raising !== null) return;
    const found = [pid, this.#ownPid].flatMap((one) => this.#review(one));
    if (found.length === 0) return;
    this.#raising = this.#raise(found)
      .catch((error: unknown) => this.#options.log("warn", `priority of the sound: ${errorText(error)}`))
      .finally(() => {
        this.#raising = null;
      });
  }

  async settled(): Promise<void> {
    await this.#raising;
  }

  /** @returns the new threads of one process that have a role */
  #review(pid: number): Found[] {
    const nowMs = (this.#options.clock ?? (() => performance.now()))();
    const followed = this.#follow(pid);
    if (nowMs - followed.reviewedMs < REVIEW_MS) return [];
    followed.reviewedMs = nowMs;
    const tids = threadIdsOf(pid);
    if (tids === null) this.#followed.delete(pid);
    const present = new Set(tids);
    for (const tid of followed.judged) if (!present.has(tid)) followed.judged.delete(tid);
    // A new thread of the plugin may still have another's name. A sound process starts none that matters here.
    const isReady = (tid: number) => pid !== this.#ownPid || tid === pid || followed.seen.has(tid);
    const due = [...present].filter((tid) => !followed.judged.has(tid) && isReady(tid));
    followed.seen = present;
    for (const tid of due) followed.judged.add(tid);
    return due.flatMap((tid) => {
      const name = threadOf(pid, tid)?.name;
      if (name === undefined) return [];
      const role = pid === this.#ownPid ? roleInPlugin(name, tid === pid) : roleInSoundProcess(name);
      return role === "other" ? [] : [{ pid, tid, role }];
    });
  }

  #follow(pid: number): Followed {
    const known = this.#followed.get(pid);
    if (known) return known;
    for (const other of this.#followed.keys()) if (threadIdsOf(other) === null) this.#followed.delete(other);
    const followed = {
      reviewedMs: Number.NEGATIVE_INFINITY,
      judged: new Set<number>(),
      seen: new Set<number>(),
    };
    this.#followed.set(pid, followed);
    return followed;
  }

  async #raise(found: readonly Found[]): Promise<void> {
    const ofSoundProcess = found.filter(({ pid }) => pid !== this.#ownPid);
    const own = found.filter(({ pid }) => pid === this.#ownPid);
    const daemon = await this.#connect();
    try {
      for (const [what, threads, give] of [
        ["the sound process has", ofSoundProcess, giveRealTime],
        [OWN_THREADS, own.filter(({ role }) => role === "sound"), giveNiceness],
      ] as const) {
        this.#report(what, await this.#raiseAll(threads, daemon, give));
      }
      // A daemon serves a limited number of threads of a user, so it is not asked for these.
      await this.#raiseAll(
        own.filter(({ role }) => role === "helper"),
        null,
        giveNiceness,
      );
      this.#setPictures(own);
    } finally {
      daemon?.disconnect();
    }
  }

  async #connect(): Promise<RealTimeDaemon | null> {
    if (!this.#hasDaemon) return null;
    const daemon = await this.#options.connect();
    this.#hasDaemon = daemon !== null;
    return daemon;
  }

  async #raiseAll(
    threads: readonly Found[],
    daemon: RealTimeDaemon | null,
    give: typeof giveRealTime,
  ): Promise<Achieved[]> {
    const limits = new Map<number, PriorityLimits | null>();
    const achieved: Achieved[] = [];
    for (const { pid, tid } of threads) {
      if (!limits.has(pid)) limits.set(pid, limitsOf(pid));
      const own = limits.get(pid) ?? null;
      // Threads may end at any time, and then nothing was refused.
      if (own === null || threadOf(pid, tid) === null) continue;
      achieved.push(await give(pid, tid, { system: this.#options.system, daemon, limits: own }));
    }
    return achieved;
  }

  /** The least that one of the threads has decides. */
  #report(what: string, achieved: readonly Achieved[]): void {
    const least =
      achieved.find(({ kind }) => kind === "nothing") ??
      achieved.find(({ kind }) => kind === "niceness") ??
      achieved[0];
    if (least === undefined) return;
    if (what === OWN_THREADS) this.#isOwnRaised = least.kind !== "nothing";
    const kind = `${what} ${least.kind}`;
    if (this.#logged.has(kind)) return;
    this.#logged.add(kind);
    this.#options.log("info", `${what} ${describeAchieved(least)}`);
  }

  /** Also takes real time away from them, which libwebrtc takes by itself where the user may (as root). */
  #setPictures(own: readonly Found[]): void {
    const nice = Math.min(MOST_NICE, this.#usualNice + (this.#isOwnRaised ? 0 : PICTURE_STEP));
    for (const { tid, role } of own) {
      if (role !== "picture") continue;
      try {
        this.#options.system.setNiceness(tid, nice);
      } catch (error) {
        this.#options.log("debug", `niceness of the pictures: ${errorText(error)}`);
      }
    }
  }
}

/** Completes a sentence such as "the sound process has". */
function describeAchieved(achieved: Achieved): string {
  switch (achieved.kind) {
    case "realTime":
      return `real-time priority ${achieved.priority} from ${achieved.from}`;
    case "niceness":
      return `niceness ${achieved.nice} from ${achieved.from}`;
    case "nothing":
      return `no higher priority than other programs (${achieved.why})`;
  }
}
