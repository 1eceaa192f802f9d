// The soak itself, with seconds in place of minutes: it makes its changes in a real call, finds a leak, and leaves nothing behind.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CHANGE_NAMES } from "../soak/changes.ts";
import { Journal } from "../soak/journal.ts";
import { judge } from "../soak/limits.ts";
import { runSoak, type SoakRound } from "../soak/run-soak.ts";
import { SHORT_SCHEDULE } from "../soak/schedule.ts";
import { exitStatusOf } from "../support/plugin/plugin-process.ts";
import { descendants, isRunning } from "../support/process/process-figures.ts";

const PROGRAM = fileURLToPath(new URL("../soak/soak.ts", import.meta.url));
const SEED = 2026;
const folder = mkdtempSync(join(tmpdir(), "goop-soak-"));

describe("a short soak", { timeout: 240_000 }, () => {
  after(() => rmSync(folder, { recursive: true }));

  test("names the descriptors that leak in the driving process, and no other figure", async () => {
    const rounds: SoakRound[] = [];
    const leaked: number[] = [];
    try {
      await runSoak({
        seed: SEED,
        schedule: SHORT_SCHEDULE,
        changes: CHANGE_NAMES,
        journal: new Journal(),
        signal: new AbortController().signal,
        beforeReading: () => leaked.push(openSync("/dev/null", "r")),
        onRound: (round) => rounds.push(round),
      });
    } finally {
      for (const descriptor of leaked) closeSync(descriptor);
    }
    assert.equal(rounds.length, SHORT_SCHEDULE.rounds);
    assert.ok(rounds.every(({ changes }) => Object.keys(changes).length > 0));
    const verdicts = judge(
      rounds.map(({ reading }) => reading),
      SHORT_SCHEDULE,
    );
    const failures = verdicts.flatMap(({ name, failure }) => (failure === null ? [] : [{ name, failure }]));
    assert.deepEqual(failures, [
      { name: "driver.descriptors", failure: "rose by 3.00, expected 1.50 at most" },
    ]);
  });

  test("ends all that it has started on SIGTERM, and writes what it has measured", async () => {
    const json = join(folder, "soak.json");
    const child = spawn(process.execPath, [PROGRAM, "--short", "--seed", `${SEED}`, "--json", json], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: string[] = [];
    let started: number[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      lines.push(line);
      if (line !== "the call is connected") continue;
      started = descendants(child.pid ?? 0);
      child.kill("SIGTERM");
    }
    assert.equal(await exitStatusOf(child), 143, lines.join("\n"));
    assert.match(lines[0] ?? "", new RegExp(`^seed ${SEED},`));
    // Two plugins with their sound processes, and two sound servers.
    assert.ok(started.length >= 6, `${started}`);
    assert.deepEqual(started.filter(isRunning), []);
    const { failure, seed } = JSON.parse(readFileSync(json, "utf8"));
    assert.deepEqual({ failure, seed }, { failure: "stopped by SIGTERM", seed: SEED });
  });
});
