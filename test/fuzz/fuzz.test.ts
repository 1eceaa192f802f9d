// Fuzzes the addon's core for a minute of processor time in total, starting with the kept corpus. Add an input that crashes to found/,
// together with its fix.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readdirSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { run } from "../support/process/cpp-build.ts";
import { buildFuzzers, CORPUS, FOUND, FUZZ_TARGETS, fuzz } from "../support/process/fuzzers.ts";

const SECONDS = 64;
/** Keeps a clone small. */
const MOST_CORPUS_BYTES = 300_000;

const work = mkdtempSync(join(tmpdir(), "fuzzers-"));
after(() => rm(work, { recursive: true }));
const programs = await buildFuzzers(work);

/** Inputs that once crashed, named by their content. */
function foundBy(target: string): string[] {
  const folder = join(FOUND, target);
  return existsSync(folder) ? readdirSync(folder) : [];
}

// Each fuzzer is a process with one thread, so the time is split over the cores.
describe("the addon's core under a fuzzer", { concurrency: availableParallelism() }, () => {
  for (const target of FUZZ_TARGETS) {
    const seconds = Math.ceil(SECONDS * target.share);
    test(`${target.name}: ${seconds} s cause no crash, no leak and no sanitizer report`, async () => {
      const { ended, inputs, crash } = await fuzz(target, programs.get(target.name) ?? "", seconds);
      assert.equal(ended.status, 0, `${ended.stderr.slice(-8_000)}\nthe input, base64: ${crash}`);
      assert.ok(inputs > readdirSync(join(CORPUS, target.name)).length, `only ${inputs} inputs were tried`);
    });
  }

  for (const { name } of FUZZ_TARGETS) {
    for (const symptom of foundBy(name)) {
      test(`${name}: ${symptom.replaceAll("-", " ")} no longer ends the process`, async () => {
        const { status, stderr } = await run(programs.get(name) ?? "", [join(FOUND, name, symptom)]);
        assert.equal(status, 0, stderr.slice(-8_000));
      });
    }
  }

  test("the kept corpus has inputs for every target and stays small", () => {
    const sizes = FUZZ_TARGETS.map(({ name }) =>
      readdirSync(join(CORPUS, name)).map((file) => statSync(join(CORPUS, name, file)).size),
    );
    assert.ok(sizes.every((files) => files.length > 0));
    const total = sizes.flat().reduce((sum, size) => sum + size, 0);
    assert.ok(total <= MOST_CORPUS_BYTES, `${total} bytes`);
  });
});
