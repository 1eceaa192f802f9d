// Runs the tests by kind and prints the results: `node test/run.ts [kind or file …] [--only name]`.
// Light kinds run two files at a time. Kinds that measure, or use devices and browsers, run one at a time.
// The last line is always `N passed, N failed, N skipped`.
import { existsSync, globSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runFile } from "./support/process/run-file.ts";
import { addCounts, type FileReport, formatCounts } from "./support/process/test-results.ts";

interface Suite {
  readonly name: string;
  readonly files: readonly string[];
  readonly concurrency: number;
  /** The tests must reach all states and transitions of the charts. */
  readonly coversCharts: boolean;
}

const root = fileURLToPath(new URL("..", import.meta.url));
/** In the order in which they run. The tests directly in test/ check the repository itself. */
const kinds = new Map([
  ["architecture", { pattern: "test/*.test.ts", concurrency: 1 }],
  ...["unit", "statechart", "contract"].map((kind) => light(kind)),
  ...["integration", "fault", "fuzz", "install", "browser", "kernel"].map((kind) => heavy(kind)),
]);
// The longest files boot a virtual machine or make a hundred calls. Twice that is a hang.
const FILE_LIMIT_MS = 600_000;
// A helper may need a moment to end after SIGTERM: a browser's children, a sound server that writes its state.
const LEFTOVER_GRACE_MS = 3000;

function light(kind: string): [string, { pattern: string; concurrency: number }] {
  return [kind, { pattern: `test/${kind}/**/*.test.ts`, concurrency: 2 }];
}

function heavy(kind: string): [string, { pattern: string; concurrency: number }] {
  return [kind, { pattern: `test/${kind}/**/*.test.ts`, concurrency: 1 }];
}

function chooseSuites(names: readonly string[]): Suite[] {
  const files = names.filter((name) => name.endsWith(".ts"));
  const chosen = names.filter((name) => !name.endsWith(".ts"));
  const unknown = [
    ...chosen.filter((name) => !kinds.has(name)),
    ...files.filter((file) => !existsSync(file)),
  ];
  if (unknown.length > 0) {
    throw new Error(
      `no such kind or file: ${unknown.join(", ")}; the kinds are ${[...kinds.keys()].join(", ")}`,
    );
  }
  const suites: Suite[] = [];
  for (const [name, { pattern, concurrency }] of kinds) {
    if (names.length > 0 && !chosen.includes(name)) continue;
    const found = globSync(pattern, { cwd: root });
    const coversCharts = name === "statechart";
    if (found.length > 0) suites.push({ name, files: found.sort(), concurrency, coversCharts });
  }
  const single = files.map((file) => relative(root, resolve(file)));
  if (single.length === 0) return suites;
  return [...suites, { name: "files", files: single, concurrency: 1, coversCharts: false }];
}

interface RunOptions {
  readonly only: string | undefined;
  readonly signal: AbortSignal;
}

/** A run of single tests does not reach all of the charts. */
async function runWhole(suite: Suite, options: RunOptions): Promise<FileReport[]> {
  if (!suite.coversCharts || options.only !== undefined) return await runSuite(suite, options);
  const folder = await mkdtemp(join(tmpdir(), "goop-charts-"));
  try {
    const reports = await runSuite(suite, options, folder);
    return options.signal.aborted ? reports : [...reports, await judgeCharts(folder)];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Counts as one test. The charts are loaded only here, so that an error in them does not stop other kinds. */
async function judgeCharts(folder: string): Promise<FileReport> {
  const startedAt = performance.now();
  const { readChartCoverage, formatChartCoverage, formatMissing } = await import(
    "./support/charts/chart-coverage-report.ts"
  );
  const coverage = readChartCoverage(folder);
  const failed = coverage.missing.length > 0 ? 1 : 0;
  const report = {
    file: formatChartCoverage(coverage),
    durationMs: performance.now() - startedAt,
    passed: 1 - failed,
    failed,
    skipped: 0,
    failures: failed > 0 ? [formatMissing(coverage)] : [],
    skips: [],
    notices: [],
  };
  printFile(report);
  return report;
}

async function runSuite(
  suite: Suite,
  { only, signal }: RunOptions,
  coverageFolder?: string,
): Promise<FileReport[]> {
  const waiting = [...suite.files];
  const reports: FileReport[] = [];
  const startedAt = performance.now();
  const work = async () => {
    for (let file = waiting.shift(); file !== undefined && !signal.aborted; file = waiting.shift()) {
      const report = await runFile(file, {
        only,
        limitMs: FILE_LIMIT_MS,
        graceMs: LEFTOVER_GRACE_MS,
        signal,
        coverageFolder,
      });
      printFile(report);
      reports.push(report);
    }
  };
  await Promise.all(Array.from({ length: suite.concurrency }, work));
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`${suite.name}: ${formatCounts(addCounts(reports))} (${reports.length} files, ${seconds} s)\n`);
  return reports;
}

function printFile(report: FileReport): void {
  const seconds = (report.durationMs / 1000).toFixed(1);
  print(`  ${report.failed > 0 ? "✖" : "✔"} ${report.file}: ${formatCounts(report)} (${seconds} s)`);
  for (const failure of report.failures) print(indent(`✖ ${failure}`, 4));
  for (const notice of report.notices) print(indent(`ℹ ${notice}`, 4));
  for (const skip of report.skips) print(indent(`﹣ skipped: ${skip}`, 4));
}

function indent(text: string, width: number): string {
  return text.replaceAll(/^/gm, " ".repeat(width));
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { only: { type: "string" } },
    allowPositionals: true,
  });
  const stop = new AbortController();
  // Ctrl-C reaches this process only: the test files are in sessions of their own.
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(name, () => stop.abort());
  const reports: FileReport[] = [];
  for (const suite of chooseSuites(positionals)) {
    if (stop.signal.aborted) break;
    reports.push(...(await runWhole(suite, { only: values.only, signal: stop.signal })));
  }
  const failures = reports.filter(({ failed }) => failed > 0);
  if (failures.length > 0) print(`failed: ${failures.map(({ file }) => file).join(", ")}`);
  if (stop.signal.aborted) print("stopped before the end");
  const counts = addCounts(reports);
  print(formatCounts(counts));
  return counts.failed > 0 || counts.passed === 0 || stop.signal.aborted ? 1 : 0;
}

process.exitCode = await main();
