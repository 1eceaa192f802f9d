// Writes openrpc.json and plugin-manifest.json, or with --check says whether one is stale (status 1). The only file here
// that does I/O.

import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { buildManifest } from "../settings/manifest.ts";
import { buildOpenRpc } from "./openrpc.ts";

const packageSchema = z.object({ version: z.string() });
const { version } = packageSchema.parse(
  JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")),
);

for (const [name, document] of [
  ["openrpc.json", buildOpenRpc()],
  ["plugin-manifest.json", buildManifest(version)],
] as const) {
  const file = new URL(`../${name}`, import.meta.url);
  const wanted = `${JSON.stringify(document, null, 2)}\n`;
  if (!process.argv.includes("--check")) {
    writeFileSync(file, wanted);
  } else if (readFileSync(file, "utf8") !== wanted) {
    console.error(`rpc-schema/${name} is stale; run: node rpc-schema/documents/generate-openrpc.ts`);
    process.exitCode = 1;
  }
}
