// Chart coverage: all states and transitions come from the machines, never from a list.

import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { formatMissing, readChartCoverage } from "../../support/charts/chart-coverage-report.ts";
import { runFile } from "../../support/process/run-file.ts";

async function coverageOf(fill: (folder: string) => Promise<unknown>) {
  const folder = await mkdtemp(join(tmpdir(), "goop-charts-"));
  try {
    await fill(folder);
    return readChartCoverage(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test("without a record every state and transition of every chart is missing, by name", async () => {
  const coverage = await coverageOf(async () => undefined);
  assert.equal(coverage.states.reached + coverage.transitions.reached, 0);
  assert.equal(coverage.missing.length, coverage.states.all + coverage.transitions.all);
  assert.ok(coverage.missing.includes("state link.recovering.awaitingOffer"));
  assert.match(formatMissing(coverage), /^ {2}transition attach\.running host\.shutdown 0$/m);
});

test("a record counts only for states and transitions that the machines have", async () => {
  const claimed = [
    "state attach.running",
    "state attach.dreaming",
    "transition attach.running host.shutdown 0",
  ];
  const coverage = await coverageOf((folder) => writeFile(join(folder, "1.json"), JSON.stringify(claimed)));
  assert.deepEqual([coverage.states.reached, coverage.transitions.reached], [1, 1]);
});

test("a file that runs with a folder writes its coverage there", async () => {
  const coverage = await coverageOf((coverageFolder) =>
    runFile("test/statechart/attach.test.ts", {
      limitMs: 60_000,
      graceMs: 0,
      signal: new AbortController().signal,
      coverageFolder,
    }),
  );
  const missing = coverage.missing.filter((one) => /^\w+ attach/.test(one));
  assert.deepEqual(missing, []);
  assert.ok(coverage.missing.includes("state callManager.closing"));
});
