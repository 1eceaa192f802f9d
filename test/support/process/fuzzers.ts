// Builds and runs the fuzz targets of test/fuzz under libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer.

import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBases } from "../pictures/jpeg-bases.ts";
import { makeShapes } from "../pictures/jpeg-shapes.ts";
import { compileAll, type Ended, link, run, withCoreOf } from "./cpp-build.ts";

const FUZZ = fileURLToPath(new URL("../../fuzz/", import.meta.url));
export const CORPUS = join(FUZZ, "corpus");
export const FOUND = join(FUZZ, "found");

export interface FuzzTarget {
  readonly name: string;
  /** Longer inputs are slower and find nothing more. */
  readonly mostBytes: number;
  /** Share of the total time. */
  readonly share: number;
  /** Functions of the system that the target replaces. */
  readonly wrapped: readonly string[];
  /** Inputs to begin with, besides the corpus. */
  readonly seeds?: () => readonly Uint8Array[];
}

/** Every shape that the decoder is tested with, small enough for the fuzzer. */
function jpegSeeds(): Uint8Array[] {
  const size = { width: 64, height: 128 };
  return makeShapes(makeBases(size), size).map(({ bytes }) => bytes);
}

export const FUZZ_TARGETS: readonly FuzzTarget[] = [
  { name: "driver", mostBytes: 1024, share: 0.3, wrapped: ["ioctl", "poll", "mmap", "munmap"] },
  { name: "jpeg", mostBytes: 4096, share: 0.4, wrapped: [], seeds: jpegSeeds },
  { name: "raw", mostBytes: 512, share: 0.2, wrapped: [] },
  { name: "stamp", mostBytes: 256, share: 0.1, wrapped: [] },
];

const SANITIZERS = "address,undefined,float-cast-overflow";
const COMPILE_FLAGS = ["-O1", "-g1", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all"];
/** One input takes milliseconds. A hundred times that is a hang. */
const INPUT_LIMIT_S = 10;
/** For the start, loading the corpus, and a busy machine. */
const SLACK_MS = 120_000;

export interface FuzzRun {
  readonly target: string;
  readonly seconds: number;
  /** Number of inputs tried. */
  readonly inputs: number;
  readonly ended: Ended;
  /** The input that crashed, as base64; empty when none did. */
  readonly crash: string;
}

/** Programs in `directory` by target name. */
export async function buildFuzzers(directory: string): Promise<Map<string, string>> {
  const sourcesOf = ({ name }: FuzzTarget) => withCoreOf([join(FUZZ, `${name}.cc`)]);
  const compiler = "clang++";
  const compileFlags = [...COMPILE_FLAGS, `-fsanitize=fuzzer-no-link,${SANITIZERS}`];
  const all = [...new Set(FUZZ_TARGETS.flatMap(sourcesOf))];
  const objects = await compileAll({ compiler, compileFlags }, all, directory);
  const programs = new Map<string, string>();
  for (const target of FUZZ_TARGETS) {
    const own = sourcesOf(target).map((source) => objects.get(source) ?? source);
    const wraps = target.wrapped.map((call) => `-Wl,--wrap=${call}`);
    const linkFlags = [`-fsanitize=fuzzer,${SANITIZERS}`, ...wraps];
    const program = await link({ compiler, linkFlags }, own, join(directory, target.name));
    programs.set(target.name, program);
  }
  return programs;
}

/** Fuzzes for the given time, starting from the kept corpus, which it does not change. */
export async function fuzz(target: FuzzTarget, program: string, seconds: number): Promise<FuzzRun> {
  const work = await mkdtemp(join(tmpdir(), `fuzz-${target.name}-`));
  try {
    const found = join(work, "found");
    const seeds = join(work, "seeds");
    await mkdir(found);
    await mkdir(seeds);
    for (const [index, bytes] of (target.seeds?.() ?? []).entries())
      await writeFile(join(seeds, String(index)), bytes);
    const ended = await run(
      program,
      [
        `-max_total_time=${seconds}`,
        // A test must fail again in the same way, so it uses a fixed seed. `npm run fuzz -- --grow` uses a random one.
        "-seed=1",
        ...limitsOf(target),
        `-artifact_prefix=${work}/`,
        "-print_final_stats=1",
        "-use_value_profile=1",
        found,
        seeds,
        join(CORPUS, target.name),
      ],
      { limitMs: seconds * 1000 + SLACK_MS },
    );
    const inputs = Number(/number_of_executed_units: (\d+)/.exec(ended.stderr)?.[1] ?? 0);
    return { target: target.name, seconds, inputs, ended, crash: await crashIn(work) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Fuzzes for the given time and keeps the smallest set of inputs with the same coverage. */
export async function growCorpus(target: FuzzTarget, program: string, seconds: number): Promise<FuzzRun> {
  const kept = join(CORPUS, target.name);
  const grown = await mkdtemp(join(FUZZ, "corpus", `.${target.name}-`));
  const merged = await mkdtemp(join(FUZZ, "corpus", `.${target.name}-`));
  try {
    const limits = limitsOf(target);
    const ended = await run(
      program,
      [`-max_total_time=${seconds}`, ...limits, `-artifact_prefix=${grown}/`, grown, kept],
      {
        limitMs: seconds * 1000 + SLACK_MS,
      },
    );
    const crash = await crashIn(grown);
    if (crash === "") {
      await run(program, ["-merge=1", ...limits, merged, kept, grown]);
      await rm(kept, { recursive: true });
      await rename(merged, kept);
    }
    return { target: target.name, seconds, inputs: 0, ended, crash };
  } finally {
    await rm(grown, { recursive: true, force: true });
    await rm(merged, { recursive: true, force: true });
  }
}

function limitsOf({ mostBytes }: FuzzTarget): string[] {
  return [`-max_len=${mostBytes}`, `-timeout=${INPUT_LIMIT_S}`, "-rss_limit_mb=1024"];
}

async function crashIn(directory: string): Promise<string> {
  const names = await readdir(directory);
  const crash = names.find((name) => /^(crash|leak|timeout|oom|slow-unit)-/.test(name));
  return crash === undefined ? "" : (await readFile(join(directory, crash))).toString("base64");
}
