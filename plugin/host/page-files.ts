// The files of the call page, and nothing else that a browser may fetch. Reads them once, from dist/ as compiled, or
// from the source tree with their types stripped. Knows no HTTP.

import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import type { PageFile } from "../loopback-pages.ts";

/** A file is served only when its name stands here. */
export const pageModules = [
  "actions",
  "add-contact",
  "app",
  "availability",
  "avatar",
  "call-notes",
  "call-toolbar",
  "call-view",
  "canvas-view",
  "charts-link",
  "contact-list",
  "device-picker",
  "dom",
  "end-notice",
  "frame-line",
  "goop-api",
  "goop-call",
  "goop-call-ui",
  "goop-calls",
  "goop-session",
  "goop-state",
  "host-messages",
  "icons",
  "image-view",
  "incoming-dialog",
  "level-meter",
  "link",
  "listeners",
  "main",
  "painter",
  "picture-feed",
  "pictures",
  "quality",
  "screen",
  "session-media",
  "settings-dialog",
  "settings-fields",
  "store",
  "stream-keeper",
  "toast",
  "trouble",
  "words",
] as const;
const styles = ["base.css", "layout.css", "call.css", "settings.css"] as const;

const isSourceTree = import.meta.url.endsWith(".ts");
const folder = new URL("../ui/", import.meta.url);

/** URL path → file. @throws when one of the listed files is missing */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const add = async (path: string, name: string, type: string): Promise<void> => {
    files.set(path, { body: await readFile(new URL(name, folder)), type: `${type}; charset=utf-8` });
  };
  await Promise.all([
    add("/", "index.html", "text/html"),
    ...styles.map((name) => add(`/${name}`, name, "text/css")),
    ...pageModules.map((name) =>
      isSourceTree ? addSource(files, name) : add(`/${name}.js`, `${name}.js`, "text/javascript"),
    ),
  ]);
  return files;
}

/** What pages themselves ask for, by the name that the compiled file has. */
const entries: readonly string[] = ["main", "goop-call"];

/** Sources import each other as .ts. */
async function addSource(files: Map<string, PageFile>, name: string): Promise<void> {
  const source = await readFile(new URL(`${name}.ts`, folder), "utf8");
  const file = { body: Buffer.from(stripTypeScriptTypes(source)), type: "text/javascript; charset=utf-8" };
  files.set(`/${name}.ts`, file);
  if (entries.includes(name)) files.set(`/${name}.js`, file);
}
