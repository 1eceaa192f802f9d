// Serves Goop²'s page and its scripts, which are sources of test/ with their types stripped.

import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const MAIN = "/test/support/goop-peer/page/main.ts";
const HTML = `<!doctype html><meta charset="utf-8"><title>Goop²</title><body><script type="module" src="${MAIN}"></script>`;
const SCRIPT = /^\/(test\/(?:support|bench)\/(?:[a-z-]+\/)*[a-z-]+\.ts)$/;
const REPOSITORY = new URL("../../../../", import.meta.url);

/** @returns whether the path exists */
export async function answerPage(pathname: string, response: ServerResponse): Promise<boolean> {
  if (pathname === "/") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(HTML);
    return true;
  }
  const path = SCRIPT.exec(pathname)?.[1];
  if (path === undefined) return false;
  const source = await readFile(fileURLToPath(new URL(path, REPOSITORY)), "utf8");
  response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" });
  response.end(stripTypeScriptTypes(source));
  return true;
}
