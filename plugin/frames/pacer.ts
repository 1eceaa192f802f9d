// Decides when a stream's next frame is due, so that its rate stays below maxFps.

export interface Pacer {
  isDue(nowMs: number): boolean;
  /** Milliseconds until a frame is due; 0 if one is. */
  waitMs(nowMs: number): number;
  /** Records that a frame is sent now. */
  take(nowMs: number): void;
}

/**
 * Frames may be this early: more than the jitter of timers and garbage collection, and too little to be visible. Without
 * it a source of 30 frames per second with a jitter of some milliseconds would lose every second frame at maxFps 30.
 */
const EARLY_MS = 50;

/**
 * The virtual scheduling algorithm of ITU-T I.371, annex A. Over any time t at most
 * t × maxFps + 1 + EARLY_MS × maxFps frames are due, for low rates one more than t × maxFps.
 */
export function createPacer(maxFps: number): Pacer {
  const intervalMs = 1000 / maxFps;
  const earlyMs = Math.min(EARLY_MS, 2 * intervalMs);
  let nextTurnMs = Number.NEGATIVE_INFINITY;
  const waitMs = (nowMs: number) => Math.max(0, nextTurnMs - earlyMs - nowMs);
  return {
    isDue: (nowMs) => waitMs(nowMs) === 0,
    waitMs,
    take(nowMs) {
      nextTurnMs = Math.max(nextTurnMs, nowMs) + intervalMs;
    },
  };
}
