// `replay LOG`: replays a chart log through the charts of this version, and reports the differences.

import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { attachMachine, callManagerMachine } from "../../statecharts/index.ts";
import { type Difference, replayLog } from "../../statecharts/record/replay.ts";
import { readChartLog } from "../diagnostics/read-chart-log.ts";

/** The root charts of the process, by the paths of their actors. */
const ROOTS = { attach: attachMachine, callManager: callManagerMachine } as const;
const MAX_SHOWN = 10;
/** Session descriptions are long. */
const MAX_CHARS = 400;
/** Enough to show which field differs. */
const CHARS_BEFORE = 80;

export interface ReplayReport {
  readonly isSame: boolean;
  readonly lines: readonly string[];
}

/** @throws Error if the file is not a chart log */
export function replayFile(path: string): ReplayReport {
  const log = readChartLog(path);
  const results = Object.entries(ROOTS).map(([root, machine]) => {
    const own = log
      .map((entry, index) => ({ entry, line: index + 1 }))
      .filter(({ entry }) => isOf(entry, root));
    const { steps, differences } = replayLog(
      machine,
      own.map(({ entry }) => entry),
    );
    const inFile = differences.map((one) => ({ ...one, line: own[one.line - 1]?.line ?? 0 }));
    return { root, steps, differences: inFile };
  });
  const isSame = results.every(({ differences }) => differences.length === 0);
  return { isSame, lines: results.flatMap(linesOf) };
}

function isOf(entry: ChartLogEntry, root: string): boolean {
  if (entry.kind === "log") return true;
  const path = entry.kind === "event" ? entry.to : entry.id;
  return path === root || path.startsWith(`${root}/`);
}

function linesOf({
  root,
  steps,
  differences,
}: {
  root: string;
  steps: number;
  differences: readonly Difference[];
}) {
  const result = differences.length === 0 ? "as recorded" : `${differences.length} differences`;
  const shown = differences.slice(0, MAX_SHOWN).flatMap(({ line, t, logged, replayed }) => {
    const from = firstDifference(logged, replayed) - CHARS_BEFORE;
    return [
      `  line ${line === 0 ? "–" : line}, ${t.toFixed(0)} ms`,
      `    log:    ${cut(logged, from)}`,
      `    charts: ${cut(replayed, from)}`,
    ];
  });
  const rest = differences.length - MAX_SHOWN;
  return [`${root}: ${steps} steps, ${result}`, ...shown, ...(rest > 0 ? [`  and ${rest} more`] : [])];
}

/** @returns the index of the first difference of two texts */
function firstDifference(one: string, other: string): number {
  let at = 0;
  while (at < one.length && at < other.length && one[at] === other[at]) at += 1;
  return at;
}

function cut(text: string, from: number): string {
  const start = Math.max(0, from);
  const end = start + MAX_CHARS;
  return `${start > 0 ? "…" : ""}${text.slice(start, end)}${end < text.length ? "…" : ""}`;
}
