// Runs the addon's core as plain programs: all of it under AddressSanitizer and UndefinedBehaviorSanitizer, and the
// threaded parts under ThreadSanitizer too. The tests are in core/*.cc. Each line of their output becomes a test here.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  buildProgram,
  CORE,
  type Ended,
  run,
  sourcesIn,
  withCoreOf,
} from "../../support/process/cpp-build.ts";

const TESTS = fileURLToPath(new URL("./core/", import.meta.url));
const WARNINGS = ["-Wall", "-Wextra", "-Werror"];

async function buildAndRun(sanitizers: string, sources: readonly string[]): Promise<Ended> {
  const work = await mkdtemp(join(tmpdir(), "native-core-"));
  try {
    const flag = `-fsanitize=${sanitizers}`;
    const compileFlags = ["-O1", "-g1", flag, "-fno-sanitize-recover=all", ...WARNINGS];
    const program = await buildProgram({ compiler: "g++", compileFlags, linkFlags: [flag] }, sources, work);
    const ended = await run(program, []);
    // ThreadSanitizer cannot handle the kernel's address randomisation here, so it is turned off: setarch(8).
    const isRandomised = ended.stderr.includes("ThreadSanitizer: unexpected memory mapping");
    return isRandomised ? await run("setarch", ["-R", program]) : ended;
  } finally {
    await rm(work, { recursive: true });
  }
}

const tests = await sourcesIn(TESTS);
const usesThreads = (path: string) =>
  /#include ["<](capture\/capture-)?thread(\.h)?[">]/.test(readFileSync(path, "utf8"));
const threaded = tests.filter((path) => path.endsWith("/main.cc") || usesThreads(path));
const variants: readonly [string, string, readonly string[]][] = [
  ["address,undefined", "leaks included", [...(await sourcesIn(CORE)), ...tests]],
  ["thread", "races and deadlocks", withCoreOf(threaded)],
];

for (const [sanitizers, meaning, sources] of variants) {
  const ended = await buildAndRun(sanitizers, sources);

  describe(`the addon's core under -fsanitize=${sanitizers}`, () => {
    for (const line of ended.stdout.trim().split("\n")) {
      const [, failed, name] = /^(not )?ok (.*)$/.exec(line) ?? [];
      test(name ?? line, () => assert.ok(name !== undefined && failed === undefined, line));
    }

    test(`ends without a sanitizer report, ${meaning}`, () => {
      assert.equal(ended.stderr, "");
      assert.equal(ended.status, 0);
    });
  });
}
