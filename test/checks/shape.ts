// `npm run shape` prints the sizes of files and functions and the share of comments, and fails when one exceeds its limit.
// Tests have only the hard limits, and count a function without the functions nested in it.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findCppFunctions } from "./cpp-functions.ts";
import { type FunctionShape, readSources, root } from "./sources.ts";

/** A file with its functions. */
export interface ShapedFile {
  readonly path: string;
  readonly text: string;
  readonly functions: readonly FunctionShape[];
}

interface Limits {
  readonly median: number;
  readonly p90: number;
  readonly max: number;
}

const fileLimits: Limits = { median: 120, p90: 250, max: 400 };
const functionLimits: Limits = { median: 10, p90: 30, max: 60 };
// A machine's states and a table of schemas read like a list, not like an algorithm.
const TABLE_MAX_LINES = 250;
const isTable = (path: string, name: string) =>
  path.startsWith("rpc-schema/") ||
  (path.startsWith("statecharts/") && (/machine\.ts$/.test(path) || /States$/.test(name)));
const comments = { min: 0.1, max: 0.25 };

/** @returns the value below which a share of the values lie (nearest rank); 0 for none */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
}

/** @returns the share of comment lines among the lines that are not blank */
export function commentShare(text: string): number {
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  let isInBlock = false;
  let count = 0;
  for (const line of lines) {
    const starts = line.startsWith("/*");
    if (isInBlock || starts || line.startsWith("//")) count += 1;
    if ((isInBlock || starts) && line.includes("*/")) isInBlock = false;
    else if (starts) isInBlock = true;
  }
  return lines.length === 0 ? 0 : count / lines.length;
}

/** @returns one sentence for each file or function that exceeds its hard limit */
export function findTooLong(files: readonly ShapedFile[]): string[] {
  return files.flatMap(({ path, text, functions }) => {
    const length = countLines(text);
    // The body of a suite is a list of tests, which count on their own.
    const lengthOf = (one: FunctionShape) => (path.startsWith("test/") ? one.ownLines : one.lines);
    const limitOf = ({ name }: FunctionShape) => {
      return isTable(path, name) || name === "callback of describe" ? TABLE_MAX_LINES : functionLimits.max;
    };
    const long = functions.filter((one) => lengthOf(one) > limitOf(one));
    return [
      ...(length > fileLimits.max ? [`${path}: ${length} lines, at most ${fileLimits.max} are allowed`] : []),
      ...long.map(
        (one) =>
          `${path}:${one.line} ${one.name}: ${lengthOf(one)} lines, at most ${limitOf(one)} are allowed`,
      ),
    ];
  });
}

/** Prints the figures of a group of files. @returns one sentence for each figure that exceeds its limit */
function judgeGroup(name: string, files: readonly ShapedFile[]): string[] {
  const functions = files.flatMap(({ path, functions: all }) =>
    all.filter(({ name }) => !isTable(path, name)),
  );
  const share = commentShare(files.map(({ text }) => text).join("\n"));
  const shape = (values: readonly number[]) => [
    percentile(values, 0.5),
    percentile(values, 0.9),
    percentile(values, 1),
  ];
  const fileShape = shape(files.map(({ text }) => countLines(text)));
  const functionShape = shape(functions.map(({ lines }) => lines));
  print(
    `${name.padEnd(12)} ${String(files.length).padStart(4)} files ${fileShape.join(" / ").padEnd(15)} ` +
      `${String(functions.length).padStart(5)} functions ${functionShape.join(" / ").padEnd(13)} comments ${percent(share)}`,
  );
  const [fileMedian = 0, fileP90 = 0] = fileShape;
  const [functionMedian = 0, functionP90 = 0] = functionShape;
  return [
    ...beyond(`${name}: median of lines in a file`, fileMedian, fileLimits.median),
    ...beyond(`${name}: p90 of lines in a file`, fileP90, fileLimits.p90),
    ...beyond(`${name}: median of lines in a function`, functionMedian, functionLimits.median),
    ...beyond(`${name}: p90 of lines in a function`, functionP90, functionLimits.p90),
    ...(share < comments.min || share > comments.max
      ? [
          `${name}: ${percent(share)} comment lines, ${percent(comments.min)} to ${percent(comments.max)} are wanted`,
        ]
      : []),
  ];
}

function beyond(what: string, value: number, limit: number): string[] {
  return value > limit ? [`${what} is ${value}, at most ${limit} is allowed`] : [];
}

function countLines(text: string): number {
  return text.endsWith("\n") ? text.split("\n").length - 1 : text.split("\n").length;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function readCppFiles(): ShapedFile[] {
  const paths = globSync("{native,test}/**/*.{cc,h}", {
    cwd: root,
    exclude: (path) => path === join("native", "build"),
  });
  return paths.sort().map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return { path, text, functions: findCppFunctions(text) };
  });
}

function main(): number {
  const files: ShapedFile[] = [...readSources(), ...readCppFiles()];
  const isTest = ({ path }: ShapedFile) => path.startsWith("test/");
  const isCpp = ({ path }: ShapedFile) => /\.(cc|h)$/.test(path);
  print("lines: median / p90 / longest");
  const problems = [
    ...judgeGroup(
      "TypeScript",
      files.filter((file) => !isTest(file) && !isCpp(file)),
    ),
    ...judgeGroup(
      "C++",
      files.filter((file) => !isTest(file) && isCpp(file)),
    ),
    ...findTooLong(files),
  ];
  for (const problem of problems) print(`✖ ${problem}`);
  print(problems.length === 0 ? "the shape holds" : `${problems.length} beyond their limits`);
  return problems.length === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = main();
