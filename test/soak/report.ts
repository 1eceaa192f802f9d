// What a soak prints, and its JSON.

import { FIGURES, type Verdict } from "./limits.ts";
import type { SoakRound } from "./run-soak.ts";

/** In the line of each round. */
const SHOWN = new Set([
  "alice.rss",
  "bob.rss",
  "alice.heap",
  "alice.descriptors",
  "alice.threads",
  "call.delay",
  "call.decoded",
  "call.roundTrip",
  "call.mouthToEar",
  "call.soundAgainstPicture",
  "call.concealed",
  "call.fps",
]);

export function formatRound({ number, changes, reading, notes }: SoakRound): string {
  const made = Object.entries(changes).map(([name, count]) => `${name} ${count}`);
  const figures = FIGURES.filter(({ name }) => SHOWN.has(name)).map(
    ({ name, unit, of }) => `${name} ${show(of(reading))}${unit && ` ${unit}`}`,
  );
  return [`round ${number}: ${figures.join(", ")}`, `after ${made.join(", ")}`, ...notes].join("\n  ");
}

export function formatVerdicts(verdicts: readonly Verdict[]): string {
  const head = row(["figure", "median", "rise", "limit", "unit"], "");
  return [head, ...verdicts.map(formatVerdict)].join("\n");
}

function formatVerdict({ name, unit, median, rise, isCertain, limit, failure }: Verdict): string {
  const allowed = limit === null ? "" : show(limit);
  const verdict = failure === null ? (isCertain ? "certain, within the limit" : "") : `FAILED: ${failure}`;
  return row([name, show(median), show(rise), allowed, unit], verdict);
}

function row([name = "", ...cells]: readonly string[], end: string): string {
  return `${name.padEnd(28)}${cells.map((cell) => cell.padStart(9)).join("")}  ${end}`.trimEnd();
}

function show(value: number): string {
  return Number.isNaN(value) ? "none" : value.toFixed(Math.abs(value) < 10 ? 2 : 1);
}
