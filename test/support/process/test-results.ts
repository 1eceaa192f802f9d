// Turns the reporter's lines for one file into counts and a readable report.
// A parent test does not count beside its subtests, unless it failed by itself.
import type { ReportedResult } from "./json-reporter.ts";

/** Counts of leaf tests. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Starts a line of a test's output that the runner prints although the file passed. */
export const NOTICE = "notice: ";

/** A test with the names of the tests and suites around it. */
export interface NamedResult {
  readonly title: string;
  readonly result: ReportedResult;
}

/** The results of one file. */
export interface FileReport extends Counts {
  readonly file: string;
  readonly durationMs: number;
  /** Failures in full, one text each. */
  readonly failures: readonly string[];
  /** One line for each skipped test, with its reason. */
  readonly skips: readonly string[];
  /** What a passing file wants to be seen, such as a repeated step. */
  readonly notices: readonly string[];
}

/** @returns the tests to count: leaves, and parents that failed by themselves */
function selectCounted(results: readonly ReportedResult[]): NamedResult[] {
  const isParent = results.map((result, index) => {
    const before = results[index - 1];
    return result.isSuite || (before !== undefined && before.nesting > result.nesting);
  });
  return results.flatMap((result, index) => {
    const failedItself = !result.ok && !result.isOnlyParentFailure;
    const isCounted = isParent[index] === true ? failedItself : true;
    return isCounted ? [{ title: titleOf(results, index), result }] : [];
  });
}

/** Results arrive innermost first: the parent of a test is the next result with less nesting. */
function titleOf(results: readonly ReportedResult[], index: number): string {
  const names: string[] = [];
  let nesting = Number.POSITIVE_INFINITY;
  for (const result of results.slice(index)) {
    if (result.nesting < nesting) names.unshift(result.name);
    nesting = Math.min(nesting, result.nesting);
    if (nesting === 0) break;
  }
  return names.join(" > ");
}

/**
 * @returns the report of a file. Problems of the whole file, such as a crash or a leftover process, are failures too.
 * @param output of the file, for its notices
 */
export function makeFileReport(
  file: string,
  durationMs: number,
  results: readonly ReportedResult[],
  problems: readonly string[],
  output: string,
): FileReport {
  const counted = selectCounted(results);
  const failed = counted.filter(({ result }) => !result.ok && result.skip === undefined);
  const skipped = counted.filter(({ result }) => result.skip !== undefined);
  return {
    file,
    durationMs,
    passed: counted.length - failed.length - skipped.length,
    failed: failed.length + problems.length,
    skipped: skipped.length,
    failures: [...failed.map(formatFailure), ...problems],
    skips: skipped.map(({ title, result }) => `${title}: ${result.skip}`),
    notices: output
      .split("\n")
      .flatMap((line) => (line.startsWith(NOTICE) ? [line.slice(NOTICE.length)] : [])),
  };
}

function formatFailure({ title, result }: NamedResult): string {
  return [title, result.at ?? "", result.error ?? ""].filter((part) => part !== "").join("\n");
}

/** @returns the sum of all counts */
export function addCounts(all: readonly Counts[]): Counts {
  return {
    passed: all.reduce((sum, { passed }) => sum + passed, 0),
    failed: all.reduce((sum, { failed }) => sum + failed, 0),
    skipped: all.reduce((sum, { skipped }) => sum + skipped, 0),
  };
}

/** @returns `N passed, N failed, N skipped` */
export function formatCounts({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}
