// Strips the types of a guest script and of all that it imports, on this machine. In the guest that takes half of Node's start, and it
// runs WebAssembly, which QEMU emulates wrongly (README.md).

import { existsSync, readFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { pathToFileURL } from "node:url";

/** JavaScript by the URL of its TypeScript file. Lines and columns stay, so that stacks name the right place. */
export type StrippedSources = Readonly<Record<string, string>>;

/** Relative imports and re-exports of TypeScript files, static and dynamic. */
const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"\n]+\.ts)"/g;

/** @param script the path of a TypeScript file */
export function strippedSources(script: string): StrippedSources {
  const sources: Record<string, string> = {};
  const waiting = [pathToFileURL(script)];
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    // A text of another kind may look like an import.
    if (url.href in sources || !existsSync(url)) continue;
    const source = stripTypeScriptTypes(readFileSync(url, "utf8"));
    sources[url.href] = source;
    for (const [, target = ""] of source.matchAll(IMPORT)) waiting.push(new URL(target, url));
  }
  return sources;
}

/**
 * A module that lets Node load these sources. It is loaded before the script, with `--import`. Files that are not among them are
 * loaded as usual.
 */
export function preloadOf(sources: StrippedSources): string {
  return [
    'import { registerHooks } from "node:module";',
    `const sources = ${JSON.stringify(sources)};`,
    "registerHooks({",
    "  load(url, context, nextLoad) {",
    "    const source = Object.hasOwn(sources, url) ? sources[url] : undefined;",
    '    return source === undefined ? nextLoad(url, context) : { format: "module", source, shortCircuit: true };',
    "  },",
    "});",
    "",
  ].join("\n");
}
