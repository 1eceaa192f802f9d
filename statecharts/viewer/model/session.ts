// The current source: everything derived from its entries, and the displayed moment. The page reads it after each change.

import type { ChartDescription, ChartLogEntry } from "../../../rpc-schema/index.ts";
import { type Charts, indexCharts } from "./chart-index.ts";
import { type EventRow, EventRows, placeOf } from "./event-rows.ts";
import { History } from "./history.ts";
import { Lanes } from "./lanes.ts";
import { Messages } from "./messages.ts";
import type { ActorView, Moment } from "./story.ts";

export class Session {
  readonly charts: Charts;
  readonly history: History;
  readonly rows = new EventRows();
  readonly messages: Messages;
  readonly lanes = new Lanes();
  /** Unix milliseconds of the start of the time line; undefined if unknown. */
  readonly startedAt: number | undefined;
  /** Whether the newest moment is displayed. */
  isFollowing = true;
  /** The event whose result is displayed. */
  selected: EventRow | undefined;
  #place = 0;

  constructor(charts: readonly ChartDescription[], startedAt: number | undefined, maxEntries?: number) {
    this.charts = indexCharts(charts);
    this.history = new History(this.charts, maxEntries);
    this.messages = new Messages(this.charts);
    this.startedAt = startedAt;
  }

  add(entries: readonly ChartLogEntry[]): void {
    const { first } = this.history;
    for (const entry of entries) {
      const index = this.history.add(entry);
      this.rows.add(entry, index);
      this.messages.add(entry, index);
      this.lanes.add(entry);
    }
    if (this.history.first !== first) this.#dropOld();
  }

  /** Number of log entries before the displayed moment. */
  get place(): number {
    return this.isFollowing ? this.history.end : this.#place;
  }

  get tMs(): number {
    return this.history.timeAt(this.place);
  }

  get moment(): Moment {
    return this.history.at(this.place);
  }

  /** Stops following. */
  showRow(row: EventRow): void {
    this.showPlace(placeOf(row));
    this.selected = row;
  }

  showPlace(place: number): void {
    this.isFollowing = false;
    this.#place = Math.max(this.history.first, Math.min(place, this.history.end));
    this.selected = undefined;
  }

  showTime(tMs: number): void {
    this.showPlace(this.history.placeAt(tMs));
    this.selected = this.#rowAt(this.#place);
  }

  follow(isFollowing: boolean): void {
    if (!isFollowing) this.#place = this.history.end;
    this.isFollowing = isFollowing;
    this.selected = undefined;
  }

  /** Selects the next or the previous event of the list. */
  stepBy(offset: 1 | -1, shown: readonly EventRow[]): void {
    const current = this.selected ?? this.#rowAt(this.place);
    const at = current ? shown.indexOf(current) : -1;
    const near = at >= 0 ? at + offset : this.#nearest(shown, offset);
    const row = shown[Math.max(0, Math.min(near, shown.length - 1))];
    if (row) this.showRow(row);
  }

  /** @returns the actor's state before and after the event */
  beforeAndAfter(row: EventRow): { before: ActorView | undefined; after: ActorView | undefined } {
    const { step } = row;
    if (!step) return { before: undefined, after: undefined };
    return {
      before: this.history.at(step.index).get(row.to),
      after: this.history.at(step.index + 1).get(row.to),
    };
  }

  #nearest(shown: readonly EventRow[], offset: 1 | -1): number {
    const { place } = this;
    return offset === 1
      ? shown.findIndex((row) => row.index >= place)
      : shown.findLastIndex((row) => row.index < place);
  }

  #rowAt(place: number): EventRow | undefined {
    return this.rows.all.findLast((row) => row.index < place);
  }

  #dropOld(): void {
    const { first } = this.history;
    this.rows.dropBefore(first);
    this.messages.dropBefore(first);
    this.lanes.dropBefore(this.history.firstMs);
    if (this.#place < first) this.#place = first;
    if (this.selected && this.selected.index < first) this.selected = undefined;
  }
}
