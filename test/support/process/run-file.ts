// Runs one test file in a session of its own, with a time limit, and ends all processes that it started.
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReportedResult } from "./json-reporter.ts";
import { endProcesses, findLeftovers, type ProcessOwner, TEST_MARK } from "./leftovers.ts";
import { type FileReport, makeFileReport } from "./test-results.ts";

/** Options for one run. */
export interface RunOptions {
  /** Only tests whose name matches this pattern. */
  readonly only?: string | undefined;
  /** After this time the file and its processes are killed. */
  readonly limitMs: number;
  /** How long the file's processes may run after the file itself has ended. */
  readonly graceMs: number;
  /** Ends the run and its processes at once. */
  readonly signal: AbortSignal;
  /** Folder for the chart coverage of the file's tests (chart-coverage.ts). Without it no coverage is recorded. */
  readonly coverageFolder?: string | undefined;
}

interface Outcome {
  readonly status: string;
  readonly isTimedOut: boolean;
  readonly output: string;
  readonly results: ReportedResult[];
}

const root = fileURLToPath(new URL("../../..", import.meta.url));
const reporter = fileURLToPath(new URL("json-reporter.ts", import.meta.url));
const coverage = fileURLToPath(new URL("../charts/chart-coverage.ts", import.meta.url));
// Enough for the stack of a crash, and a bound for tests with much output.
const OUTPUT_KEPT_CHARS = 16_384;

/** Runs one file by node:test. @param file path relative to the repository */
export async function runFile(file: string, options: RunOptions): Promise<FileReport> {
  const startedAt = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "goop-test-"));
  const mark = randomUUID();
  const child = startFile(file, join(folder, "results"), mark, options);
  const owner: ProcessOwner = { mark, sessionId: child.pid ?? 0 };
  try {
    const outcome = await awaitOutcome(child, owner, join(folder, "results"), options);
    const leftovers = outcome.isTimedOut ? [] : await findLeftovers(owner, options.graceMs);
    const problems = [
      ...describeOutcome(file, outcome, options),
      ...leftovers.map(({ pid, commandLine }) => `${file} left process ${pid} running: ${commandLine}`),
    ];
    return makeFileReport(file, performance.now() - startedAt, outcome.results, problems, outcome.output);
  } finally {
    await endProcesses(owner);
    await rm(folder, { recursive: true, force: true });
  }
}

function startFile(
  file: string,
  resultsPath: string,
  mark: string,
  { only, coverageFolder }: RunOptions,
): ChildProcess {
  const flags = [`--test-reporter=${reporter}`, `--test-reporter-destination=${resultsPath}`];
  if (only !== undefined) flags.push(`--test-name-pattern=${only}`);
  if (coverageFolder !== undefined) flags.push(`--import=${coverage}`);
  return spawn(process.execPath, [...flags, file], {
    cwd: root,
    detached: true,
    env: {
      ...process.env,
      // Nothing that a test starts may show notifications on the desktop of the user who runs it.
      DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere/bus",
      [TEST_MARK]: mark,
      ...(coverageFolder === undefined ? {} : { GOOP_CHART_COVERAGE: coverageFolder }),
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function awaitOutcome(
  child: ChildProcess,
  owner: ProcessOwner,
  resultsPath: string,
  { limitMs, signal }: RunOptions,
): Promise<Outcome> {
  const output = keepTail(child);
  let isTimedOut = false;
  const limit = setTimeout(() => {
    isTimedOut = true;
    void endProcesses(owner);
  }, limitMs);
  const abort = () => void endProcesses(owner);
  signal.addEventListener("abort", abort);
  try {
    // Not `close`: a leftover process may hold the pipes open for ever.
    const [code, killedBy] = await once(child, "exit");
    const lines = (await readFile(resultsPath, "utf8").catch(() => ""))
      .split("\n")
      .filter((line) => line !== "");
    const results = lines.flatMap(parseResult);
    return {
      status: killedBy === null ? `status ${code}` : `signal ${killedBy}`,
      isTimedOut,
      output: output(),
      results,
    };
  } finally {
    clearTimeout(limit);
    signal.removeEventListener("abort", abort);
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

/** A process that was killed while it wrote leaves half a line, which is dropped. */
function parseResult(line: string): ReportedResult[] {
  try {
    const result: ReportedResult = JSON.parse(line);
    return [result];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function keepTail(child: ChildProcess): () => string {
  let tail = "";
  const keep = (chunk: Buffer) => {
    tail = (tail + chunk.toString("utf8")).slice(-OUTPUT_KEPT_CHARS);
  };
  child.stdout?.on("data", keep);
  child.stderr?.on("data", keep);
  return () => tail.trim();
}

function describeOutcome(file: string, outcome: Outcome, { limitMs, only }: RunOptions): string[] {
  const { status, isTimedOut, output, results } = outcome;
  const withOutput = (text: string) => (output === "" ? text : `${text}; its output ended with:\n${output}`);
  if (isTimedOut) return [withOutput(`${file} did not end within ${limitMs / 1000} s and was killed`)];
  if (status !== "status 0" && results.every(({ ok }) => ok))
    return [withOutput(`${file} ended with ${status}`)];
  if (status.startsWith("signal")) return [withOutput(`${file} crashed with ${status}`)];
  if (results.length === 0 && only === undefined) return [withOutput(`${file} holds no test`)];
  return [];
}
