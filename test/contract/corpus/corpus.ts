// A corpus of recorded messages: one JSON object a line, with the message, its sender, and the method of an answer.

import { readFileSync } from "node:fs";
import { z } from "zod";
import { isRecord } from "../../../rpc-schema/is-record.ts";

const entrySchema = z.strictObject({
  from: z.enum(["host", "plugin"]),
  /** The method of the request that the message answers. */
  answers: z.string().optional(),
  message: z.record(z.string(), z.unknown()),
});
export type CorpusEntry = z.infer<typeof entrySchema>;

export function readCorpus(name: string): CorpusEntry[] {
  const text = readFileSync(new URL(name, import.meta.url), "utf8");
  return text
    .trimEnd()
    .split("\n")
    .map((line) => entrySchema.parse(JSON.parse(line)));
}

/** Name of the method or notification that an entry is about. */
export function methodOf({ answers, message }: CorpusEntry): string {
  return answers ?? String(message.method);
}

const MAX_ENTRIES_OF_METHOD = 4;
/** Enough for one of each kind in the lists of charts, states and log entries. */
const MAX_ELEMENTS = 3;

/** Collects messages, one of each shape. */
export class Corpus {
  readonly #entries: CorpusEntry[] = [];
  readonly #shapes = new Set<string>();

  add(entry: CorpusEntry): void {
    const kept = { ...entry, message: shortened(entry.message) };
    const name = `${kept.from} ${methodOf(kept)} ${kept.answers === undefined}`;
    const shape = `${name} ${shapeOf(kept.message)}`;
    const count = this.#entries.filter(
      (one) => `${one.from} ${methodOf(one)} ${one.answers === undefined}` === name,
    );
    if (this.#shapes.has(shape) || count.length >= MAX_ENTRIES_OF_METHOD) return;
    this.#shapes.add(shape);
    this.#entries.push(entrySchema.parse(kept));
  }

  /** @param replacements texts of this machine, each with what stands for it in the corpus */
  lines(replacements: readonly [string, string][]): string {
    let text = this.#entries.map((entry) => `${JSON.stringify(entry)}\n`).join("");
    for (const [found, replacement] of replacements) text = text.replaceAll(found, replacement);
    return text.replace(/\b(?!127\.0\.0\.1\b|0\.0\.0\.0\b)\d{1,3}(\.\d{1,3}){3}\b/g, "192.0.2.1");
  }
}

/** Cuts lists, at every depth but within settings, whose lists are short. */
function shortened<T>(value: T): T {
  return JSON.parse(JSON.stringify(value), (_key, inner) =>
    Array.isArray(inner) ? oneOfEach(inner) : inner,
  );
}

/** The first elements of different shapes. */
function oneOfEach(list: unknown[]): unknown[] {
  const byShape = new Map(list.toReversed().map((element) => [shapeOf(element), element]));
  const kept = [...byShape.values()].toReversed();
  return kept.slice(0, list.some((element) => isRecord(element) && "kind" in element) ? 8 : MAX_ELEMENTS);
}

/** The names of all fields, and the types of their values. */
function shapeOf(value: unknown): string {
  if (Array.isArray(value)) return `[${[...new Set(value.map(shapeOf))].join()}]`;
  if (!isRecord(value)) return value === null ? "null" : typeof value;
  const kind = "kind" in value || "type" in value ? String(value.kind ?? value.type) : "";
  return `{${kind}${Object.entries(value).map(([key, inner]) => `${key}:${shapeOf(inner)}`)}}`;
}
