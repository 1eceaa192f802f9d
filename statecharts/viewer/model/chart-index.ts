// An index of a chart's states and transitions, and the states that a state value makes active.

import type {
  ChartDescription,
  StateDescription,
  TakenTransition,
  TransitionDescription,
} from "../../../rpc-schema/index.ts";

/** The states of one chart by id. */
export interface ChartIndex {
  readonly chart: ChartDescription;
  readonly states: ReadonlyMap<string, StateDescription>;
}

function indexChart(chart: ChartDescription): ChartIndex {
  const states = new Map<string, StateDescription>();
  const add = (state: StateDescription): void => {
    states.set(state.id, state);
    state.states.forEach(add);
  };
  add(chart.root);
  return { chart, states };
}

export type Charts = ReadonlyMap<string, ChartIndex>;

export function indexCharts(charts: readonly ChartDescription[]): Charts {
  return new Map(charts.map((chart) => [chart.id, indexChart(chart)]));
}

/** @returns the ids of all active states, parents before children, with the root. Unknown states are left out. */
export function activeStates({ chart }: ChartIndex, value: unknown): string[] {
  const found: string[] = [];
  const enter = (state: StateDescription, inner: unknown): void => {
    found.push(state.id);
    for (const [key, deeper] of branchesOf(inner)) {
      const child = state.states.find((one) => one.key === key);
      if (child) enter(child, deeper);
    }
  };
  enter(chart.root, value);
  return found;
}

function branchesOf(value: unknown): [string, unknown][] {
  if (typeof value === "string") return [[value, undefined]];
  return typeof value === "object" && value !== null ? Object.entries(value) : [];
}

/** @returns the key of a transition in a drawing */
export function transitionKey(
  from: string,
  { on, index }: Pick<TransitionDescription, "on" | "index">,
): string {
  return `${from}|${on}|${index}`;
}

export function takenKey({ from, on, index }: TakenTransition): string {
  return transitionKey(from, { on, index });
}

/** @returns a state value in short, such as `active.connected` or `camera.open.live · speaker.off` */
export function shortValue(value: unknown): string {
  if (typeof value === "string") return value;
  const parts = branchesOf(value).map(([key, inner]) => {
    const within = shortValue(inner);
    return within === "" ? key : `${key}.${within}`;
  });
  return parts.join(" · ");
}
