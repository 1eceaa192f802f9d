// The rows of the event list: each event with the step that it caused, and the filter. A step contains only the type and the
// actor of its event, so both are matched in order.

import type { ChartEvent, ChartLogEntry, ChartStep, EventOrigin } from "../../../rpc-schema/index.ts";
import { eventLabel } from "../../describe/describe.ts";

export interface EventRow {
  /** Index of its entry in the log. */
  readonly index: number;
  readonly tMs: number;
  readonly to: string;
  readonly from: string | null;
  readonly origin: EventOrigin;
  readonly type: string;
  /** Null for the start and the end of a chart, which have no event. */
  readonly event: ChartEvent["event"] | null;
  /** Undefined without a step: an effect received the event, or the event is still queued. */
  step: { readonly index: number; readonly entry: ChartStep } | undefined;
}

export interface RowFilter {
  /** Origins to show; empty shows all. */
  readonly origins: ReadonlySet<EventOrigin>;
  /** Part of the actor's path; empty shows all. */
  readonly actor: string;
  /** Part of the type, path, refusal or payload; the case does not matter. */
  readonly text: string;
}

export const NO_FILTER: RowFilter = { origins: new Set(), actor: "", text: "" };

export class EventRows {
  #rows: EventRow[] = [];
  readonly #waiting = new Map<string, EventRow[]>();

  get all(): readonly EventRow[] {
    return this.#rows;
  }

  add(entry: ChartLogEntry, index: number): void {
    if (entry.kind === "event") this.#begin(entry, index);
    else if (entry.kind === "step") this.#finish(entry, index);
  }

  /** Removes the rows before this index of the log. */
  dropBefore(first: number): void {
    if ((this.#rows[0]?.index ?? first) >= first) return;
    this.#rows = this.#rows.filter(({ index }) => index >= first);
    for (const [key, rows] of this.#waiting) {
      const left = rows.filter(({ index }) => index >= first);
      if (left.length > 0) this.#waiting.set(key, left);
      else this.#waiting.delete(key);
    }
  }

  #begin({ t, to, from, origin, event }: ChartEvent, index: number): void {
    const row: EventRow = { index, tMs: t, to, from, origin, type: event.type, event, step: undefined };
    this.#rows.push(row);
    const key = `${to}\n${event.type}`;
    const queue = this.#waiting.get(key);
    if (queue) queue.push(row);
    else this.#waiting.set(key, [row]);
  }

  #finish(entry: ChartStep, index: number): void {
    const key = `${entry.id}\n${entry.event}`;
    const queue = this.#waiting.get(key);
    const row = queue?.shift();
    if (queue?.length === 0) this.#waiting.delete(key);
    if (row) {
      row.step = { index, entry };
      return;
    }
    const own = { tMs: entry.t, to: entry.id, from: null, origin: "chart", type: entry.event } as const;
    this.#rows.push({ ...own, index, event: null, step: { index, entry } });
  }
}

/** @returns the position in the log after the step of the event */
export function placeOf({ index, step }: EventRow): number {
  return (step?.index ?? index) + 1;
}

export function fits(row: EventRow, { origins, actor, text }: RowFilter): boolean {
  if (origins.size > 0 && !origins.has(row.origin)) return false;
  if (actor !== "" && !(row.to === actor || row.to.startsWith(`${actor}/`) || row.from === actor))
    return false;
  if (text === "") return true;
  const refused = row.step?.entry.refused ?? "";
  const wanted = text.toLowerCase();
  const plain = `${row.type} ${row.to} ${refused}`.toLowerCase();
  return (
    plain.includes(wanted) ||
    JSON.stringify(row.event ?? "")
      .toLowerCase()
      .includes(wanted)
  );
}

/** @returns a readable name of an event */
export function nameOf(type: string): string {
  if (type === "xstate.init") return "begins";
  if (type === "xstate.stop") return "is stopped";
  const after = /^xstate\.after\.([^.]+)\./.exec(type)?.[1];
  if (after !== undefined) return `after ${after}`;
  const ended = /^xstate\.(done|error)\.actor\.(?:\d+\.)?(.+)$/.exec(type);
  if (ended) return `${ended[1]}: ${shortId(ended[2] ?? "")}`;
  return eventLabel({ on: type });
}

/** Shortens call ids, whose first characters suffice to distinguish them. */
export function shortId(path: string): string {
  return path.replaceAll(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{22}/g, "$1…");
}
