// The chart log of a run: entries as JSON lines, in a limited number of files of limited size. A full disk or a missing folder
// ends the recording and is logged. It never affects a call.

import { closeSync, ftruncateSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { CHART_LOG_VERSION } from "../../rpc-schema/index.ts";
import { Mask } from "../../statecharts/index.ts";
import { today } from "../common/clock.ts";
import { makeFolderSync } from "../common/make-folder.ts";
import { failureText } from "../common/system-failure.ts";
import type { Log } from "../log.ts";
import type { ChartFeed } from "./chart-feed.ts";

/** Half an hour of calls. The next file begins when no call is in progress, because a replay needs an initial state. */
const ROTATE_BYTES = 2 * 1024 * 1024;
/** Limit of one file, if a single call exceeds the size above. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 10;
/** Lines are collected for this time, so that a burst is one write. A crash loses newer lines. */
const FLUSH_MS = 200;
/** Collected lines that are written at once. Peers choose how long some of them are. */
const MAX_COLLECTED_CHARS = 1024 * 1024;
const SUFFIX = ".charts.jsonl";

export interface ChartLogFileOptions {
  readonly feed: ChartFeed;
  /** Absolute path; created if it is missing. */
  readonly folder: string;
  /** False: the log contains addresses and device names. */
  readonly masked: boolean;
  readonly version: string;
  readonly log: Log;
  /** Whether no call is in progress, which a new file requires. */
  isIdle(): boolean;
}

export interface ChartLogFile {
  /** Writes the collected lines. @returns the path of the file; null after a failure */
  flush(): string | null;
  close(): void;
}

/** Starts a recording, and removes the oldest files beyond the limit. */
export function openChartLog(options: ChartLogFileOptions): ChartLogFile {
  return new RotatingLog(options);
}

class RotatingLog implements ChartLogFile {
  readonly #options: ChartLogFileOptions;
  #file: { path: string; descriptor: number; bytes: number; stop: () => void } | null = null;
  #lines: string[] = [];
  #chars = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ChartLogFileOptions) {
    this.#options = options;
    this.#guarded(() => this.#begin());
  }

  flush(): string | null {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#guarded(() => this.#write());
    return this.#file?.path ?? null;
  }

  close(): void {
    this.flush();
    this.#end();
  }

  #begin(): void {
    const { feed, folder, masked, version } = this.#options;
    makeFolderSync(folder);
    removeOldest(folder);
    const path = join(folder, `${today().toISOString().replaceAll(":", "-")}-${process.pid}${SUFFIX}`);
    const descriptor = openSync(path, "wx", 0o600);
    this.#file = { path, descriptor, bytes: 0, stop: () => undefined };
    const plugin = { name: "goop-call-plugin", version };
    const { startedAt } = feed;
    this.#add({ kind: "log", version: CHART_LOG_VERSION, plugin, startedAt, masked });
    const mask = new Mask();
    this.#file.stop = feed.record((entry) => this.#add(masked ? mask.entry(entry) : entry));
  }

  #add(entry: ChartLogEntry): void {
    const line = `${JSON.stringify(entry)}\n`;
    this.#lines.push(line);
    this.#chars += line.length;
    // A new file begins later, because this may be in the middle of a chart's step.
    if (this.#chars > MAX_COLLECTED_CHARS) this.#guarded(() => this.#writeLines());
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  #write(): void {
    this.#writeLines();
    if (!this.#file) return;
    if (this.#file.bytes > ROTATE_BYTES && this.#options.isIdle()) {
      this.#end();
      this.#begin();
    } else if (this.#file.bytes > MAX_BYTES) {
      this.#options.log("warn", `the chart log ${this.#file.path} is full and ends here`);
      this.#end();
    }
  }

  #writeLines(): void {
    const text = Buffer.from(this.#takeLines());
    if (this.#file) this.#file.bytes += writeWhole(this.#file.descriptor, text, this.#file.bytes);
  }

  #takeLines(): string {
    const text = this.#lines.join("");
    this.#lines = [];
    this.#chars = 0;
    return text;
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#takeLines();
    const file = this.#file;
    this.#file = null;
    file?.stop();
    if (file) closeSync(file.descriptor);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const path = this.#file?.path ?? this.#options.folder;
      this.#options.log(
        "warn",
        `the recording ends, because ${path} cannot be written: ${failureText(error)}`,
      );
      this.#end();
    }
  }
}

/**
 * A disk that is nearly full takes a part. Then the part is removed again, so that the file ends with a whole line.
 * @param end the size of the file
 * @returns the number of bytes
 */
function writeWhole(descriptor: number, bytes: Buffer, end: number): number {
  let written = 0;
  try {
    while (written < bytes.length) written += writeSync(descriptor, bytes, written);
    return written;
  } catch (error) {
    ftruncateSync(descriptor, end);
    throw error;
  }
}

/** File names begin with the time, so their order is by age. */
function removeOldest(folder: string): void {
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort();
  for (const name of logs.slice(0, Math.max(0, logs.length - MAX_FILES + 1))) rmSync(join(folder, name));
}
