// The entries of a log, with access to earlier moments: every few hundred entries it keeps a complete moment. At its limit it
// drops the oldest entries and keeps the resulting state.

import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import type { Charts } from "./chart-index.ts";
import { type ActorView, applyEntry, type Moment } from "./story.ts";

/** This many entries are applied again within a few milliseconds. */
const KEYFRAME_EVERY = 256;
/** Half an hour of calls, about 50 MB in a browser. */
const MAX_ENTRIES = 100_000;

interface Keyframe {
  readonly index: number;
  readonly actors: Moment;
}

export class History {
  readonly #charts: Charts;
  readonly #max: number;
  #entries: ChartLogEntry[] = [];
  #keyframes: Keyframe[] = [{ index: 0, actors: new Map() }];
  #head = new Map<string, ActorView>();
  /** Positions in the log do not change when the oldest entries are dropped. */
  #first = 0;

  constructor(charts: Charts, maxEntries: number = MAX_ENTRIES) {
    this.#charts = charts;
    this.#max = maxEntries;
  }

  /** Position of the oldest kept entry. */
  get first(): number {
    return this.#first;
  }

  /** Position of the next entry. */
  get end(): number {
    return this.#first + this.#entries.length;
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** Time of the newest entry in milliseconds since the start of the log; 0 without entries. */
  get endMs(): number {
    return timeOf(this.#entries.at(-1));
  }

  get firstMs(): number {
    return timeOf(this.#entries.find((entry) => entry.kind !== "log"));
  }

  add(entry: ChartLogEntry): number {
    const index = this.end;
    if (index % KEYFRAME_EVERY === 0 && index > this.#first) {
      this.#keyframes.push({ index, actors: new Map(this.#head) });
    }
    this.#entries.push(entry);
    applyEntry(this.#head, entry, index, this.#charts);
    if (this.#entries.length > this.#max) this.#trim();
    return index;
  }

  entry(index: number): ChartLogEntry | undefined {
    return this.#entries[index - this.#first];
  }

  /** Time in milliseconds after the first `count` entries. */
  timeAt(count: number): number {
    return timeOf(this.entry(Math.max(this.#first, Math.min(count, this.end) - 1)));
  }

  /** @returns the state of all actors after the entries before this position */
  at(place: number): Moment {
    if (place >= this.end) return this.#head;
    const frame = this.#keyframes.findLast(({ index }) => index <= place) ?? this.#keyframes[0];
    const actors = new Map(frame?.actors);
    for (let index = frame?.index ?? 0; index < place; index += 1) {
      const entry = this.entry(index);
      if (entry) applyEntry(actors, entry, index, this.#charts);
    }
    return actors;
  }

  /** @returns the position after the last entry up to this time */
  placeAt(tMs: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (timeOf(this.#entries[middle]) <= tMs) low = middle + 1;
      else high = middle;
    }
    return this.#first + low;
  }

  /** Drops a quarter at once, up to a keyframe, because each trim copies the remaining entries. */
  #trim(): void {
    const wanted = this.#first + this.#max / 4;
    const at = this.#keyframes.findIndex(({ index }) => index >= wanted);
    const frame = this.#keyframes[at];
    if (!frame) return;
    this.#entries = this.#entries.slice(frame.index - this.#first);
    this.#keyframes = this.#keyframes.slice(at);
    this.#first = frame.index;
  }
}

function timeOf(entry: ChartLogEntry | undefined): number {
  return entry && entry.kind !== "log" ? entry.t : 0;
}
