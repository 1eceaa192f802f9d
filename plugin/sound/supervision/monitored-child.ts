// A sound process and the detection of its faults: calls back once when the process has ended or is stuck.

import type { ChildOptions } from "../process/sound-child.ts";
import { SoundChild } from "../process/sound-child.ts";
import type { Progress } from "../process/sound-messages.ts";

/** Milliseconds of silence after which the process or a device counts as stuck. */
export interface StallLimits {
  /** No heartbeat. Opening a device blocks the sound process for 0.2 s, ten times that on a busy machine. */
  readonly heartbeatMs: number;
  /** An open microphone without a block. A sound server's scheduling may hold back one second. */
  readonly captureMs: number;
  /** An open speaker that takes no block, although it always gets some. */
  readonly playbackMs: number;
}

export const DEFAULT_STALL_LIMITS: StallLimits = { heartbeatMs: 4_000, captureMs: 3_000, playbackMs: 2_000 };

/** A process or device that has not started yet may still be waking up. It gets this many times the limit. */
const START_FACTOR = 2;
/** The number of checks within the shortest stall limit. */
const CHECKS_PER_LIMIT = 4;

/** The limit after the sound server went away: two heartbeats and a late one. A device without progress went with it. */
const SUSPECT_LIMIT_MS = 500;
/** A device that still makes progress after this time works without the server. */
const SUSPECT_FOR_MS = 2_000;
const SUSPECT_CHECK_MS = 100;

interface Mark {
  count: number;
  sinceMs: number;
}

/** Decides from heartbeats whether a sound process is stuck. Pure: every call passes the time. */
export class StallDetector {
  readonly #limits: StallLimits;
  #lastHeartbeatMs: number;
  #isFirst = true;
  #capture: Mark | null = null;
  #playback: Mark | null = null;
  #isSuspended = false;
  #suspectUntilMs = Number.NEGATIVE_INFINITY;

  constructor(limits: StallLimits, nowMs: number) {
    this.#limits = limits;
    this.#lastHeartbeatMs = nowMs;
  }

  heartbeat(progress: Progress, nowMs: number): void {
    this.#lastHeartbeatMs = nowMs;
    this.#isFirst = false;
    this.#capture = follow(this.#capture, progress.captured, nowMs);
    this.#playback = follow(this.#playback, progress.played, nowMs);
  }

  /** While the sound server has suspended the device, no block is expected. */
  setSuspended(isSuspended: boolean, nowMs: number): void {
    this.#isSuspended = isSuspended;
    for (const mark of [this.#capture, this.#playback]) if (mark) mark.sinceMs = nowMs;
  }

  /** Shortens the limits for a while, because the sound server went away. */
  suspect(nowMs: number): void {
    this.#suspectUntilMs = nowMs + SUSPECT_FOR_MS;
  }

  /** @returns what is stuck, as text for the log; null while everything works */
  verdict(nowMs: number): string | null {
    const isSuspect = nowMs < this.#suspectUntilMs;
    const captureMs = isSuspect ? SUSPECT_LIMIT_MS : this.#limits.captureMs;
    const playbackMs = isSuspect ? SUSPECT_LIMIT_MS : this.#limits.playbackMs;
    const heartbeatMs = this.#limits.heartbeatMs * (this.#isFirst ? START_FACTOR : 1);
    if (nowMs - this.#lastHeartbeatMs > heartbeatMs) {
      return `the sound process did not answer for ${heartbeatMs} ms`;
    }
    if (this.#isSuspended) return null;
    if (isOver(this.#capture, captureMs, nowMs)) return `the microphone gave no sound for ${captureMs} ms`;
    if (isOver(this.#playback, playbackMs, nowMs)) return `the speaker took no sound for ${playbackMs} ms`;
    return null;
  }
}

function follow(mark: Mark | null, count: number | null, nowMs: number): Mark | null {
  if (count === null) return null;
  return mark?.count === count ? mark : { count, sinceMs: nowMs };
}

function isOver(mark: Mark | null, limitMs: number, nowMs: number): boolean {
  return mark !== null && nowMs - mark.sinceMs > (mark.count === 0 ? START_FACTOR * limitMs : limitMs);
}

export interface MonitoredChild {
  readonly child: SoundChild;
  /** Call when the sound server went away: a device that went with it becomes a fault within half a second. */
  suspect(): void;
  /** While the sound server has suspended the device, no block is expected. */
  setSuspended(isSuspended: boolean): void;
  kill(): Promise<void>;
}

interface MonitoredChildEvents {
  onBlock(block: Int16Array): void;
  /** Peak of what a muted microphone captured, 0 to 1, five times a second. */
  onMutedLevel(level: number): void;
  /** Called with each heartbeat of a device that has moved blocks. */
  onRunning(pid: number): void;
  /** Called once with the reason as text, and never after `kill()`. */
  onFault(reason: string): void;
}

export function startMonitoredChild(
  options: ChildOptions,
  limits: StallLimits,
  { onBlock, onMutedLevel, onRunning, onFault }: MonitoredChildEvents,
): MonitoredChild {
  const detector = new StallDetector(limits, performance.now());
  let isMonitored = true;
  const fault = (reason: string) => {
    if (!isMonitored) return;
    stop();
    onFault(reason);
  };
  const check = () => {
    const reason = isMonitored ? detector.verdict(performance.now()) : null;
    if (reason) fault(reason);
  };
  const everyMs = Math.min(limits.heartbeatMs, limits.captureMs, limits.playbackMs) / CHECKS_PER_LIMIT;
  // Heartbeats that arrived while this thread was busy are read before setImmediate runs.
  const timer = setInterval(() => setImmediate(check), everyMs);
  let suspectTimer: NodeJS.Timeout | undefined;
  const suspect = () => {
    if (!isMonitored) return;
    detector.suspect(performance.now());
    clearInterval(suspectTimer);
    let checks = 0;
    suspectTimer = setInterval(() => {
      setImmediate(check);
      checks += 1;
      if (checks === SUSPECT_FOR_MS / SUSPECT_CHECK_MS) clearInterval(suspectTimer);
    }, SUSPECT_CHECK_MS);
  };
  const stop = () => {
    isMonitored = false;
    clearInterval(timer);
    clearInterval(suspectTimer);
  };
  const child = new SoundChild(options, {
    onBlock: (block) => {
      if (isMonitored) onBlock(block);
    },
    onHeartbeat: (heartbeat) => {
      detector.heartbeat(heartbeat, performance.now());
      if (isMonitored && heartbeat.mutedLevel !== null) onMutedLevel(heartbeat.mutedLevel);
      // By then all threads that move blocks have started.
      const hasMoved = (heartbeat.captured ?? heartbeat.played ?? 0) > 0;
      if (isMonitored && hasMoved && child.pid !== undefined) onRunning(child.pid);
    },
    onExit: (whyNotStarted) => fault(whyNotStarted ?? "the sound process ended by itself"),
  });
  return {
    child,
    suspect,
    setSuspended: (isSuspended) => detector.setSuspended(isSuspended, performance.now()),
    kill() {
      stop();
      return child.kill();
    },
  };
}
