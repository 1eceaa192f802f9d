// What peers do makes records grow. Each has a limit in bytes, because peers choose how long their texts are.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, mock, test } from "node:test";
import { createActor } from "xstate";
import { createRecentLines, MAX_RECENT_CHARS } from "../../../plugin/app/recent-lines.ts";
import { ChartFeed, MAX_BATCH_CHARS } from "../../../plugin/diagnostics/chart-feed.ts";
import { openChartLog } from "../../../plugin/diagnostics/chart-log-file.ts";
import { type ChartLogEntry, timeoutsSchema } from "../../../rpc-schema/index.ts";
import { callManagerMachine } from "../../../statecharts/index.ts";

const BATCH_MS = 100;
const machine = callManagerMachine.provide({ actions: { refuse: () => undefined } });
const manager = createActor(machine, { input: { timeouts: timeoutsSchema.parse({}) } });
const feed = new ChartFeed({ roots: [manager], now: () => 0 });
/** As much as a signal may hold. */
const sdp = "x".repeat(256 * 1024);
const flood = (times: number) => {
  for (let n = 0; n < times; n += 1) {
    manager.send({
      type: "signal.received",
      from: "mallory",
      callId: "c1",
      signal: { type: "call-offer", sdp },
    });
  }
};

before(() => void manager.start());
after(() => void manager.stop());

describe("charts.recorded", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout"] }));
  after(() => mock.timers.reset());

  test("holds a limited number of bytes, whatever a peer sends, and goes on afterwards", () => {
    const batches: ChartLogEntry[][] = [];
    const stop = feed.subscribe((entries) => void batches.push(entries));
    mock.timers.tick(BATCH_MS);
    batches.length = 0;
    flood(500);
    mock.timers.tick(BATCH_MS);
    const size = JSON.stringify(batches).length;
    assert.ok(size > sdp.length && size <= MAX_BATCH_CHARS + 4_096, `${size} characters`);
    batches.length = 0;
    flood(1);
    mock.timers.tick(BATCH_MS);
    assert.ok(JSON.stringify(batches).includes(sdp));
    stop();
    mock.timers.reset();
  });
});

test("an event log collects little before it writes, and loses no line", () => {
  const folder = mkdtempSync(join(tmpdir(), "goop-budget-"));
  const options = { feed, folder, masked: false, version: "0", log: () => undefined, isIdle: () => false };
  const log = openChartLog(options);
  try {
    flood(20);
    const [name = ""] = readdirSync(folder);
    assert.ok(statSync(join(folder, name)).size > 18 * sdp.length, "most was written at once");
    const path = log.flush() ?? "";
    const lines = readFileSync(path, "utf8").trimEnd().split("\n");
    const events = lines.filter((line) => line.includes('"kind":"event"') && line.includes(sdp));
    assert.equal(events.length, 20);
  } finally {
    log.close();
    rmSync(folder, { recursive: true });
  }
});

test("the log lines for a bug report have a limit of bytes, and the newest are kept", () => {
  const recent = createRecentLines();
  for (let n = 0; n < 5_000; n += 1) recent.add(`${n} ${"y".repeat(100_000)}\n`);
  const lines = recent.list();
  assert.ok(lines.join("").length <= MAX_RECENT_CHARS);
  assert.ok(lines.length > 10);
  assert.match(lines.at(-1) ?? "", /^4999 y/);
  for (let n = 0; n < 5_000; n += 1) recent.add(`${n}\n`);
  assert.deepEqual([recent.list().length, recent.list().at(-1)], [500, "4999"]);
});
