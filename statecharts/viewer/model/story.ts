// Folds the entries of a log into the state of every actor. Values are replaced, never changed, so that a copy of the map is a
// complete moment.

import type { ChartLogEntry, ChartStep, TakenTransition } from "../../../rpc-schema/index.ts";
import { isRecord } from "../../describe/is-record.ts";
import { activeStates, type Charts } from "./chart-index.ts";

type ActorEntry = Extract<ChartLogEntry, { kind: "actor" }>;

/** A running delay. */
export interface Wait {
  /** Type of the event at its end. */
  readonly on: string;
  /** Id of its state. */
  readonly state: string;
  /** Milliseconds since the start of the log. */
  readonly sinceMs: number;
  /** Undefined if the recording began after the delay. */
  readonly delayMs: number | undefined;
}

export interface ActorView {
  readonly path: string;
  /** Null for an effect. */
  readonly chart: string | null;
  readonly status: ChartStep["status"];
  readonly value: unknown;
  readonly context: Readonly<Record<string, unknown>>;
  readonly bornMs: number;
  /** Ids of the active states, with the time of entry. */
  readonly active: ReadonlyMap<string, number>;
  readonly waits: readonly Wait[];
  /** The last step that took a transition. */
  readonly last: {
    readonly index: number;
    readonly tMs: number;
    readonly taken: readonly TakenTransition[];
  } | null;
  /** Id of the state that invoked it; null for other actors. */
  readonly owner: string | null;
}

/** Every actor by path. */
export type Moment = ReadonlyMap<string, ActorView>;

/** Applies one entry to a moment under construction. @param index the position of the entry in its log */
export function applyEntry(
  actors: Map<string, ActorView>,
  entry: ChartLogEntry,
  index: number,
  charts: Charts,
): void {
  if (entry.kind === "actor") appear(actors, entry);
  else if (entry.kind === "step") step(actors, entry, index, charts);
}

function appear(actors: Map<string, ActorView>, { id, t, chart, input }: ActorEntry): void {
  const known = actors.get(id);
  // A second subscriber makes the plugin send the state of all actors again.
  if (known && known.chart === chart && known.status === "active" && chart !== null) return;
  const born = {
    path: id,
    chart,
    status: "active",
    value: "",
    context: isRecord(input) ? input : {},
    bornMs: t,
    active: new Map<string, number>(),
    waits: [],
    last: null,
    owner: chart === null ? ownerByName(id) : null,
  } as const;
  actors.set(id, born);
}

function step(actors: Map<string, ActorView>, entry: ChartStep, index: number, charts: Charts): void {
  const before = actors.get(entry.id);
  if (!before) return;
  const chart = charts.get(before.chart ?? "");
  const isOver = entry.status !== "active";
  // An ended actor keeps the states in which it ended.
  const ids = chart ? activeStates(chart, entry.value) : [];
  const reentered = enteredBy(entry, ids);
  const active = new Map(
    ids.map((id) => [id, reentered.has(id) ? entry.t : (before.active.get(id) ?? entry.t)] as const),
  );
  actors.set(entry.id, {
    ...before,
    status: entry.status,
    value: entry.value,
    context: { ...before.context, ...entry.changed },
    active,
    waits: isOver ? [] : waitsAfter(before, entry, active, charts),
    last: entry.taken.length > 0 ? { index, tMs: entry.t, taken: entry.taken } : before.last,
  });
  endChildren(actors, before, active, reentered, isOver, entry.status);
}

/** @returns the active states that the step entered, also if they were active before */
function enteredBy({ taken }: ChartStep, active: readonly string[]): Set<string> {
  const targets = taken.flatMap(({ to }) => to);
  return new Set(
    active.filter((id) => targets.some((target) => id === target || id.startsWith(`${target}.`))),
  );
}

function waitsAfter(
  { chart, waits, active: before }: ActorView,
  { t, delays = {} }: ChartStep,
  active: ReadonlyMap<string, number>,
  charts: Charts,
): Wait[] {
  const states = charts.get(chart ?? "")?.states;
  return [...active].flatMap(([id, sinceMs]) => {
    const delayed = states?.get(id)?.transitions.filter(({ after }) => after !== undefined) ?? [];
    return [...new Set(delayed.map(({ on }) => on))].map((on) => {
      if (delays[on] !== undefined) return { on, state: id, sinceMs: t, delayMs: delays[on] };
      const running = before.get(id) === sinceMs ? waits.find((wait) => wait.on === on) : undefined;
      return running ?? { on, state: id, sinceMs, delayMs: undefined };
    });
  });
}

/** Ends the effects that a left state invoked. The end of a chart has its own entry, that of an effect has none. */
function endChildren(
  actors: Map<string, ActorView>,
  { path, active: before }: ActorView,
  active: ReadonlyMap<string, number>,
  reentered: ReadonlySet<string>,
  isOver: boolean,
  status: ChartStep["status"],
): void {
  const left = (id: string) => before.has(id) && (!active.has(id) || reentered.has(id));
  for (const child of [...actors.values()]) {
    if (child.chart !== null || !isChildOf(child.path, path)) continue;
    const isOld = child.owner !== null && left(child.owner) && child.bornMs <= (before.get(child.owner) ?? 0);
    const isLeft = child.owner !== null && left(child.owner) && !active.has(child.owner);
    if (isOver || isOld || isLeft) actors.set(child.path, { ...child, status: isOver ? status : "stopped" });
  }
}

/** xstate names an effect without an id by its index and its state: `0.call.placing`. */
function ownerByName(path: string): string | null {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return /^\d+\.(.+)$/.exec(name)?.[1] ?? null;
}

export function parentPath(path: string): string {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

function isChildOf(path: string, parent: string): boolean {
  return path.startsWith(`${parent}/`) && parentPath(path) === parent;
}
