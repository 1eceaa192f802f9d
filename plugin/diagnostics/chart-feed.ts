// What the charts do, for those who watch: gathers entries and hands them on in batches. Nobody watching costs nothing.

import type { AnyActorRef } from "xstate";
import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { recordCharts } from "../../statecharts/index.ts";

/** Faster than people see, slower than a burst of candidates. */
const BATCH_MS = 100;
/** A second of the wildest call; past it the watcher is told less, the plugin is not slowed. */
const MAX_BATCH = 2_000;

export interface ChartFeedOptions {
  /** Every system of charts, each by its root. */
  readonly roots: readonly AnyActorRef[];
  /** Unix milliseconds with fractions. */
  now(): number;
}

/** One for the whole process; each watcher has a recording of its own, so that it begins with how everything stands. */
export class ChartFeed {
  readonly startedAt: number;
  readonly #options: ChartFeedOptions;

  constructor(options: ChartFeedOptions) {
    this.#options = options;
    this.startedAt = options.now();
  }

  /** Each entry as it comes, in the midst of a chart's step; see {@link recordCharts}. */
  record(write: (entry: ChartLogEntry) => void): () => void {
    const now = () => this.#options.now() - this.startedAt;
    const ends = this.#options.roots.map((root) => recordCharts(root, { write, now }));
    return () => {
      for (const end of ends) end();
    };
  }

  /** Batches, outside of every step. */
  watch(onEntries: (entries: ChartLogEntry[]) => void): () => void {
    let waiting: ChartLogEntry[] = [];
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      timer = undefined;
      const entries = waiting;
      waiting = [];
      onEntries(entries);
    };
    const end = this.record((entry) => {
      if (waiting.length < MAX_BATCH) waiting.push(entry);
      timer ??= setTimeout(flush, BATCH_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }
}
