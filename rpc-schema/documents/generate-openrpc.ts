// Writes contract.schema.json, openrpc.json, plugin-manifest.json, REFERENCE.md and the Go types of plugin/host/go. With --check
// it writes nothing and fails (status 1) when one of them is stale or CHANGELOG.md disagrees with the contract. No other file of
// rpc-schema does I/O.

import { readFileSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { buildManifest } from "../settings/manifest.ts";
import { changelogIssues } from "./changelog.ts";
import { buildGoTypes, GO_TYPES_FILE } from "./go-types.ts";
import { buildDocuments, OPENRPC_FILE, SCHEMA_FILE } from "./openrpc.ts";
import { buildReference } from "./reference.ts";

const isCheck = process.argv.includes("--check");
const packageSchema = z.object({ version: z.string() });
const { version } = packageSchema.parse(JSON.parse(read("../../package.json")));
const documents = buildDocuments();
const manifest = buildManifest(version);

for (const [name, wanted] of [
  [SCHEMA_FILE, jsonText(documents.schema)],
  [OPENRPC_FILE, jsonText(documents.openRpc)],
  ["plugin-manifest.json", jsonText(manifest)],
  ["REFERENCE.md", buildReference(documents)],
  [GO_TYPES_FILE, buildGoTypes(documents.schema, manifest)],
] as const) {
  if (!isCheck) writeFileSync(new URL(`../${name}`, import.meta.url), wanted);
  else if (read(`../${name}`) !== wanted) {
    fail(`${name} is stale; run: node rpc-schema/documents/generate-openrpc.ts`);
  }
}
if (isCheck)
  for (const issue of changelogIssues(read("../CHANGELOG.md"), documents.openRpc))
    fail(`CHANGELOG.md: ${issue}`);

function jsonText(document: object): string {
  return `${JSON.stringify(document, null, 2)}\n`;
}

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

function fail(message: string): void {
  console.error(`rpc-schema/${message}`);
  process.exitCode = 1;
}
