// A small fuzzer for readers of text, guided by the coverage that V8 counts for each block of our code. libFuzzer's port to
// JavaScript needs a newer C library than Debian 12 has, and does not see code that Node strips of its types.

import { Session } from "node:inspector";
import { type Random, seededRandom } from "../process/seeded-random.ts";
import { excessiveGrowth, PUMPED } from "./growth.ts";
import type { OutsideReader } from "./readers.ts";

const MAX_CHARS = 4_000;
/** Coverage is taken once for so many texts, and again for each of them if they reached new code. */
const BATCH = 24;
/** A text of this length is read in a fraction of a millisecond. */
const SLOW_MS = 40;
const MAX_REPEATS = 64;
const VALUES = ["-1", "0", "1e999", "9007199254740993", "null", "true", "[]", "{}", '""', "__proto__"];
const OUR_CODE = /\/(plugin|statecharts|rpc-schema)\//;

export interface FuzzFinding {
  readonly text: string;
  /** Such as `TypeError: …`, or that the time grows too fast. */
  readonly symptom: string;
}

export interface TextFuzzRun {
  readonly texts: number;
  /** Texts that reached new code, the seeds first. */
  readonly corpus: readonly string[];
  readonly finding: FuzzFinding | null;
}

/** @returns what is wrong when the reader reads this text; null if nothing is */
export function judgeText({ read, refusals }: OutsideReader, text: string): string | null {
  const startedAt = performance.now();
  try {
    read(text);
  } catch (error) {
    const name = error instanceof Error ? error.name : "no error";
    if (!refusals.includes(name)) return error instanceof Error ? (error.stack ?? name) : String(error);
  }
  if (performance.now() - startedAt < SLOW_MS || text === "") return null;
  const growth = excessiveGrowth(read, (size) => text.repeat(Math.ceil(size / text.length)));
  return growth === null ? null : `its time grows too fast: ${growth.toFixed(0)} times`;
}

/** Changes the seeds until the time is over or something is found. The same random numbers give the same texts. */
export function fuzzText(
  reader: OutsideReader,
  kept: readonly string[],
  { seconds, random = seededRandom(1) }: { seconds: number; random?: Random },
): TextFuzzRun {
  const coverage = new BlockCoverage();
  const corpus = [...new Set(["", ...reader.seeds, ...kept])];
  let texts = 0;
  try {
    for (const text of corpus) {
      const symptom = judgeText(reader, text);
      if (symptom !== null) return { texts, corpus, finding: { text, symptom } };
    }
    coverage.reachesNew();
    const endMs = performance.now() + seconds * 1000;
    while (performance.now() < endMs) {
      const batch = Array.from({ length: BATCH }, () => mutated(corpus, random));
      for (const text of batch) {
        texts++;
        const symptom = judgeText(reader, text);
        if (symptom !== null) return { texts, corpus, finding: { text, symptom } };
      }
      if (!coverage.reachesNew(false)) continue;
      for (const text of batch) {
        judgeText(reader, text);
        if (coverage.reachesNew()) corpus.push(text);
      }
    }
    return { texts, corpus, finding: null };
  } finally {
    coverage.close();
  }
}

/** The blocks of our code that ran, by file and place. */
class BlockCoverage {
  readonly #session = new Session();
  readonly #reached = new Set<string>();

  constructor() {
    this.#session.connect();
    this.#session.post("Profiler.enable");
    this.#session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  }

  /** Whether a block ran for the first time, since the last call. @param isKept false: it is new again the next time */
  reachesNew(isKept = true): boolean {
    let isNew = false;
    this.#session.post("Profiler.takePreciseCoverage", (_error, { result }) => {
      for (const { url, functions } of result.filter((script) => OUR_CODE.test(script.url))) {
        for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
          const key = `${url}:${startOffset}-${endOffset}`;
          if (count === 0 || this.#reached.has(key)) continue;
          isNew = true;
          if (isKept) this.#reached.add(key);
        }
      }
    });
    return isNew;
  }

  close(): void {
    this.#session.disconnect();
  }
}

function mutated(corpus: readonly string[], random: Random): string {
  let text = random.pick(corpus);
  for (let changes = 1 + random.below(4); changes > 0; changes--) {
    const at = random.below(text.length + 1);
    const end = at + random.below(Math.min(64, text.length - at + 1));
    text = text.slice(0, at) + changeOf(text.slice(at, end), corpus, random) + text.slice(end);
  }
  return text.slice(0, MAX_CHARS);
}

/** What comes in place of a part of a text. */
function changeOf(part: string, corpus: readonly string[], random: Random): string {
  const choices: readonly (() => string)[] = [
    () => "",
    () => part + part,
    () => part.repeat(random.below(MAX_REPEATS)),
    () => part + random.pick(PUMPED),
    () => random.pick(PUMPED).repeat(1 + random.below(MAX_REPEATS)),
    () => String.fromCodePoint(random.below(0xd7ff)),
    () => String.fromCharCode(random.below(128)) + part,
    () => random.pick(VALUES),
    () => random.pick(corpus).slice(random.below(200)),
  ];
  return random.pick(choices)();
}
