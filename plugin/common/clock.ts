// The clocks of this program. The date can be set at any moment, by hand or by a time server. So no duration, rate or deadline is
// measured with it: those use monotonic time. Only this module reads the date.

const US_PER_MS = 1_000;
const NS_PER_MS = 1_000_000;
/** A smaller step is the rounding of the two clocks, or the steering of a time server. */
const SMALLEST_STEP_MS = 1_000;

/** @returns Unix milliseconds, for dates that people or other programs read; jumps when the clock is set */
export function dateMs(): number {
  return Date.now();
}

/** @returns today's date and time, as {@link dateMs} */
export function today(): Date {
  return new Date(dateMs());
}

/** @param unixMs of another clock. @returns the date and time in UTC, as ISO 8601 writes it */
export function isoDate(unixMs: number): string {
  return new Date(unixMs).toISOString();
}

/** @returns milliseconds since an unknown moment, which only grow: for durations within this process */
export function monotonicMs(): number {
  return performance.now();
}

/**
 * @returns milliseconds on CLOCK_MONOTONIC (clock_gettime(2)), which only grow: for durations that begin in one process and
 * end in another one, until the machine is restarted
 */
export function machineMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS;
}

/**
 * @returns Unix microseconds as they were at the start of this process, and monotonic from there: for stamps of frames and
 * events, which are subtracted from each other. The addon stamps frames on the same clock.
 */
export function stampUs(): number {
  return (performance.timeOrigin + performance.now()) * US_PER_MS;
}

/** The time functions of what waits or paces. Tests replace them. */
export interface Clock {
  /** Monotonic milliseconds. */
  nowMs(): number;
  /** Runs once after `delayMs`; the result cancels it. */
  after(delayMs: number, run: () => void): () => void;
}

export const systemClock: Clock = {
  nowMs: monotonicMs,
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

/** A moment whose date follows the clock when it is set, so that the time since then stays right. */
export interface Moment {
  /** Unix milliseconds, by the clock as it is set now. */
  date(): number;
  /** Milliseconds since the moment, at least 0. */
  elapsedMs(): number;
  /** {@link machineMs} of the moment. */
  readonly atMachineMs: number;
}

/** The clocks that a {@link Moment} compares. Tests supply their own. */
export interface MomentClocks {
  /** Unix milliseconds. */
  dateMs(): number;
  /** Monotonic milliseconds. */
  monotonicMs(): number;
}

/** @param at Unix milliseconds of a moment in the past, by the clock as it is set now; undefined is the present moment */
export function momentAt(clocks: MomentClocks, at: number = clocks.dateMs()): Moment {
  const ageMs = Math.max(0, clocks.dateMs() - at);
  const beganMs = clocks.monotonicMs() - ageMs;
  const elapsedMs = () => Math.max(0, Math.round(clocks.monotonicMs() - beganMs));
  return {
    date() {
      const date = clocks.dateMs() - elapsedMs();
      return Math.abs(date - at) < SMALLEST_STEP_MS ? at : date;
    },
    elapsedMs,
    atMachineMs: Math.round(machineMs() - ageMs),
  };
}

/**
 * Translates a date that another process wrote, for a clock that may have been set since then.
 * @param date Unix milliseconds, by the clock as it was set then
 * @param atMachineMs {@link machineMs} of the same moment
 * @returns Unix milliseconds, by the clock as it is set now
 */
export function dateByPresentClock(date: number, atMachineMs: number): number {
  const present = Math.round(dateMs() - Math.max(0, machineMs() - atMachineMs));
  return Math.abs(present - date) < SMALLEST_STEP_MS ? date : present;
}
