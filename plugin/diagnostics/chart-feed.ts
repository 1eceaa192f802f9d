// Delivers the entries of all charts to subscribers, in batches. Without a subscriber nothing is recorded.

import type { AnyActorRef } from "xstate";
import type { ChartLogEntry } from "../../rpc-schema/index.ts";
import { recordCharts } from "../../statecharts/index.ts";

/** Shorter than a person notices, longer than a burst of candidates. */
const BATCH_MS = 100;
/** More entries than a second of any call. Beyond either limit, entries are dropped instead of slowing the plugin down. */
const MAX_BATCH = 2_000;
/** Of a batch as JSON. Peers choose how long their descriptions are, and each occurs in several entries. */
export const MAX_BATCH_CHARS = 1024 * 1024;

export interface ChartFeedOptions {
  /** The root actor of each system of charts. */
  readonly roots: readonly AnyActorRef[];
  /** Unix milliseconds with fractions. */
  now(): number;
}

/** One for the whole process. Each subscriber has its own recording, which begins with the state of every chart. */
export class ChartFeed {
  readonly startedAt: number;
  readonly #options: ChartFeedOptions;

  constructor(options: ChartFeedOptions) {
    this.#options = options;
    this.startedAt = options.now();
  }

  /** Passes each entry on immediately, during a chart's step; see {@link recordCharts}. */
  record(write: (entry: ChartLogEntry) => void): () => void {
    const now = () => this.#options.now() - this.startedAt;
    const ends = this.#options.roots.map((root) => recordCharts(root, { write, now }));
    return () => {
      for (const end of ends) end();
    };
  }

  /** Passes entries on in batches, outside of steps. */
  subscribe(onEntries: (entries: ChartLogEntry[]) => void): () => void {
    let batch: ChartLogEntry[] = [];
    let chars = 0;
    let timer: NodeJS.Timeout | undefined;
    const flush = () => {
      timer = undefined;
      const entries = batch;
      batch = [];
      chars = 0;
      onEntries(entries);
    };
    const end = this.record((entry) => {
      const size = JSON.stringify(entry).length;
      if (batch.length < MAX_BATCH && chars + size <= MAX_BATCH_CHARS) {
        batch.push(entry);
        chars += size;
      }
      timer ??= setTimeout(flush, BATCH_MS);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }
}
