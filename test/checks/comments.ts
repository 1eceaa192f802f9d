// Extracts the comments of a source file as text whose line numbers are those of the file, for the check on prose.

/** A part of a text as offsets: the first character and the one after the last. */
export type Span = readonly [start: number, end: number];

const COMMENTS = /\/\/[^\n]*|\/\*[\s\S]*?\*\//g;
const COMMENTS_AND_LITERALS =
  /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"\([\s\S]*?\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`/g;

/** Takes the spans of string, template and regular-expression literals, which only a parser finds with certainty in TypeScript. */
export function extractTypeScriptComments(text: string, literals: readonly Span[]): string {
  return keepComments(text, findSpans(blankOut(text, literals), COMMENTS));
}

/** Reads C++, plain JavaScript and CSS. */
export function extractCComments(text: string): string {
  const spans = findSpans(text, COMMENTS_AND_LITERALS);
  return keepComments(
    text,
    spans.filter(([start]) => text[start] === "/"),
  );
}

/** Reads shell scripts and YAML, where a comment has a line of its own. */
export function extractHashComments(text: string): string {
  const lines = text.split("\n");
  return lines.map((line) => /^\s*#(?!!)\s?(.*)/.exec(line)?.[1] ?? "").join("\n");
}

function findSpans(text: string, pattern: RegExp): Span[] {
  return [...text.matchAll(pattern)].map((found) => [found.index, found.index + found[0].length]);
}

function blankOut(text: string, spans: readonly Span[]): string {
  let result = "";
  let at = 0;
  for (const [start, end] of [...spans].sort(([a], [b]) => a - b)) {
    if (start < at) continue;
    result += text.slice(at, start) + text.slice(start, end).replaceAll(/[^\n]/g, " ");
    at = end;
  }
  return result + text.slice(at);
}

/**
 * Returns a Markdown text in which every line outside comments is empty. A comment behind code becomes a list item, so
 * that comments on consecutive lines are not read as one sentence.
 */
function keepComments(text: string, spans: readonly Span[]): string {
  const lines = text.split("\n").map(() => "");
  // The line of the last comment behind code.
  let lastBehindCode = Number.NEGATIVE_INFINITY;
  for (const [start, end] of spans) {
    const first = text.slice(0, start).split("\n").length - 1;
    const isBehindCode = text.slice(text.lastIndexOf("\n", start) + 1, start).trim() !== "";
    const isItem = isBehindCode || first === lastBehindCode + 1;
    const comment = text.slice(start, end).split("\n").map(stripMarkers);
    const itemAt = isItem ? comment.findIndex((line) => line !== "") : -1;
    comment.forEach((line, index) => {
      const before = lines[first + index] ?? "";
      lines[first + index] = `${index === itemAt ? "- " : ""}${before === "" ? line : `${before} ${line}`}`;
    });
    if (isBehindCode) lastBehindCode = first;
  }
  return lines.join("\n");
}

/** Removes the signs of a comment. A tag of JSDoc begins a list item, and an indented line is an example in code. */
function stripMarkers(line: string): string {
  if (/^\s*\/\/ {4,}\S/.test(line)) return "";
  const content = line
    .trim()
    .replace(/^\/\/+\s*|^\/\*+\s*|^\*(?!\/)\s*/, "")
    .replace(/\s*\*+\/$/, "");
  return content.replace(/^@(\w+)\s*/, "- $1: ").replaceAll(/(?<=\s)@(\w+)/g, "$1");
}
