// The scripts that the proxied pages load, and the tag that loads them.

import { MODULE_EXTENSION, readPageFile, readPageFolder } from "../../http/page-folder.ts";
import type { PageFile } from "../../http/pages.ts";

/** Goop² has no such path. */
export const SCRIPT_PREFIX = "/goop-call/";
const START = `${SCRIPT_PREFIX}ui/goop/bridged-start${MODULE_EXTENSION}`;
const pages = new URL("../../ui/", import.meta.url);
const http = new URL("../../http/", import.meta.url);

/** @returns URL path → file. @throws Error of node:fs where a file is missing */
export async function loadScriptFiles(): Promise<ReadonlyMap<string, PageFile>> {
  const files = await readPageFolder(`${SCRIPT_PREFIX}ui`, pages);
  const messages = `page-messages${MODULE_EXTENSION}`;
  files.set(`${SCRIPT_PREFIX}http/${messages}`, await readPageFile(new URL(messages, http)));
  const start = files.get(START);
  if (start) files.set(START, asClassicScript(start));
  return files;
}

/** @param token lets the page's script connect to the host */
export function startTag(token: string): string {
  return `<script src="${START}" data-token="${token}"></script>`;
}

/**
 * The script must run before Goop²'s own ones, which are no modules. A module runs only when the page has been parsed. The
 * compiler marks every file as a module, also one that imports and exports nothing.
 */
function asClassicScript({ body, type }: PageFile): PageFile {
  return { body: Buffer.from(body.toString().replace(/^export \{\};$/m, "")), type };
}
