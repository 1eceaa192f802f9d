// The lanes of the time axis: the active states over time, for each chart and for each region of a parallel chart.

import type { ChartLogEntry } from "../../../rpc-schema/index.ts";
import { shortValue } from "./chart-index.ts";

export interface Span {
  readonly fromMs: number;
  /** Undefined while the state is active. */
  toMs: number | undefined;
  readonly label: string;
}

export interface Lane {
  /** Path of the actor, with `#region` for a parallel chart. */
  readonly id: string;
  readonly actor: string;
  readonly chart: string;
  readonly region: string;
  readonly spans: Span[];
}

export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #charts = new Map<string, string>();

  /** In the order in which their charts began. */
  get all(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  add(entry: ChartLogEntry): void {
    if (entry.kind === "actor" && entry.chart !== null) this.#charts.set(entry.id, entry.chart);
    if (entry.kind !== "step") return;
    const isOver = entry.status !== "active";
    for (const [region, value] of regionsOf(entry.value)) {
      this.#mark(entry.id, region, shortValue(value), entry.t, isOver);
    }
  }

  /** Removes the lanes that ended before this time. */
  dropBefore(tMs: number): void {
    for (const [id, { spans }] of this.#lanes) {
      while ((spans[0]?.toMs ?? Number.POSITIVE_INFINITY) < tMs) spans.shift();
      if (spans.length === 0) this.#lanes.delete(id);
    }
  }

  #mark(actor: string, region: string, label: string, tMs: number, isOver: boolean): void {
    const id = region === "" ? actor : `${actor}#${region}`;
    const chart = this.#charts.get(actor) ?? "";
    const lane = this.#lanes.get(id) ?? { id, actor, chart, region, spans: [] };
    this.#lanes.set(id, lane);
    const last = lane.spans.at(-1);
    const lasts = last !== undefined && last.toMs === undefined;
    if (lasts && last.label === label && !isOver) return;
    if (lasts) last.toMs = tMs;
    if (!isOver) lane.spans.push({ fromMs: tMs, toMs: undefined, label });
    else if (last?.label !== label) lane.spans.push({ fromMs: tMs, toMs: tMs, label });
  }
}

/** Parallel regions have separate lanes. Consecutive states share one. */
function regionsOf(value: unknown): [string, unknown][] {
  if (typeof value !== "object" || value === null) return [["", value]];
  const branches = Object.entries(value);
  return branches.length > 1 ? branches : [["", value]];
}
