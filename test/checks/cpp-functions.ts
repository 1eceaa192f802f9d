// Finds the functions of a C++ file by counting braces, which is precise enough to measure their length.
import type { FunctionShape } from "./sources.ts";

// Keywords before a brace that do not open a function, even with parentheses between.
const NOT_A_FUNCTION =
  /^(if|for|while|switch|catch|else|do|try|namespace|class|struct|enum|union|extern|return|#)\b/;

interface OpenBlock {
  readonly header: string;
  readonly line: number;
  readonly isFunction: boolean;
}

/** @returns every function and lambda with a body */
export function findCppFunctions(text: string): FunctionShape[] {
  const code = blankOutText(text);
  const functions: FunctionShape[] = [];
  const open: OpenBlock[] = [];
  let headerStart = 0;
  let line = 1;
  for (let at = 0; at < code.length; at += 1) {
    const char = code[at];
    if (char === "\n") line += 1;
    if (char === "{") open.push(openBlock(code.slice(headerStart, at), line));
    if (char === "}") {
      const block = open.pop();
      if (block?.isFunction) functions.push(describeFunction(block, line));
    }
    if (char === "{" || char === "}" || (char === ";" && !isInBrackets(code.slice(headerStart, at))))
      headerStart = at + 1;
  }
  return functions;
}

function openBlock(before: string, braceLine: number): OpenBlock {
  const header = before.trim();
  const isFunction =
    /\)[^()=]*$|\][^\][]*$/.test(header) && header.includes("(") && !NOT_A_FUNCTION.test(header);
  const line = braceLine - (before.trimStart().match(/\n/g) ?? []).length;
  return { header, line, isFunction };
}

function describeFunction({ header, line }: OpenBlock, lastLine: number): FunctionShape {
  const name = /([\w:~]+)\s*\(/.exec(header)?.[1] ?? "lambda";
  const lines = lastLine - line + 1;
  return { name, line, lines, ownLines: lines };
}

/** The semicolons in `for (;;)` do not end a statement. */
function isInBrackets(text: string): boolean {
  return text.split("(").length > text.split(")").length;
}

/** Replaces comments, strings and characters by blanks, so that their content is not read as code. */
function blankOutText(text: string): string {
  const pattern = /\/\/[^\n]*|\/\*[\s\S]*?\*\/|R"\(([\s\S]*?)\)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])'/g;
  return text.replaceAll(pattern, (found) => found.replaceAll(/[^\n]/g, " "));
}
