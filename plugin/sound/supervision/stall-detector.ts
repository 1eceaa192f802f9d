// Decides from the sound process's heartbeats whether it is stuck. Knows no process and no clock: every call
// says what time it is.

/** Milliseconds of silence after which each thing counts as stuck. */
export interface StallLimits {
  /** No heartbeat. Opening a device blocks the sound process for 0.2 s, ten times that on a busy machine. */
  readonly heartbeatMs: number;
  /** An open microphone without a block. A sound server's scheduling may hold back one second. */
  readonly captureMs: number;
  /** An open speaker that takes no block, though it always gets some. */
  readonly playbackMs: number;
}

export const DEFAULT_STALL_LIMITS: StallLimits = { heartbeatMs: 4_000, captureMs: 3_000, playbackMs: 2_000 };

/** What has not begun yet may be waking up, the process as well as a device: it gets this many times the limit. */
const START_FACTOR = 2;

/** After the sound server went: what does not move for so long went with it. Two heartbeats and one that came late. */
const HURRIED_MS = 500;
/** What still moves by then does without the server. */
const HURRY_FOR_MS = 2_000;

/** Blocks moved since the device was opened; null while none is open. */
export interface Progress {
  readonly captured: number | null;
  readonly played: number | null;
}

interface Mark {
  count: number;
  sinceMs: number;
}

export class StallDetector {
  readonly #limits: StallLimits;
  #heardMs: number;
  #isFirst = true;
  #capture: Mark | null = null;
  #playback: Mark | null = null;
  #hurryUntilMs = Number.NEGATIVE_INFINITY;

  constructor(limits: StallLimits, nowMs: number) {
    this.#limits = limits;
    this.#heardMs = nowMs;
  }

  heartbeat(progress: Progress, nowMs: number): void {
    this.#heardMs = nowMs;
    this.#isFirst = false;
    this.#capture = follow(this.#capture, progress.captured, nowMs);
    this.#playback = follow(this.#playback, progress.played, nowMs);
  }

  /** The sound server went: whether an open device went with it shall be known soon. */
  hurry(nowMs: number): void {
    this.#hurryUntilMs = nowMs + HURRY_FOR_MS;
  }

  /** What is stuck, in words for a log; null while all is well. */
  verdict(nowMs: number): string | null {
    const isHurried = nowMs < this.#hurryUntilMs;
    const captureMs = isHurried ? HURRIED_MS : this.#limits.captureMs;
    const playbackMs = isHurried ? HURRIED_MS : this.#limits.playbackMs;
    const heartbeatMs = this.#limits.heartbeatMs * (this.#isFirst ? START_FACTOR : 1);
    if (nowMs - this.#heardMs > heartbeatMs) return `the sound process did not answer for ${heartbeatMs} ms`;
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
