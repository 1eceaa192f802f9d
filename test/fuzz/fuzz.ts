// `npm run fuzz -- [--seconds 60] [--grow]`: fuzzes the addon's core and splits the seconds over all targets. --grow
// replaces the corpus by the smallest one with the same coverage. The exit status is 1 when an input crashed.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { buildFuzzers, FUZZ_TARGETS, type FuzzRun, fuzz, growCorpus } from "../support/process/fuzzers.ts";

const { values } = parseArgs({
  options: { seconds: { type: "string", default: "60" }, grow: { type: "boolean", default: false } },
});

function report({ target, seconds, inputs, ended, crash }: FuzzRun): boolean {
  const isClean = ended.status === 0 && crash === "";
  process.stdout.write(
    `${target}: ${seconds} s, ${inputs} inputs, ${isClean ? "clean" : "FOUND SOMETHING"}\n`,
  );
  if (!isClean) process.stdout.write(`${ended.stderr.slice(-8_000)}\ninput, base64: ${crash}\n`);
  return isClean;
}

async function main(): Promise<number> {
  const total = Number(values.seconds);
  if (!(total > 0)) throw new Error(`--seconds is "${values.seconds}", expected a number above 0`);
  const directory = await mkdtemp(join(tmpdir(), "fuzzers-"));
  try {
    const programs = await buildFuzzers(directory);
    let isClean = true;
    for (const target of FUZZ_TARGETS) {
      const seconds = Math.ceil(total * target.share);
      const run = values.grow ? growCorpus : fuzz;
      isClean = report(await run(target, programs.get(target.name) ?? "", seconds)) && isClean;
    }
    return isClean ? 0 : 1;
  } finally {
    await rm(directory, { recursive: true });
  }
}

process.exitCode = await main();
