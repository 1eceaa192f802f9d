// Serves Goop²'s pages and their scripts. `/` has the calls of browser mode, whose scripts are sources of test/ with their types
// stripped. `/peers` has the buttons, the dialog and the overlay of Goop²'s own page.

import { readFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import { fileURLToPath } from "node:url";

const MAIN = "/test/support/goop-peer/page/main.ts";
const HTML = `<!doctype html><meta charset="utf-8"><title>Goop²</title><body><script type="module" src="${MAIN}"></script>`;
const SCRIPT = /^\/(test\/(?:support|bench)\/(?:[a-z-]+\/)*[a-z-]+\.ts)$/;
const REPOSITORY = new URL("../../../../", import.meta.url);

const VIEWER = new URL("test/browser/fixtures/goop-viewer/", REPOSITORY);
const VIEWER_SCRIPT = /^\/assets\/(?:js\/)?([a-z-]+\.js)$/;

/** @param url the address of Goop², which its links contain. @returns whether the path exists */
export async function answerPage(url: string, pathname: string, response: ServerResponse): Promise<boolean> {
  if (pathname === "/" || pathname === "/peers") {
    const html = pathname === "/" ? HTML : (await readViewer("peers.html")).replaceAll("BASE_URL", url);
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(html);
    return true;
  }
  const viewerScript = VIEWER_SCRIPT.exec(pathname)?.[1];
  if (viewerScript !== undefined) {
    response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" });
    response.end(await readViewer(viewerScript));
    return true;
  }
  const path = SCRIPT.exec(pathname)?.[1];
  if (path === undefined) return false;
  const source = await readFile(fileURLToPath(new URL(path, REPOSITORY)), "utf8");
  response.writeHead(200, { "content-type": "text/javascript; charset=utf-8" });
  response.end(stripTypeScriptTypes(source));
  return true;
}

const readViewer = (name: string): Promise<string> => readFile(new URL(name, VIEWER), "utf8");
