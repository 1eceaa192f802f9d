// Names that version 1 of the contract had and version 2 replaces. They are written beside today's names, and read where
// today's are absent, for as long as PROTOCOL_VERSIONS holds 1. This module is the only one that knows them.

import { z } from "zod";

/** `mediaLevel` and `mediaLevelReason` as a receiver of version 1 reads them. */
export interface FormerMediaLevel<Level> {
  rung?: Level;
  rungWhy?: string;
}

/** @returns the fields of an object that holds a schema's `mediaLevel`, under their former names */
export function formerMediaLevelFields<Level extends z.ZodType>(level: Level) {
  return {
    rung: level.optional().describe("former name of mediaLevel, until version 1 is dropped"),
    rungWhy: z.string().optional().describe("former name of mediaLevelReason, until version 1 is dropped"),
  };
}

/** @returns the same value with `mediaLevel` and `mediaLevelReason` under both names */
export function withFormerNames<Level extends string, T extends object>(
  value: T & { mediaLevel?: Level; mediaLevelReason?: string },
): T & FormerMediaLevel<Level> {
  const { mediaLevel, mediaLevelReason } = value;
  return {
    ...value,
    ...(mediaLevel === undefined ? {} : { rung: mediaLevel }),
    ...(mediaLevelReason === undefined ? {} : { rungWhy: mediaLevelReason }),
  };
}

/**
 * Reads a message of a sender of version 1.
 * @returns the value with `mediaLevel` and `mediaLevelReason` at every depth where only their former names stand; the value
 * itself, unchanged, where nothing is missing
 */
export function withCurrentNames(value: unknown): unknown {
  if (Array.isArray(value)) return keepIfSame(value, value.map(withCurrentNames));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, withCurrentNames(inner)] as const);
  const isSame = entries.every(([key, inner]) => (value as Record<string, unknown>)[key] === inner);
  const current: Record<string, unknown> = isSame ? { ...value } : Object.fromEntries(entries);
  const missing = FORMER_NAMES.filter(([former, name]) => former in current && !(name in current));
  for (const [former, name] of missing) current[name] = current[former];
  return isSame && missing.length === 0 ? value : current;
}

const FORMER_NAMES = [
  ["rung", "mediaLevel"],
  ["rungWhy", "mediaLevelReason"],
] as const;

function keepIfSame(before: readonly unknown[], after: readonly unknown[]): readonly unknown[] {
  return before.every((value, index) => value === after[index]) ? before : after;
}
