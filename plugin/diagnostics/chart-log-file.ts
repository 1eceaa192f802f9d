// The event log of a run: entries as JSON lines, in files that stay within bounds. A full disk or a missing folder ends
// the recording and is logged; it never hinders a call.

import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { CHART_LOG_VERSION } from "../../rpc-schema/index.ts";
import { Mask } from "../../statecharts/index.ts";
import { errorText } from "../common/error-text.ts";
import type { Log } from "../log.ts";
import type { ChartFeed } from "./chart-feed.ts";

/** Half an hour of calls; the next file begins when no call is under way, because a replay begins with a state. */
const ROTATE_BYTES = 2 * 1024 * 1024;
/** A call that writes so much is not worth more. */
const MAX_BYTES = 16 * 1024 * 1024;
const MAX_FILES = 10;
/** Lines are gathered for so long, so that a burst is one write. What is younger is lost in a crash. */
const FLUSH_MS = 200;
const SUFFIX = ".charts.jsonl";

export interface ChartLogFileOptions {
  readonly feed: ChartFeed;
  /** Made where it is missing; absolute. */
  readonly folder: string;
  /** Without it the log holds addresses and names as they are. */
  readonly masked: boolean;
  readonly version: string;
  readonly log: Log;
  /** Asked before a new file begins. */
  isIdle(): boolean;
}

export interface ChartLogFile {
  /** Writes what is gathered. @returns the file written to; null after a failure */
  flush(): string | null;
  close(): void;
}

/** Begins at once; the oldest files make room. */
export function openChartLog(options: ChartLogFileOptions): ChartLogFile {
  return new RotatingLog(options);
}

class RotatingLog implements ChartLogFile {
  readonly #options: ChartLogFileOptions;
  #file: { path: string; descriptor: number; bytes: number; stop: () => void } | null = null;
  #waiting: string[] = [];
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
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makeRoom(folder);
    const path = join(folder, `${new Date().toISOString().replaceAll(":", "-")}-${process.pid}${SUFFIX}`);
    const descriptor = openSync(path, "wx", 0o600);
    this.#file = { path, descriptor, bytes: 0, stop: () => undefined };
    const plugin = { name: "goop-call-plugin", version };
    const { startedAt } = feed;
    this.#add({ kind: "log", version: CHART_LOG_VERSION, plugin, startedAt, masked });
    const mask = new Mask();
    this.#file.stop = feed.record((entry) => this.#add(masked ? mask.entry(entry) : entry));
  }

  #add(entry: ChartLogEntry): void {
    this.#waiting.push(`${JSON.stringify(entry)}\n`);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_MS).unref();
  }

  #write(): void {
    if (!this.#file) return;
    const text = this.#waiting.join("");
    this.#waiting = [];
    this.#file.bytes += writeSync(this.#file.descriptor, text);
    if (this.#file.bytes > ROTATE_BYTES && this.#options.isIdle()) {
      this.#end();
      this.#begin();
    } else if (this.#file.bytes > MAX_BYTES) {
      this.#options.log("warn", `the charts' log ${this.#file.path} is full; it ends here`);
      this.#end();
    }
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting = [];
    const file = this.#file;
    this.#file = null;
    file?.stop();
    if (file) closeSync(file.descriptor);
  }

  #guarded(work: () => void): void {
    try {
      work();
    } catch (error) {
      const why = errorText(error);
      this.#options.log("warn", `the charts' log ends: ${why}`);
      this.#end();
    }
  }
}

/** Names begin with the time, so their order is that of their age. */
function makeRoom(folder: string): void {
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith(SUFFIX))
    .sort();
  for (const name of logs.slice(0, Math.max(0, logs.length - MAX_FILES + 1))) rmSync(join(folder, name));
}
