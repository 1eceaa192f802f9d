// The files of the chart viewer by URL path, for a server on loopback: compiled, or as sources with stripped types. The server
// also needs a WebSocket with the methods `charts.*`.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { aliasModule, MODULE_EXTENSION, readPageFolder } from "../http/page-folder.ts";
import type { PageFile } from "../http/pages.ts";
import { describeCharts } from "./chart-subscription.ts";

/** Path of the page, also with a slash. The modules that it shares with the charts are below `/describe/`. */
export const VIEWER_PATH = "/charts";
const SHARED_PATH = "/describe";

const viewer = new URL("../../statecharts/viewer/", import.meta.url);
const shared = new URL("../../statecharts/describe/", import.meta.url);

/** @returns whether a request is for the chart viewer, before its files are read */
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
  if (MODULE_EXTENSION === ".ts") files.set(`${VIEWER_PATH}/main.js`, aliasModule("./main"));
  return new Map([
    ...(await readPageFolder(VIEWER_PATH, viewer)),
    ...(await readPageFolder(SHARED_PATH, shared)),
    ...files,
  ]);
}
