// The viewer's page and its scripts: files of page/ beside this one, their types stripped, so that a browser runs what is
// written here. Nothing else is served.

import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const HTML =
  '<!doctype html><meta charset="utf-8"><title>viewer</title><script type="module" src="/page/main.ts"></script>';
const SCRIPT = /^\/((?:page|shared)\/[a-z-]+\.ts)$/;

/** @returns whether there is such a page */
export async function answerPage(pathname: string, response: ServerResponse): Promise<boolean> {
  if (pathname === "/") {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(HTML);
    return true;
  }
  const path = SCRIPT.exec(pathname)?.[1];
  if (path === undefined) return false;
  const source = await readFile(fileURLToPath(new URL(path, import.meta.url)), "utf8");
  response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" });
  response.end(stripTypeScriptTypes(source));
  return true;
}
