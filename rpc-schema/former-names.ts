// The field names of version 1 that version 2 replaced. A plugin writes both names in version 2, and only the former names in
// version 1, whose hosts refuse unknown fields. Readers accept both. All of this goes when PROTOCOL_VERSIONS drops 1. No other
// module uses the former names.

import { z } from "zod";
import { isRecord } from "./is-record.ts";

const FORMER_NAMES = [
  ["rung", "mediaLevel"],
  ["rungWhy", "mediaLevelReason"],
] as const;

/** Fields without a former name, which version 1 does not know. */
const NEW_FIELDS = [
  "placeholders",
  "concealedSound",
  "captureFaulty",
  "captureDamaged",
  "captureRepaired",
  "relayOnly",
  "ringer",
  "ringtone",
  "notifications",
  "protection",
  "wanted",
  "mutedMicrophone",
  "screen",
];

/** `mediaLevel` and `mediaLevelReason` as a receiver of version 1 reads them. */
export interface FormerMediaLevel<Level> {
  rung?: Level;
  rungWhy?: string;
}

/** @returns the schema's fields for the former names of `mediaLevel` and `mediaLevelReason` */
export function formerMediaLevelFields<Level extends z.ZodType>(level: Level) {
  return {
    rung: level.optional().describe("former name of mediaLevel, until version 1 is dropped"),
    rungWhy: z.string().optional().describe("former name of mediaLevelReason, until version 1 is dropped"),
  };
}

/** @returns the same for a signal, whose field `why` has the reason under its only name */
export function formerSignalFields<Level extends z.ZodType>(level: Level) {
  return {
    rung: level.optional().catch(undefined).describe("former name of mediaLevel, until version 1 is dropped"),
  };
}

/** @returns the media level of a signal under either name, or null where it has none */
export function signalMediaLevel<Level>(signal: {
  mediaLevel?: Level | undefined;
  rung?: Level | undefined;
}): Level | null {
  return signal.mediaLevel ?? signal.rung ?? null;
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

/** The fields of a device that version 1 does not have. */
const NEWER_DEVICE_FIELDS = ["kind", "port", "isMuted", "volume", "opened", "problem"];

/** @returns the record without its newer fields if it describes a device */
function withoutNewerFields(record: Record<string, unknown>): Record<string, unknown> {
  if (!("isDefault" in record && "id" in record)) return record;
  const entries = Object.entries(record).filter(([key]) => !NEWER_DEVICE_FIELDS.includes(key));
  return entries.length === Object.keys(record).length ? record : Object.fromEntries(entries);
}

/**
 * Writes a message for a receiver of version 1.
 * @returns the value with the former names in place of today's and without new fields, at every depth; the same object where
 * nothing changes
 */
export function withFormerNamesOnly(value: unknown): unknown {
  return mapRecords(value, (whole) => {
    const record = withoutNewerFields(whole);
    const present = FORMER_NAMES.filter(([, name]) => name in record);
    const unknown = NEW_FIELDS.filter((name) => name in record);
    if (present.length === 0 && unknown.length === 0) return record;
    const former = { ...record };
    for (const name of unknown) delete former[name];
    for (const [formerName, name] of present) {
      former[formerName] = former[name];
      delete former[name];
    }
    return former;
  });
}

/** Notifications that version 1 does not have. */
const NEW_NOTIFICATIONS = ["calls.missedChanged"];

/** @returns the params as a host of version 1 reads them, or null for a notification that it would refuse */
export function formerNotification(name: string, params: unknown): unknown {
  if (NEW_NOTIFICATIONS.includes(name) || name.startsWith("preview.")) return null;
  const isNew = name === "signalling.changed" && isRecord(params) && params.state === "stopped";
  return isNew ? null : withFormerNamesOnly(params);
}

/**
 * Reads a message of a sender of version 1.
 * @returns the value with today's names in every object that has only the former ones, or the same object where nothing changes
 */
export function withCurrentNames(value: unknown): unknown {
  return mapRecords(value, (record) => {
    const missing = FORMER_NAMES.filter(([former, name]) => former in record && !(name in record));
    if (missing.length === 0) return record;
    const current = { ...record };
    for (const [former, name] of missing) current[name] = current[former];
    return current;
  });
}

/** Applies `change` to every object within a JSON value, the innermost first. Unchanged parts stay the same objects. */
function mapRecords(
  value: unknown,
  change: (record: Record<string, unknown>) => Record<string, unknown>,
): unknown {
  if (Array.isArray(value)) {
    const mapped = value.map((element) => mapRecords(element, change));
    return mapped.every((element, index) => element === value[index]) ? value : mapped;
  }
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).map(([key, inner]) => [key, mapRecords(inner, change)] as const);
  const isSame = entries.every(([key, inner]) => value[key] === inner);
  return change(isSame ? value : Object.fromEntries(entries));
}
