// The files of the chart viewer, as a server on loopback hands them to a browser: compiled, or the sources with their
// types stripped. Knows no HTTP; whoever serves them adds the WebSocket that carries `charts.*`.

import { readdir, readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { basename, extname } from "node:path";
import { fileURLToPath } from "node:url";
import type { PageFile } from "../loopback-pages.ts";
import { describeCharts } from "./chart-watch.ts";

/** Where the page itself is, also with a slash; what it shares with the charts lies in `/describe/`. */
export const VIEWER_PATH = "/charts";
const SHARED_PATH = "/describe";

const CODE = import.meta.url.endsWith(".ts") ? ".ts" : ".js";
const viewer = new URL("../../statecharts/viewer/", import.meta.url);
const shared = new URL("../../statecharts/describe/", import.meta.url);
const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".js": "text/javascript",
  ".ts": "text/javascript",
};

/** Whether a request is for the viewer, before its files are read. */
export function isViewerPath(path: string): boolean {
  return path === VIEWER_PATH || path.startsWith(`${VIEWER_PATH}/`) || path.startsWith(`${SHARED_PATH}/`);
}

/** URL path → file. @throws when a file is missing */
export async function loadViewerFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  const page = await readFile(new URL("index.html", viewer));
  for (const path of [VIEWER_PATH, `${VIEWER_PATH}/`]) {
    files.set(path, { body: page, type: "text/html; charset=utf-8" });
  }
  const charts = Buffer.from(JSON.stringify(describeCharts()));
  files.set(`${VIEWER_PATH}/charts.json`, { body: charts, type: "application/json; charset=utf-8" });
  const elk = await readFile(fileURLToPath(import.meta.resolve("elkjs/lib/elk-worker.min.js")));
  files.set(`${VIEWER_PATH}/elk-worker.js`, { body: elk, type: "text/javascript; charset=utf-8" });
  await addFolder(files, VIEWER_PATH, viewer, [".css", CODE]);
  await addFolder(files, `${VIEWER_PATH}/model`, new URL("model/", viewer), [CODE]);
  await addFolder(files, SHARED_PATH, shared, [CODE]);
  return files;
}

async function addFolder(
  files: Map<string, PageFile>,
  path: string,
  folder: URL,
  extensions: readonly string[],
): Promise<void> {
  for (const name of await readdir(folder)) {
    const extension = extname(name);
    if (!extensions.includes(extension)) continue;
    const text = await readFile(new URL(name, folder), "utf8");
    const body = Buffer.from(extension === ".ts" ? stripTypeScriptTypes(text) : text);
    const file = { body, type: `${TYPES[extension] ?? "text/plain"}; charset=utf-8` };
    files.set(`${path}/${name}`, file);
    // The page asks for its code by the name that the compiled file has.
    if (name === "main.ts") files.set(`${path}/${basename(name, ".ts")}.js`, file);
  }
}
