// How long the parts of a soak's rounds are.

/** A round is a time of changes, then a time of rest in which the figures are read. */
export interface Schedule {
  readonly rounds: number;
  /** Rounds at the start that are not judged: heaps and pools find their size. */
  readonly warmUpRounds: number;
  readonly changesMs: number;
  /** Between two changes. */
  readonly pauseMs: Range;
  readonly blackoutMs: Range;
  /** How long a page or a chart viewer is attached. */
  readonly attachedMs: Range;
  /** How long a round waits for pictures in both directions after its changes. */
  readonly picturesMs: number;
  /** From the last change to the measurement. */
  readonly settleMs: number;
  readonly measureMs: number;
  /** Whether the call's sound and pictures are measured. That takes some seconds, since there is one mark a second. */
  readonly measuresMedia: boolean;
}

/** Milliseconds, both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** The delay of a picture is held for lip sync by at most 15 ms more each second. */
const SETTLE_MS = 8_000;
const MEASURE_MS = 10_000;
const ROUND_MS = 60_000;
const MIN_WARM_UP_ROUNDS = 3;
/** Memory of a process that does a bit of everything needs some minutes to find its size. */
const WARM_UP_SHARE = 0.25;

/** A round a minute. @param warmUp minutes that are not judged; without it a quarter, and three at least */
export function scheduleFor(minutes: number, warmUp?: number): Schedule {
  return {
    rounds: minutes,
    warmUpRounds: warmUp ?? Math.max(MIN_WARM_UP_ROUNDS, Math.ceil(WARM_UP_SHARE * minutes)),
    changesMs: ROUND_MS - SETTLE_MS - MEASURE_MS,
    pauseMs: { min: 500, max: 3_500 },
    blackoutMs: { min: 500, max: 8_000 },
    attachedMs: { min: 500, max: 3_000 },
    picturesMs: 30_000,
    settleMs: SETTLE_MS,
    measureMs: MEASURE_MS,
    measuresMedia: true,
  };
}

/** The same with seconds in place of minutes. Only the processes are judged. */
export const SHORT_SCHEDULE: Schedule = {
  rounds: 5,
  warmUpRounds: 1,
  changesMs: 1_800,
  pauseMs: { min: 20, max: 100 },
  blackoutMs: { min: 50, max: 150 },
  attachedMs: { min: 20, max: 100 },
  picturesMs: 2_000,
  settleMs: 300,
  measureMs: 700,
  measuresMedia: false,
};
