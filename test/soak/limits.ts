// What a soak measures, and the limits for the trend of each figure.

import { median } from "../bench/figures.ts";
import type { Schedule } from "./schedule.ts";
import { MIN_TREND_ROUNDS, trendOf } from "./trend.ts";

const SIDES = ["alice", "bob"] as const;
const SIDE_FIGURES = [
  "rss",
  "heap",
  "external",
  "shared",
  "soundRss",
  "descriptors",
  "pathSockets",
  "threads",
  "soundDescriptors",
  "soundThreads",
  "children",
] as const;
const CALL_FIGURES = [
  "delay",
  "decoded",
  "roundTrip",
  "mouthToEar",
  "soundAgainstPicture",
  "concealed",
  "concealedInChanges",
  "fps",
  "withoutPictures",
  "reducedByLink",
] as const;
const DRIVER_FIGURES = ["rss", "heap", "descriptors"] as const;

export type SideName = (typeof SIDES)[number];
export type SideReading = Readonly<Record<(typeof SIDE_FIGURES)[number], number>>;
export type CallReading = Readonly<Record<(typeof CALL_FIGURES)[number], number>>;
export type DriverReading = Readonly<Record<(typeof DRIVER_FIGURES)[number], number>>;

/** One round. A figure that the round did not give is NaN. */
export interface Reading {
  readonly alice: SideReading;
  readonly bob: SideReading;
  readonly call: CallReading;
  readonly driver: DriverReading;
}

/** The largest change over the judged rounds. A figure fails only if the trend is certain as well. */
export interface SoakLimits {
  /** Of each kind of memory, in percent of the process tree's resident memory. */
  readonly memoryPercent: number;
  /** Of descriptors, threads and child processes. */
  readonly count: number;
  /** Of a delay, milliseconds. */
  readonly delayMs: number;
  /** Of the concealed sound, percentage points. */
  readonly concealedPoints: number;
  /** How far the frame rate may fall, percent of its median. */
  readonly fpsPercent: number;
  /** Of the offset between sound and picture, in either direction; the median of the rounds, milliseconds. */
  readonly soundAgainstPictureMs: number;
  /** Rounds one after the other in which a side still lacks its pictures after the wait of the rest. */
  readonly roundsWithoutPictures: number;
  /** Sides that still send a smaller picture for the link's sake, which is free by then; the median of the rounds. */
  readonly sidesReducedByLink: number;
}

/**
 * ITU-R BT.1359 puts the threshold of detection at 45 ms. A picture that a bad network paused waits for up to 80 s, and each round
 * begins a new one.
 */
const SOAK_LIMITS: SoakLimits = {
  memoryPercent: 2,
  count: 1.5,
  delayMs: 20,
  concealedPoints: 2,
  fpsPercent: 10,
  soundAgainstPictureMs: 45,
  roundsWithoutPictures: 2,
  sidesReducedByLink: 0,
};

/** For a soak of some seconds, in which heaps still grow to their size. */
const SHORT_LIMITS: SoakLimits = { ...SOAK_LIMITS, memoryPercent: 50 };

/** How the figure is judged. `report` never fails. */
type Rule = "memory" | "count" | "delay" | "offset" | "concealed" | "fps" | "pictures" | "reduced" | "report";

interface Figure {
  readonly name: string;
  readonly unit: string;
  readonly rule: Rule;
  of(reading: Reading): number;
  /** What 100 % is, for a rule in percent. */
  base(reading: Reading): number;
}

export interface Verdict {
  readonly name: string;
  readonly unit: string;
  /** Of all judged rounds; NaN without values. */
  readonly median: number;
  readonly rise: number;
  readonly isCertain: boolean;
  /** In the unit of the figure; null for one that is only reported. */
  readonly limit: number | null;
  /** Why it failed; null if it holds. */
  readonly failure: string | null;
}

const MB = 1e6;

function sideFigure(side: SideName, name: keyof SideReading): Figure {
  const isCount = /descriptors|sockets|threads|children/i.test(name);
  const scale = isCount ? 1 : MB;
  // libwebrtc keeps the sockets of earlier paths, and gives a page no means to close them.
  const ofCounts = name === "pathSockets" ? "report" : "count";
  return {
    name: `${side}.${name}`,
    unit: isCount ? "" : "MB",
    rule: isCount ? ofCounts : "memory",
    of: (reading) => reading[side][name] / scale,
    base: (reading) => reading[side].rss / scale,
  };
}

function callFigure(name: keyof CallReading): Figure {
  const rules: Readonly<Record<typeof name, readonly [Rule, string]>> = {
    delay: ["delay", "ms"],
    decoded: ["report", "ms"],
    roundTrip: ["report", "ms"],
    mouthToEar: ["delay", "ms"],
    soundAgainstPicture: ["offset", "ms"],
    concealed: ["concealed", "%"],
    concealedInChanges: ["report", "%"],
    fps: ["fps", "/s"],
    withoutPictures: ["pictures", ""],
    reducedByLink: ["reduced", ""],
  };
  const [rule, unit] = rules[name];
  const of = (reading: Reading) => reading.call[name];
  return { name: `call.${name}`, unit, rule, of, base: of };
}

function driverFigure(name: keyof DriverReading): Figure {
  const rules: Readonly<Record<typeof name, readonly [Rule, string, number]>> = {
    rss: ["report", "MB", MB],
    heap: ["memory", "MB", MB],
    descriptors: ["count", "", 1],
  };
  const [rule, unit, scale] = rules[name];
  const of = (reading: Reading) => reading.driver[name] / scale;
  return { name: `driver.${name}`, unit, rule, of, base: (reading) => reading.driver.rss / scale };
}

export const FIGURES: readonly Figure[] = [
  ...SIDES.flatMap((side) => SIDE_FIGURES.map((name) => sideFigure(side, name))),
  ...CALL_FIGURES.map(callFigure),
  ...DRIVER_FIGURES.map(driverFigure),
];

/**
 * Judges each figure by its trend over the rounds after the warm-up, sound against picture by its median too, and pictures by the
 * rounds without them.
 *
 * @param readings of all rounds
 * @returns none if too few rounds were made
 */
export function judge(
  readings: readonly Reading[],
  { warmUpRounds, measuresMedia }: Pick<Schedule, "warmUpRounds" | "measuresMedia">,
): Verdict[] {
  const judged = readings.slice(warmUpRounds);
  if (judged.length < MIN_TREND_ROUNDS) return [];
  const limits = measuresMedia ? SOAK_LIMITS : SHORT_LIMITS;
  return FIGURES.filter(({ name }) => measuresMedia || !name.startsWith("call.")).map((figure) =>
    verdictOf(figure, judged, limits),
  );
}

function verdictOf(figure: Figure, readings: readonly Reading[], limits: SoakLimits): Verdict {
  const { name, unit, rule } = figure;
  const values = readings.map(figure.of).filter((value) => !Number.isNaN(value));
  const limit = limitOf(rule, limits, median(readings.map(figure.base)));
  // A figure that most rounds lack cannot be judged, and is a fault itself.
  if (values.length < Math.max(MIN_TREND_ROUNDS, readings.length / 2)) {
    const failure =
      rule === "report" ? null : `only ${values.length} of ${readings.length} rounds have a value`;
    return { name, unit, median: median(values), rise: Number.NaN, isCertain: false, limit, failure };
  }
  const { rise, isCertain } = trendOf(values);
  const middle = median(values);
  const verdict = { name, unit, median: middle, rise, isCertain, limit };
  if (rule === "pictures") return { ...verdict, failure: failureOfPictures(values, limits) };
  if (rule === "reduced") return { ...verdict, failure: failureOfReduced(middle, limits) };
  if (rule === "memory" && !goesOn(values, limit ?? 0)) return { ...verdict, failure: null };
  return { ...verdict, failure: failureOf(rule, verdict, limits) };
}

/** No trend and no share: once they lack for good, the call has failed, however long it was whole. */
function failureOfPictures(
  values: readonly number[],
  { roundsWithoutPictures: most }: SoakLimits,
): string | null {
  const longest = Math.max(0, ...values);
  return longest <= most ? null : `${longest} rounds one after the other, expected ${most} at most`;
}

/** A round may end before a picture has grown again. In most rounds it has had the time. */
function failureOfReduced(sides: number, { sidesReducedByLink: most }: SoakLimits): string | null {
  return sides <= most ? null : `${sides} sides in most rounds, expected ${most}`;
}

/**
 * Whether memory still grows in the second half. A leak does not stop, but a heap that has found its size does. A leak beyond
 * the limit rises by more than half of it there.
 */
function goesOn(values: readonly number[], limit: number): boolean {
  const later = values.slice(Math.floor(values.length / 2));
  return later.length < MIN_TREND_ROUNDS || trendOf(later).rise > limit / 2;
}

/** @param base the median of what 100 % is */
function limitOf(rule: Rule, limits: SoakLimits, base: number): number | null {
  const all: Readonly<Record<Rule, number | null>> = {
    memory: (limits.memoryPercent / 100) * base,
    count: limits.count,
    delay: limits.delayMs,
    offset: limits.delayMs,
    concealed: limits.concealedPoints,
    fps: (limits.fpsPercent / 100) * base,
    pictures: limits.roundsWithoutPictures,
    reduced: limits.sidesReducedByLink,
    report: null,
  };
  return all[rule];
}

function failureOf(
  rule: Rule,
  { median: middle, rise, isCertain, limit, unit }: Omit<Verdict, "failure">,
  { soundAgainstPictureMs }: SoakLimits,
): string | null {
  if (limit === null) return null;
  if (rule === "offset" && Math.abs(middle) > soundAgainstPictureMs) {
    return `${middle.toFixed(1)} ${unit}, expected ${soundAgainstPictureMs} at most in either direction`;
  }
  // An offset may grow in both directions.
  const worse = rule === "fps" ? -rise : rule === "offset" ? Math.abs(rise) : rise;
  if (worse <= limit || !isCertain) return null;
  const [verb, by] = rise < 0 ? ["fell", -rise] : ["rose", rise];
  return `${`${verb} by ${by.toFixed(2)} ${unit}`.trimEnd()}, expected ${limit.toFixed(2)} at most`;
}
