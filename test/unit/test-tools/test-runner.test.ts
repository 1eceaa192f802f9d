// The test runner itself: its counts, and its treatment of files that hang, crash or leave processes behind.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { runFile } from "../../support/process/run-file.ts";
import type { FileReport } from "../../support/process/test-results.ts";

const preamble = `import { describe, test } from "node:test"; import { spawn } from "node:child_process";\n`;

describe("test runner", () => {
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "goop-runner-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function run(
    source: string,
    limits: { limitMs?: number; graceMs?: number } = {},
  ): Promise<FileReport> {
    const file = join(folder, "sample.test.mts");
    await writeFile(file, preamble + source);
    return await runFile(file, {
      limitMs: 60_000,
      graceMs: 0,
      signal: new AbortController().signal,
      ...limits,
    });
  }

  test("counts leaf tests, and a parent only when it fails by itself", async () => {
    const report = await run(`
      describe("group", () => { test("one", () => {}); test("two", () => { throw new Error("two is bad"); }); });
      test("parent", async (t) => { await t.test("three", () => {}); });
      test("own failure", async (t) => { await t.test("four", () => {}); throw new Error("after four"); });`);
    assert.deepEqual([report.passed, report.failed, report.skipped], [3, 2, 0]);
    assert.match(report.failures[0] ?? "", /^group > two\n.*two is bad/s);
  });

  test("gives the reason of each skipped test", async () => {
    const report = await run(`test("late", { skip: "no moon tonight" }, () => {}); test("now", () => {});`);
    assert.deepEqual([report.passed, report.skipped], [1, 1]);
    assert.deepEqual(report.skips, ["late: no moon tonight"]);
  });

  test("a file that crashes after its tests passed has failed", async () => {
    const report = await run(
      `test("fine", () => {}); process.on("exit", () => process.kill(process.pid, "SIGSEGV"));`,
    );
    assert.deepEqual([report.passed, report.failed], [1, 1]);
    assert.match(report.failures[0] ?? "", /signal SIGSEGV/);
  });

  test("a file without a test has failed, and shows what it printed", async () => {
    const report = await run(`console.log("only words");`);
    assert.equal(report.failed, 1);
    assert.match(report.failures[0] ?? "", /holds no test.*only words/s);
  });

  test("shows the notices of a file that passed, and nothing else of its output", async () => {
    const report = await run(
      `console.error("words"); console.error("notice: a step was repeated"); test("fine", () => {});`,
    );
    assert.deepEqual([report.passed, report.failed], [1, 0]);
    assert.deepEqual(report.notices, ["a step was repeated"]);
  });

  test("a file that does not end is killed at its limit", async () => {
    const report = await run(`test("fine", () => {}); setInterval(() => {}, 1000);`, { limitMs: 1500 });
    assert.match(report.failures[0] ?? "", /did not end within 1.5 s/);
  });

  test("a leftover process is named, killed and counted as a failure, also in a session of its own", async () => {
    const report = await run(
      `test("fine", () => { const child = spawn("sleep", ["3456"], { detached: true, stdio: "inherit" });
        child.unref(); });`,
    );
    assert.deepEqual([report.passed, report.failed], [1, 1]);
    const pid = Number(/process (\d+) running: sleep 3456/.exec(report.failures[0] ?? "")?.[1]);
    // A zombie still has an entry, without a command line.
    assert.equal(await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => ""), "");
  });
});
