// The list of events: each with the step that it brought about, and the filter that people set. A step tells its
// event's type and actor only, so they are matched in order.

import type { ChartEvent, ChartLogEntry, ChartStep, EventOrigin } from "../../../rpc-schema/index.ts";
import { eventLabel } from "../../describe/describe.ts";

export interface EventRow {
  /** Place in the log of the entry that began it. */
  readonly index: number;
  readonly tMs: number;
  readonly to: string;
  readonly from: string | null;
  readonly origin: EventOrigin;
  readonly type: string;
  /** Null for a chart's own start and end, which no event brings. */
  readonly event: ChartEvent["event"] | null;
  /** Undefined while it has none: an effect takes events without telling, a queued one waits. */
  step: { readonly index: number; readonly entry: ChartStep } | undefined;
}

export interface RowFilter {
  /** Origins to show; empty shows all. */
  readonly origins: ReadonlySet<EventOrigin>;
  /** Part of the actor's path; empty shows all. */
  readonly actor: string;
  /** Part of the type, path, refusal or payload, in whatever case. */
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

  /** Forgets what began before this place of the log. */
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

/** The place in the log that shows what the event led to. */
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

/** What the event is called, without xstate's own bookkeeping. */
export function nameOf(type: string): string {
  if (type === "xstate.init") return "begins";
  if (type === "xstate.stop") return "is stopped";
  const after = /^xstate\.after\.([^.]+)\./.exec(type)?.[1];
  if (after !== undefined) return `after ${after}`;
  const ended = /^xstate\.(done|error)\.actor\.(?:\d+\.)?(.+)$/.exec(type);
  if (ended) return `${ended[1]}: ${shortId(ended[2] ?? "")}`;
  return eventLabel({ on: type });
}

/** Ids of calls are long; their beginning tells them apart. */
export function shortId(path: string): string {
  return path.replaceAll(/([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f-]{22}/g, "$1…");
}
