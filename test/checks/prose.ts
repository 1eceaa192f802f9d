// Checks the words and the length of sentences in Markdown files and in comments: `node test/checks/prose.ts [path…]`.
// plain-words.json lists each unwanted word with its replacement. Code spans in backticks are exempt.
import { execFileSync } from "node:child_process";
import { readFileSync, statSync } from "node:fs";
import { extname, join, relative, resolve } from "node:path";
import { TextlintKernel, type TextlintRuleOptions } from "@textlint/kernel";
import markdown from "@textlint/textlint-plugin-markdown";
import terminology from "textlint-rule-terminology";
import { extractCComments, extractHashComments, extractTypeScriptComments } from "./comments.ts";
import { limitSentenceLength } from "./sentence-length.ts";
import { readSources, root } from "./sources.ts";

/** One place to rewrite. */
export interface Finding {
  readonly line: number;
  readonly message: string;
}

const kernel = new TextlintKernel();
const words: readonly WordEntry[] = JSON.parse(
  readFileSync(join(root, "test/checks/plain-words.json"), "utf8"),
);

/** A pattern, what to write instead, and the folder in which the word is free, if any. */
type WordEntry = readonly [pattern: string, instead: string, freeIn?: string];

/** Lints a Markdown text. The path decides which words are free. */
export async function checkProse(path: string, text: string): Promise<Finding[]> {
  const { messages } = await kernel.lintText(text, {
    ext: ".md",
    plugins: [{ pluginId: "markdown", plugin: markdown.default }],
    rules: [
      { ruleId: "plain-words", rule: terminology, options: wordOptions(path) },
      { ruleId: "sentence-length", rule: limitSentenceLength },
    ],
  });
  return messages.map(({ loc, message }) => ({ line: loc.start.line, message }));
}

/** A word with a hyphen, a path or a file's name is not the word itself. */
function wordOptions(path: string): TextlintRuleOptions {
  const unwanted = words.filter(([, , freeIn]) => freeIn === undefined || !path.includes(freeIn));
  const terms = unwanted.map(([pattern, instead]) => {
    return [`(?<![\\w./-])(?:${pattern.replaceAll(" ", "\\s+")})(?![\\w/-])`, instead];
  });
  return { defaultTerms: false, terms, skip: [] };
}

/** @returns the prose of each file, as Markdown whose lines are those of the file */
function readProse(paths: ReadonlySet<string>): Map<string, string> {
  const prose = new Map<string, string>();
  const isTypeScript = (path: string) => path.endsWith(".ts");
  if ([...paths].some(isTypeScript)) {
    for (const { path, text, literals } of readSources()) {
      if (paths.has(path)) prose.set(path, extractTypeScriptComments(text, literals));
    }
  }
  for (const path of paths) {
    const extract = extractors.get(extname(path));
    if (extract !== undefined) prose.set(path, extract(readFileSync(join(root, path), "utf8")));
  }
  return prose;
}

const extractors = new Map<string, (text: string) => string>([
  [".md", (text) => text],
  ...[".cc", ".h", ".js", ".css"].map((ext) => [ext, extractCComments] as const),
  ...["", ".sh", ".yml"].map((ext) => [ext, extractHashComments] as const),
]);

/** @returns the files below the given paths, or all of them; fuzzer inputs and the licence are not our prose */
function listFiles(paths: readonly string[]): Set<string> {
  const wanted = paths.map((path) => relative(root, resolve(path)));
  const listed = execFileSync(
    "git",
    ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...wanted],
    { cwd: root, encoding: "utf8" },
  );
  const isOurs = (path: string) => !/^test\/fuzz\/(corpus|found)\/|^LICENSE$|^\.(git|editor)\w+$/.test(path);
  return new Set(
    listed
      .split("\0")
      .filter(
        (path) =>
          path !== "" && isOurs(path) && statSync(join(root, path), { throwIfNoEntry: false })?.isFile(),
      ),
  );
}

async function main(): Promise<number> {
  const prose = readProse(listFiles(process.argv.slice(2)));
  let count = 0;
  for (const [path, text] of [...prose].sort(([a], [b]) => (a < b ? -1 : 1))) {
    for (const { line, message } of await checkProse(path, text)) {
      count += 1;
      process.stdout.write(`${path}:${line}: ${message}\n`);
    }
  }
  process.stdout.write(
    `prose: ${prose.size} files, ${count === 0 ? "nothing to rewrite" : `${count} to rewrite`}\n`,
  );
  return count === 0 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main();
