// The viewer's page as this plugin serves it. Loaded only when somebody may watch, since most runs have no viewer.

import type { PageFile } from "../loopback-pages.ts";

const PATH = "/charts/";

/** @throws when one of the viewer's files is missing */
export async function loadViewer(): Promise<{ files: ReadonlyMap<string, PageFile>; path: string }> {
  return { files: new Map(), path: PATH };
}
