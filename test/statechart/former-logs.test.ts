// Chart logs that a plugin recorded before its charts were renamed (version 1), or before calls answered hang-ups, still replay,
// and the chart viewer opens them.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { describeCharts } from "../../plugin/diagnostics/chart-subscription.ts";
import { readChartLog } from "../../plugin/diagnostics/read-chart-log.ts";
import { replayFile } from "../../plugin/tools/replay.ts";
import { CHART_LOG_VERSION, type ChartLogEntry } from "../../rpc-schema/index.ts";
import { ALL_CHARTS } from "../../statecharts/all-charts.ts";
import { upgradeChartLog } from "../../statecharts/describe/former-logs.ts";
import { readRecording } from "../../statecharts/viewer/model/read-file.ts";
import { Session } from "../../statecharts/viewer/model/session.ts";

const folder = fileURLToPath(new URL("logs/", import.meta.url));
const logs = readdirSync(folder).filter((name) => name.endsWith(".jsonl"));

function entriesOf(name: string): ChartLogEntry[] {
  const lines = readFileSync(`${folder}${name}`, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

describe("a chart log of version 1", () => {
  test("exists in several kinds", () => assert.ok(logs.length >= 3, logs.join()));

  for (const name of logs) {
    test(`replays without a difference: ${name}`, (t) => {
      const [head] = entriesOf(name);
      assert.deepEqual(head?.kind === "log" && head.version, 1);
      const { isSame, lines } = replayFile(`${folder}${name}`);
      t.diagnostic(lines.join("; "));
      assert.ok(isSame, lines.join("\n"));
      const steps = lines.map((line) => Number(/^callManager: (\d+) steps/.exec(line)?.[1] ?? 0));
      assert.ok(Math.max(...steps) > 100, lines.join("\n"));
    });

    test(`names only charts, states and effects of today: ${name}`, () => {
      const session = new Session(describeCharts(), 0);
      const { entries, startedAt } = readRecording(readFileSync(`${folder}${name}`, "utf8"), name);
      session.add(entries);
      assert.equal(typeof startedAt, "number");
      const charts = new Set(ALL_CHARTS.map(({ id }) => id));
      for (const entry of entries) {
        if (entry.kind === "actor" && entry.chart !== null) assert.ok(charts.has(entry.chart), entry.chart);
        if (entry.kind !== "step") continue;
        for (const { from, to } of entry.taken) {
          const states = session.charts.get(from.split(".", 1)[0] ?? "")?.states;
          for (const id of [from, ...to]) assert.ok(states?.has(id), id);
        }
      }
      assert.ok(
        session.messages.all.some(
          ({ name: sent, direction }) => direction === "out" && sent === "call-media",
        ),
      );
    });
  }

  test("becomes one of the version that is written now, entry for entry", () => {
    for (const name of logs) {
      const [before, after] = [entriesOf(name), readChartLog(`${folder}${name}`)];
      assert.equal(after.length, before.length);
      assert.deepEqual(after[0]?.kind === "log" && after[0].version, CHART_LOG_VERSION);
      assert.doesNotMatch(JSON.stringify(after), /"(rungWhy|standingBy|isAnnounced|desk[."])/);
      assert.deepEqual(upgradeChartLog(after), after, "a log of today stays as it is");
    }
  });

  test("keeps what a peer chose, even where it equals a former name", () => {
    const head: ChartLogEntry = {
      ...{ kind: "log", version: 1, startedAt: 0, masked: false },
      plugin: { name: "goop-call-plugin", version: "0.1.0" },
    };
    const signal = { type: "call-media", microphone: true, camera: true, rung: "voiceOnly", held: "word" };
    const step: ChartLogEntry = {
      ...{
        kind: "step",
        t: 1,
        id: "desk",
        event: "xstate.done.actor.call:desk.open",
        status: "active",
        value: "open",
      },
      changed: { calls: { held: { isAnnounced: true, ref: { $actor: "desk/call:held" } } } },
      ...{ taken: [], actions: [] },
    };
    const event: ChartLogEntry = {
      ...{ kind: "event", t: 0, to: "desk", from: null, origin: "remote" },
      event: { type: "signal.received", from: "bob", callId: "standingBy", signal },
    };
    const [, received, stepped] = upgradeChartLog([head, event, step]);
    assert.deepEqual(received, { ...event, to: "callManager" });
    assert.deepEqual(stepped, {
      ...step,
      id: "callManager",
      changed: { calls: { held: { isKnownToHost: true, ref: { $actor: "callManager/call:held" } } } },
    });
  });

  test("of a bundle without a recording is known by its root", () => {
    const charts: ChartLogEntry[] = [{ kind: "actor", t: 0, id: "desk", chart: "desk" }];
    const bundle = JSON.stringify({
      kind: "goop-call-plugin evidence",
      plugin: { version: "0" },
      recorded: [],
      charts,
    });
    assert.deepEqual(readRecording(bundle, "a bundle").entries, [
      { kind: "actor", t: 0, id: "callManager", chart: "callManager" },
    ]);
  });
});

describe("a chart log of version 2", () => {
  test("from before calls answered hang-ups replays without a difference", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "former-logs-")), "plugins.charts.jsonl");
    const [head, ...entries] = readChartLog(`${folder}plugins.charts.jsonl`);
    const before = [head, ...entries.map(withoutAnswer)];
    assert.notDeepEqual(before, [head, ...entries]);
    await writeFile(file, before.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    const { isSame, lines } = replayFile(file);
    await rm(dirname(file), { recursive: true });
    assert.ok(isSame, lines.join("\n"));
  });
});

function withoutAnswer(entry: ChartLogEntry): ChartLogEntry {
  if (entry.kind !== "step") return entry;
  return { ...entry, actions: entry.actions.filter((action) => action !== "answerHangup") };
}
