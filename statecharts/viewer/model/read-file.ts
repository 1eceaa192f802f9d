// Reads an opened file: a chart log or a diagnostics bundle. It checks only what the drawing relies on, and throws an error
// for any other file.

import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import { upgradeChartLog } from "../../describe/former-logs.ts";
import { isRecord } from "../../describe/is-record.ts";

export interface Recording {
  /** `log` or `bundle`. */
  readonly kind: "log" | "bundle";
  readonly entries: readonly ChartLogEntry[];
  /** Unix milliseconds of the start of the time line; undefined if the file does not contain it. */
  readonly startedAt: number | undefined;
  readonly version: string;
  readonly isMasked: boolean;
  /** The other contents of a bundle. */
  readonly otherParts: Readonly<Record<string, unknown>>;
}

const KINDS: ReadonlySet<unknown> = new Set(["log", "actor", "event", "step"]);
const KNOWN_VERSIONS: ReadonlySet<number> = new Set([1, 2]);

/** @throws Error saying what was expected */
export function readRecording(text: string, name: string): Recording {
  const bundle = tryParse(text);
  if (isRecord(bundle) && Array.isArray(bundle.charts)) return readBundle(bundle, name);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // A crash may cut the last line.
  const values = lines.map((line, index) => {
    const value = tryParse(line);
    if (value !== undefined || index === lines.length - 1) return value;
    throw new Error(`${name}, line ${index + 1}: not JSON, expected an entry of a chart log`);
  });
  const entries = values
    .filter((value) => value !== undefined)
    .map((value, index) => entryOf(value, name, index));
  return fromEntries("log", entries, name, {});
}

function readBundle(bundle: Readonly<Record<string, unknown>>, name: string): Recording {
  const { recorded, charts, ...otherParts } = bundle;
  const recordedValues = Array.isArray(recorded) ? recorded : [];
  // Without a recording there is at least the state of every chart.
  const values = recordedValues.length > 0 ? recordedValues : (charts as unknown[]);
  const entries = values.map((value, index) => entryOf(value, name, index));
  const recording = recordedValues.length > 0 ? fromEntries("bundle", entries, name, otherParts) : undefined;
  const version = isRecord(bundle.plugin) ? String(bundle.plugin.version) : "";
  const isMasked = bundle.masked === true;
  return (
    recording ?? {
      kind: "bundle",
      entries: upgradeChartLog(entries),
      startedAt: undefined,
      version,
      isMasked,
      otherParts,
    }
  );
}

function fromEntries(
  kind: Recording["kind"],
  entries: readonly ChartLogEntry[],
  name: string,
  otherParts: Readonly<Record<string, unknown>>,
): Recording {
  const [head] = entries;
  if (head?.kind !== "log") throw new Error(`${name} is not a chart log: expected a head in its first line`);
  if (!KNOWN_VERSIONS.has(head.version)) {
    const expected = [...KNOWN_VERSIONS].join(" or ");
    throw new Error(`${name} is a log of version ${String(head.version)}, expected ${expected}`);
  }
  const { startedAt, masked, plugin } = head;
  return {
    kind,
    entries: upgradeChartLog(entries),
    startedAt,
    version: plugin.version,
    isMasked: masked,
    otherParts,
  };
}

/** The plugin validates what it writes. Here only the fields that a drawing needs are checked. */
function entryOf(value: unknown, name: string, index: number): ChartLogEntry {
  const isEntry =
    isRecord(value) &&
    KINDS.has(value.kind) &&
    (value.kind === "log" || typeof value.t === "number") &&
    (value.kind !== "event" || isRecord(value.event)) &&
    (value.kind !== "step" || (Array.isArray(value.taken) && Array.isArray(value.actions)));
  if (!isEntry) throw new Error(`${name}, line ${index + 1}: not an entry of a chart log`);
  return value as ChartLogEntry;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller reports it with the line
  }
}
