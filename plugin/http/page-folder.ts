// Reads a folder of browser code for a loopback server. In dist/ the modules are compiled; in the source tree their types
// are stripped, so that a page works from both.

import { readdir, readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { extname } from "node:path";
import type { PageFile } from "./pages.ts";

const isSourceTree = import.meta.url.endsWith(".ts");
/** The extension of modules: `.ts` in the source tree, `.js` in dist/. */
export const MODULE_EXTENSION = isSourceTree ? ".ts" : ".js";

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  [MODULE_EXTENSION]: "text/javascript; charset=utf-8",
};

/**
 * Reads every page, style sheet and module of `folder` and its sub-folders.
 * @param path URL path of the folder, without a trailing slash; empty for the root
 * @returns URL path → file
 * @throws Error of node:fs when the folder or a file cannot be read
 */
export async function readPageFolder(path: string, folder: URL): Promise<Map<string, PageFile>> {
  const files = new Map<string, PageFile>();
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const url = new URL(entry.isDirectory() ? `${entry.name}/` : entry.name, folder);
    if (entry.isDirectory()) {
      for (const [inner, file] of await readPageFolder(`${path}/${entry.name}`, url)) files.set(inner, file);
    } else if (extname(entry.name) in TYPES) {
      files.set(`${path}/${entry.name}`, await readPageFile(url));
    }
  }
  return files;
}

/** @throws Error of node:fs when the file cannot be read */
export async function readPageFile(url: URL): Promise<PageFile> {
  const extension = extname(url.pathname);
  const text = await readFile(url, "utf8");
  const body = extension === ".ts" ? stripTypeScriptTypes(text) : text;
  return { body: Buffer.from(body), type: TYPES[extension] ?? "text/plain; charset=utf-8" };
}

/**
 * Makes a second address for a module, which stays when the module moves. The file at that address only re-exports the
 * module. If both addresses served the module itself, a browser would run it twice.
 * @param module path of the module relative to the alias, without extension, such as `./goop/goop-call`
 */
export function aliasModule(module: string): PageFile {
  const body = `export * from ${JSON.stringify(`${module}${MODULE_EXTENSION}`)};\n`;
  return { body: Buffer.from(body), type: "text/javascript; charset=utf-8" };
}
