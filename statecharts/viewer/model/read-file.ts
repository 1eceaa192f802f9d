// Reads what people open: an event log, or a bundle of evidence. Checks as much as the drawing relies on, and says what
// is wrong with what is neither.

import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import { upgradeChartLog } from "../../describe/former-logs.ts";

export interface Recording {
  /** `log` or `bundle`. */
  readonly kind: "log" | "bundle";
  readonly entries: readonly ChartLogEntry[];
  /** Unix milliseconds of the time line's zero; undefined where the file does not say. */
  readonly startedAt: number | undefined;
  readonly version: string;
  readonly isMasked: boolean;
  /** Of a bundle: what it holds beside the charts. */
  readonly evidence: Readonly<Record<string, unknown>>;
}

const KINDS: ReadonlySet<unknown> = new Set(["log", "actor", "event", "step"]);
const KNOWN_VERSIONS: ReadonlySet<number> = new Set([1, 2]);

/** @throws Error saying what was expected */
export function readRecording(text: string, name: string): Recording {
  const bundle = tryParse(text);
  if (isRecord(bundle) && Array.isArray(bundle.charts)) return readBundle(bundle, name);
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  // The last line may be cut, as a crash leaves it.
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
  const { recorded, charts, ...evidence } = bundle;
  const told = Array.isArray(recorded) ? recorded : [];
  // Without a recording there is at least how everything stood.
  const values = told.length > 0 ? told : (charts as unknown[]);
  const entries = values.map((value, index) => entryOf(value, name, index));
  const recording = told.length > 0 ? fromEntries("bundle", entries, name, evidence) : undefined;
  const version = isRecord(bundle.plugin) ? String(bundle.plugin.version) : "";
  const isMasked = bundle.masked === true;
  return (
    recording ?? {
      kind: "bundle",
      entries: upgradeChartLog(entries),
      startedAt: undefined,
      version,
      isMasked,
      evidence,
    }
  );
}

function fromEntries(
  kind: Recording["kind"],
  entries: readonly ChartLogEntry[],
  name: string,
  evidence: Readonly<Record<string, unknown>>,
): Recording {
  const [head] = entries;
  if (head?.kind !== "log") throw new Error(`${name} is no log of charts: its first line should say so`);
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
    evidence,
  };
}

/** The plugin checks what it writes; here only what a drawing would stumble over is looked at. */
function entryOf(value: unknown, name: string, index: number): ChartLogEntry {
  const isEntry =
    isRecord(value) &&
    KINDS.has(value.kind) &&
    (value.kind === "log" || typeof value.t === "number") &&
    (value.kind !== "event" || isRecord(value.event)) &&
    (value.kind !== "step" || (Array.isArray(value.taken) && Array.isArray(value.actions)));
  if (!isEntry) throw new Error(`${name}, line ${index + 1}: no entry of a chart log`);
  return value as ChartLogEntry;
}

function tryParse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told by the caller, who knows the line
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
