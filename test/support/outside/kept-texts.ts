// The texts that the fuzzer keeps: those that reach new code, and those that a reader could not read.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const FUZZ = new URL("../../fuzz/", import.meta.url);
const corpusSchema = z.array(z.string());
const foundSchema = z.array(z.object({ reader: z.string(), symptom: z.string(), text: z.string() }));

/** A text that once broke a reader. */
export type FoundText = z.infer<typeof foundSchema>[number];

function corpusFile(reader: string): string {
  return fileURLToPath(new URL(`corpus/readers/${reader.replaceAll(/[^a-z]+/gi, "-")}.json`, FUZZ));
}

export function keptTexts(reader: string): string[] {
  const file = corpusFile(reader);
  return existsSync(file) ? corpusSchema.parse(JSON.parse(readFileSync(file, "utf8"))) : [];
}

export function keepTexts(reader: string, texts: readonly string[]): void {
  writeFileSync(corpusFile(reader), `${JSON.stringify(texts, null, 1)}\n`);
}

export function foundTexts(): FoundText[] {
  return foundSchema.parse(JSON.parse(readFileSync(new URL("found/readers.json", FUZZ), "utf8")));
}
