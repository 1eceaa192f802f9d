// Writes the diagnostics bundle: one file with everything needed to examine a faulty call, masked by default.

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type {
  Availability,
  CallStatistics,
  ChartLogEntry,
  DeviceList,
  Refusal,
  Result,
  Settings,
} from "../../rpc-schema/index.ts";
import { Mask } from "../../statecharts/index.ts";
import { dateMs, today } from "../common/clock.ts";
import { makeFolderSync } from "../common/make-folder.ts";
import { errnoOf, FileError } from "../common/system-failure.ts";

/** The newest part of the chart log goes into the bundle. */
const MAX_LOG_BYTES = 2 * 1024 * 1024;

export interface BundleParts {
  readonly version: string;
  /** Versions of the runtime and of its libraries, by name. */
  readonly versions: Readonly<Record<string, string>>;
  readonly settings: Settings;
  readonly availability: Availability;
  readonly devices: DeviceList;
  readonly statistics: readonly CallStatistics[];
  /** What peers and pages were refused since the start. */
  readonly refusals: readonly Refusal[];
  /** The current state of every chart. */
  readonly charts: readonly ChartLogEntry[];
  /** Lines of the process's log, the oldest first. */
  readonly log: readonly string[];
  /** Path of the chart log; null without a recording. */
  readonly chartLog: string | null;
}

/**
 * @param folder created if it is missing; undefined: the system's folder for temporary files
 * @throws FileError, and then leaves no partial file behind
 */
export function writeBundle(
  parts: BundleParts,
  folder: string | undefined,
  masked: boolean,
): Result<"debug.bundle"> {
  const mask = new Mask();
  const { version, versions, chartLog, devices, ...rest } = parts;
  // Devices come first, because the mask learns the device names from them, and later finds these in sentences.
  const recorded = chartLog === null ? [] : tailOf(chartLog);
  const body = { devices, recorded, ...rest };
  const bundle = {
    kind: "goop-call-plugin evidence",
    version: 1,
    plugin: { name: "goop-call-plugin", version },
    createdAt: dateMs(),
    masked,
    versions,
    ...(masked ? (mask.value(body) as typeof body) : body),
  };
  const place = folder === undefined ? tmpdir() : join(folder, "evidence");
  const path = join(
    place,
    `goop-call-evidence-${today().toISOString().replaceAll(":", "-")}-${process.pid}.json`,
  );
  const text = JSON.stringify(bundle, null, 1);
  writeNewFile(path, text);
  return { path, bytes: Buffer.byteLength(text) };
}

function writeNewFile(path: string, text: string): void {
  try {
    makeFolderSync(dirname(path));
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    // A disk that is full holds the beginning.
    if (errnoOf(error) !== "EEXIST") rmSync(path, { force: true });
    throw new FileError("The bug report", path, "cannot be written", error);
  }
}

/** @returns the first line of the file and the last complete lines, as objects */
function tailOf(path: string): unknown[] {
  const text = readLog(path);
  const [head = "", ...lines] = text.split("\n").filter((line) => line !== "");
  let bytes = head.length;
  const at = lines.findLastIndex((line) => {
    bytes += line.length;
    return bytes > MAX_LOG_BYTES;
  });
  return [head, ...lines.slice(at + 1)].map((line): unknown => JSON.parse(line));
}

function readLog(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new FileError("The chart log", path, "cannot be read", error);
  }
}
