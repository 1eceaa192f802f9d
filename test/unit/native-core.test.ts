// The addon's core as a plain program under AddressSanitizer and UndefinedBehaviorSanitizer. The tests themselves are
// in native-core/*.cc; each of their lines becomes a test here.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";

const TESTS = fileURLToPath(new URL("./native-core/", import.meta.url));
const CORE = fileURLToPath(new URL("../../native/core/", import.meta.url));
const SANITIZERS = "-fsanitize=address,undefined";
const FLAGS = [
  "-std=c++20",
  "-O1",
  "-g1",
  SANITIZERS,
  "-fno-sanitize-recover=all",
  "-Wall",
  "-Wextra",
  "-Werror",
];
const STEP_LIMIT_MS = 240_000;

interface Ended {
  readonly status: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(program, args, { timeout: STEP_LIMIT_MS, killSignal: "SIGKILL" }, (error, stdout, stderr) =>
      resolve({ status: error?.code ?? error?.signal ?? 0, stdout, stderr }),
    ).stdin?.end();
  });
}

async function runOrFail(program: string, args: readonly string[]): Promise<void> {
  const { status, stderr } = await run(program, args);
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
}

async function sourcesIn(directory: string): Promise<string[]> {
  const names = await readdir(directory);
  return names.filter((name) => name.endsWith(".cc")).map((name) => join(directory, name));
}

/** Compiles as many at a time as there are processors. */
async function compileAll(sources: readonly string[], work: string): Promise<string[]> {
  const objects = sources.map((_, index) => join(work, `${index}.o`));
  const todo = sources.entries();
  const compileNext = async () => {
    for (const [index, source] of todo) {
      await runOrFail("g++", [...FLAGS, "-I", CORE, "-I", TESTS, "-c", source, "-o", objects[index] ?? ""]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, compileNext));
  return objects;
}

async function buildAndRun(): Promise<Ended> {
  const work = await mkdtemp(join(tmpdir(), "native-core-"));
  try {
    const program = join(work, "native-core");
    const objects = await compileAll([...(await sourcesIn(CORE)), ...(await sourcesIn(TESTS))], work);
    await runOrFail("g++", [SANITIZERS, ...objects, "-o", program, "-lturbojpeg", "-lyuv", "-lpthread"]);
    return await run(program, []);
  } finally {
    await rm(work, { recursive: true });
  }
}

const ended = await buildAndRun();

describe("the addon's core", () => {
  for (const line of ended.stdout.trim().split("\n")) {
    const [, failed, name] = /^(not )?ok (.*)$/.exec(line) ?? [];
    test(name ?? line, () => assert.ok(name !== undefined && failed === undefined, line));
  }

  test("ends without a complaint of the sanitizers, leaks included", () => {
    assert.equal(ended.stderr, "");
    assert.equal(ended.status, 0);
  });
});
