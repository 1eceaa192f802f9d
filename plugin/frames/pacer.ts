// When a stream's next picture may go, so that its rate keeps below maxFps. Knows only the clock it is given.

export interface Pacer {
  isDue(nowMs: number): boolean;
  /** A picture goes now. */
  take(nowMs: number): void;
}

/**
 * Pictures may come this much before their turn: more than a timer's and a collector's jitter, less than an eye sees.
 * Without it a source of 30 pictures a second, each some milliseconds early or late, would lose every second one at
 * maxFps 30.
 */
const EARLY_MS = 50;

/**
 * A leaky schedule (ITU-T I.371, annex A: the virtual scheduling algorithm). Over any time t at most
 * t × maxFps + 1 + EARLY_MS × maxFps pictures are due, for low rates one more than t × maxFps.
 */
export function createPacer(maxFps: number): Pacer {
  const intervalMs = 1000 / maxFps;
  const earlyMs = Math.min(EARLY_MS, 2 * intervalMs);
  let nextTurnMs = Number.NEGATIVE_INFINITY;
  return {
    isDue: (nowMs) => nowMs >= nextTurnMs - earlyMs,
    take(nowMs) {
      nextTurnMs = Math.max(nextTurnMs, nowMs) + intervalMs;
    },
  };
}
