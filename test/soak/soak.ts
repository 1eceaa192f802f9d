// `npm run soak -- --minutes N [--seed N] [--warm-up MINUTES] [--change NAME …] [--gc] [--json FILE]`: a call of that length with
// a change every few seconds. Prints figures every minute, and judges their trends. Exits with 1 if a figure fails or the call
// ends. `--short` takes seconds in place of minutes and judges the processes only.

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { load } from "../bench/machine-load.ts";
import { CHANGE_NAMES, type ChangeName } from "./changes.ts";
import { Journal } from "./journal.ts";
import { judge } from "./limits.ts";
import { formatRound, formatVerdicts } from "./report.ts";
import { runSoak, type SoakRound } from "./run-soak.ts";
import { type Schedule, SHORT_SCHEDULE, scheduleFor } from "./schedule.ts";
import { MIN_TREND_ROUNDS } from "./trend.ts";

const MAX_MINUTES = 7 * 24 * 60;
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

interface Arguments {
  readonly schedule: Schedule;
  readonly seed: number;
  readonly changes: readonly ChangeName[];
  readonly collectsGarbage: boolean;
  readonly json: string;
}

function readArguments(): Arguments {
  const { values } = parseArgs({
    options: {
      minutes: { type: "string", default: "60" },
      "warm-up": { type: "string" },
      short: { type: "boolean", default: false },
      seed: { type: "string", default: String(Date.now() % 1_000_000) },
      change: { type: "string", multiple: true, default: [] },
      gc: { type: "boolean", default: false },
      json: { type: "string" },
    },
  });
  const seed = wholeNumber("--seed", values.seed, 0, 2 ** 32 - 1);
  const minutes = wholeNumber("--minutes", values.minutes, MIN_TREND_ROUNDS, MAX_MINUTES);
  const most = minutes - MIN_TREND_ROUNDS;
  const given = values["warm-up"];
  const warmUp = given === undefined ? undefined : wholeNumber("--warm-up", given, 0, most);
  const schedule = values.short ? SHORT_SCHEDULE : scheduleFor(minutes, warmUp);
  if (schedule.rounds - schedule.warmUpRounds < MIN_TREND_ROUNDS) {
    throw new Error(`--minutes: ${minutes}, expected ${schedule.warmUpRounds + MIN_TREND_ROUNDS} at least`);
  }
  const changes = values.change.length === 0 ? CHANGE_NAMES : values.change.map(changeNamed);
  return {
    schedule,
    seed,
    changes,
    collectsGarbage: values.gc,
    json: values.json ?? `test/out/soak-${seed}.json`,
  };
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new Error(`${option}: ${text}, expected a whole number from ${min} to ${max}`);
}

function changeNamed(text: string): ChangeName {
  const name = CHANGE_NAMES.find((one) => one === text);
  if (name === undefined) throw new Error(`--change: ${text}, expected one of ${CHANGE_NAMES.join(", ")}`);
  return name;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function writeReport(file: string, report: object): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(report, null, 2)}\n`);
  print(`figures: ${file}`);
}

/** @returns the exit status */
async function main(): Promise<number> {
  const { schedule, seed, changes, collectsGarbage, json } = readArguments();
  const stop = new AbortController();
  let stopped: number | undefined;
  for (const [name, status] of Object.entries(SIGNALS)) {
    process.once(name, () => {
      stopped = status;
      stop.abort(new Error(`stopped by ${name}`));
    });
  }
  print(`seed ${seed}, Node ${process.version}, load ${load()}`);
  print(`${schedule.rounds} rounds, the first ${schedule.warmUpRounds} not judged`);
  const rounds: SoakRound[] = [];
  const journal = new Journal();
  const onRound = (round: SoakRound) => {
    rounds.push(round);
    print(formatRound(round));
  };
  let failure: string | null = null;
  try {
    await runSoak({
      seed,
      schedule,
      changes,
      collectsGarbage,
      journal,
      signal: stop.signal,
      onConnected: () => print("the call is connected"),
      onRound,
    });
  } catch (error) {
    failure = error instanceof Error ? error.message : String(error);
    print(
      ["The last events:", ...journal.events, `FAILED after ${rounds.length} rounds: ${failure}`].join("\n"),
    );
  }
  const verdicts = judge(
    rounds.map(({ reading }) => reading),
    schedule,
  );
  if (verdicts.length > 0) print(formatVerdicts(verdicts));
  writeReport(json, {
    seed,
    schedule,
    changes,
    collectsGarbage,
    failure,
    events: journal.events,
    verdicts,
    rounds,
  });
  if (stopped !== undefined) return stopped;
  return failure !== null || verdicts.some((verdict) => verdict.failure !== null) ? 1 : 0;
}

process.exitCode = await main();
