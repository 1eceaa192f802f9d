// One file with everything that whoever looks into a bad call asks for. Masked unless it is wanted as it is.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  Availability,
  CallStatistics,
  ChartLogEntry,
  DeviceList,
  Result,
  Settings,
} from "../../rpc-schema/index.ts";
import { Mask } from "../../statecharts/index.ts";

/** The newest part of the event log that goes along. */
const MAX_LOG_BYTES = 2 * 1024 * 1024;

export interface BundleParts {
  readonly version: string;
  /** Versions of what the plugin runs on, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Settings;
  readonly availability: Availability;
  readonly devices: DeviceList;
  readonly statistics: readonly CallStatistics[];
  /** How every chart stands at this moment. */
  readonly charts: readonly ChartLogEntry[];
  /** Lines of the process's log, the oldest first. */
  readonly log: readonly string[];
  /** The event log's file; null where none is written. */
  readonly chartLog: string | null;
}

/** @param folder made where it is missing; the system's folder for passing files where there is none */
export function writeBundle(
  parts: BundleParts,
  folder: string | undefined,
  masked: boolean,
): Result<"debug.bundle"> {
  const mask = new Mask();
  const { version, versions, chartLog, devices, ...rest } = parts;
  // Devices come first: from them the mask learns the names that stand in sentences elsewhere.
  const recorded = chartLog === null ? [] : tailOf(chartLog);
  const body = { devices, recorded, ...rest };
  const bundle = {
    kind: "goop-call-plugin evidence",
    version: 1,
    plugin: { name: "goop-call-plugin", version },
    createdAt: Date.now(),
    masked,
    versions,
    ...(masked ? (mask.value(body) as typeof body) : body),
  };
  const place = folder === undefined ? tmpdir() : join(folder, "evidence");
  mkdirSync(place, { recursive: true, mode: 0o700 });
  const path = join(
    place,
    `goop-call-evidence-${new Date().toISOString().replaceAll(":", "-")}-${process.pid}.json`,
  );
  const text = JSON.stringify(bundle, null, 1);
  writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  return { path, bytes: Buffer.byteLength(text) };
}

/** Whole lines from the end of the file, as objects; its first line always. */
function tailOf(path: string): unknown[] {
  const text = readFileSync(path, "utf8");
  const [head = "", ...lines] = text.split("\n").filter((line) => line !== "");
  let bytes = head.length;
  const at = lines.findLastIndex((line) => {
    bytes += line.length;
    return bytes > MAX_LOG_BYTES;
  });
  return [head, ...lines.slice(at + 1)].map((line): unknown => JSON.parse(line));
}
