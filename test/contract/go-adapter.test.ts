// The Go adapter: its own tests with the race detector, each with its name, and the conformance suite.

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { commandHost } from "../../plugin/host/conformance/command-host.ts";
import { hostConformance } from "./conformance/conformance.contract.ts";

const pathOf = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const folder = pathOf("plugin/host/go");
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;
/** A report of `go test -json`. */
const reportSchema = z.object({
  Action: z.string(),
  Package: z.string().optional(),
  Test: z.string().optional(),
  Output: z.string().optional(),
});
type Report = z.infer<typeof reportSchema>;

// With the race detector everywhere, Go compiles its standard library once.
const env = {
  ...process.env,
  ...{ GO111MODULE: "on", GOPROXY: "off", GOTOOLCHAIN: "local", GOFLAGS: "", CGO_ENABLED: "1" },
  GOOP_CALL_PLUGIN_COMMAND: JSON.stringify([process.execPath, pathOf("dist/plugin/main.js")]),
};
const built = mkdtempSync(join(tmpdir(), "go-adapter-"));
const host = join(built, "host");
before(() => {
  const command = ["build", "-race", "-buildvcs=false", "-o", host, "./cmd/goop-call-conformance"];
  execFileSync("go", command, { cwd: folder, env });
});
after(() => rmSync(built, { recursive: true }));

test("the Go adapter has no faults that go vet knows", () => {
  execFileSync("go", ["vet", "-race", "./..."], { cwd: folder, env });
});

test("the Go adapter passes its tests with the race detector", async (t) => {
  const options = { cwd: folder, env, encoding: "utf8", maxBuffer: MAX_OUTPUT_BYTES } as const;
  const { stdout, stderr, status } = spawnSync("go", ["test", "-race", "-json", "./..."], options);
  const reports = stdout.split("\n").flatMap(parseReport);
  const ends = reports.filter(({ Test, Action }) => Test && ["pass", "fail", "skip"].includes(Action));
  const isLeaf = ({ Package, Test }: Report) =>
    !ends.some((other) => other.Package === Package && other.Test?.startsWith(`${Test}/`));
  for (const end of ends.filter(isLeaf)) {
    const name = `${end.Package?.replace(/^.*\/host\/go\/?/, "")} ${end.Test}`.trim();
    await t.test(name, (inner) => {
      if (end.Action === "skip") inner.skip(outputOf(reports, end));
      assert.notEqual(end.Action, "fail", outputOf(reports, end));
    });
  }
  assert.ok(ends.length > 0, stderr);
  // A package that does not compile, or a fault outside a test, has no test that fails.
  const failed = ends.filter(({ Action }) => Action === "fail");
  const whole = reports.filter(({ Test }) => Test === undefined);
  assert.ok(status === 0 || failed.length > 0, stderr + whole.map(({ Output = "" }) => Output).join(""));
});

hostConformance("the Go adapter", commandHost(host, []));

function parseReport(line: string): Report[] {
  return line.startsWith("{") ? [reportSchema.parse(JSON.parse(line))] : [];
}

/** What one test has written. */
function outputOf(reports: readonly Report[], { Package, Test }: Report): string {
  const own = reports.filter((one) => one.Package === Package && one.Test === Test);
  return own.map(({ Output = "" }) => Output).join("");
}
