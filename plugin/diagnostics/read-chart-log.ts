// Reads a chart log, with an error that names the first invalid line.

import { readFileSync, statSync } from "node:fs";
import { type ChartLogEntry, chartLogEntrySchema } from "../../rpc-schema/index.ts";
import { upgradeChartLog } from "../../statecharts/describe/former-logs.ts";
import { summaryOf } from "../rpc/messages.ts";

/** Twice the maximum size of a file that the plugin writes. */
const MAX_BYTES = 32 * 1024 * 1024;

/**
 * A crash may cut the last line. Every other line must be an entry. Logs of older versions get today's names.
 * @throws Error naming the file, the line and what was expected
 */
export function readChartLog(path: string): ChartLogEntry[] {
  const { size } = statSync(path);
  if (size > MAX_BYTES) throw new Error(`${path} has ${size} bytes, expected ${MAX_BYTES} at most`);
  const lines = readFileSync(path, "utf8").split("\n");
  const isWhole = lines.at(-1) === "";
  const entries = lines.slice(0, -1).map((line, index) => parseEntry(line, `${path}, line ${index + 1}`));
  if (entries[0]?.kind !== "log") throw new Error(`${path} is not a chart log: expected a head in line 1`);
  if (!isWhole) entries.push(...tryTo(() => [parseEntry(lines.at(-1) ?? "", "")]));
  return upgradeChartLog(entries);
}

function parseEntry(line: string, where: string): ChartLogEntry {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`${where} is not JSON`);
  }
  const checked = chartLogEntrySchema.safeParse(value);
  if (checked.success) return checked.data;
  throw new Error(`${where} is not an entry: ${summaryOf(checked.error, value)}`);
}

function tryTo<T>(read: () => T[]): T[] {
  try {
    return read();
  } catch {
    return []; // the line that a crash cut
  }
}
