// The files of the call page by URL path, read once. Nothing else is served.

import { aliasModule, MODULE_EXTENSION, readPageFile, readPageFolder } from "../../http/page-folder.ts";
import type { PageFile } from "../../http/pages.ts";

const pages = new URL("../../ui/", import.meta.url);
const http = new URL("../../http/", import.meta.url);

/**
 * Addresses that pages of other hosts load, and the modules behind them. They stay when a module moves. `main` is what
 * index.html asks for.
 */
const PUBLIC_MODULES: Readonly<Record<string, string>> = {
  "goop-call": "./goop/goop-call",
  "canvas-view": "./video/canvas-view",
  "image-view": "./video/image-view",
  link: "./link/page-link",
};

/** @returns URL path → file. @throws Error of node:fs where a file is missing */
export async function loadPageFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = await readPageFolder("", pages);
  files.set("/", await readPageFile(new URL("index.html", pages)));
  // The page shares the names of the host's messages with the host: `../http/` of a page at the root is `/http/`.
  const messages = `page-messages${MODULE_EXTENSION}`;
  files.set(`/http/${messages}`, await readPageFile(new URL(messages, http)));
  for (const [name, module] of Object.entries(PUBLIC_MODULES)) {
    for (const extension of new Set([".js", MODULE_EXTENSION])) {
      files.set(`/${name}${extension}`, aliasModule(module));
    }
  }
  if (MODULE_EXTENSION === ".ts") files.set("/main.js", aliasModule("./main"));
  return files;
}
