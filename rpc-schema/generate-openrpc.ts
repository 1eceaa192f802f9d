// Writes openrpc.json, or with --check says whether it is stale (status 1). The only file here that does I/O.

import { readFileSync, writeFileSync } from "node:fs";
import { buildOpenRpc } from "./openrpc.ts";

const FILE = new URL("./openrpc.json", import.meta.url);

const wanted = `${JSON.stringify(buildOpenRpc(), null, 2)}\n`;

if (!process.argv.includes("--check")) {
  writeFileSync(FILE, wanted);
} else if (readFileSync(FILE, "utf8") !== wanted) {
  console.error("rpc-schema/openrpc.json is stale; run: node rpc-schema/generate-openrpc.ts");
  process.exitCode = 1;
}
