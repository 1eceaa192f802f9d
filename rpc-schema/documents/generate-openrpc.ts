// Writes contract.schema.json, openrpc.json and plugin-manifest.json. With --check it writes nothing and fails (status 1) when one of them is stale
// or CHANGELOG.md disagrees with the contract. No other file of rpc-schema does I/O.

import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { buildManifest } from "../settings/manifest.ts";
import { changelogIssues } from "./changelog.ts";
import { buildDocuments, OPENRPC_FILE, SCHEMA_FILE } from "./openrpc.ts";

const isCheck = process.argv.includes("--check");
const packageSchema = z.object({ version: z.string() });
const { version } = packageSchema.parse(JSON.parse(read("../../package.json")));
const { schema, openRpc } = buildDocuments();

for (const [name, document] of [
  [SCHEMA_FILE, schema],
  [OPENRPC_FILE, openRpc],
  ["plugin-manifest.json", buildManifest(version)],
] as const) {
  const wanted = `${JSON.stringify(document, null, 2)}\n`;
  if (!isCheck) writeFileSync(new URL(`../${name}`, import.meta.url), wanted);
  else if (read(`../${name}`) !== wanted) {
    fail(`${name} is stale; run: node rpc-schema/documents/generate-openrpc.ts`);
  }
}
if (isCheck)
  for (const issue of changelogIssues(read("../CHANGELOG.md"), openRpc)) fail(`CHANGELOG.md: ${issue}`);

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

function fail(message: string): void {
  console.error(`rpc-schema/${message}`);
  process.exitCode = 1;
}
