// The example hosts, which are commands in several languages, pass the conformance suite and are as short as they claim to be.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { commandHost } from "../../../plugin/host/conformance/command-host.ts";
import { hostConformance } from "./conformance.contract.ts";

const pathOf = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const python = pathOf("plugin/host/example/python/host.py");
const go = pathOf("plugin/host/example/go");
const MAX_LINES = 200;

const folder = mkdtempSync(join(tmpdir(), "go-host-"));
const goHost = join(folder, "host");
before(() => {
  const env = { ...process.env, GO111MODULE: "on", GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "" };
  execFileSync("go", ["vet", "."], { cwd: go, env });
  execFileSync("go", ["build", "-buildvcs=false", "-o", goHost, "."], { cwd: go, env });
});
after(() => rmSync(folder, { recursive: true }));

hostConformance(
  "the example host in TypeScript",
  commandHost(process.execPath, [pathOf("test/support/plugin/example-host-command.ts")]),
);
hostConformance("the example host in Python", commandHost("python3", [python]));
hostConformance("the example host in Go", commandHost(goHost, []));

test("a host in Python or in Go takes 200 lines at most", () => {
  for (const path of [python, join(go, "host.go")]) {
    const lines = readFileSync(path, "utf8").trimEnd().split("\n").length;
    assert.ok(lines <= MAX_LINES, `${path}: ${lines} lines`);
  }
});
