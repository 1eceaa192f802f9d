// The coverage of the charts: the states and transitions that a test run reached, compared with all of them.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeCharts } from "../../../plugin/diagnostics/chart-subscription.ts";
import type { StateDescription } from "../../../rpc-schema/index.ts";

export interface ChartCoverage {
  readonly states: { readonly all: number; readonly reached: number };
  readonly transitions: { readonly all: number; readonly reached: number };
  /** States and transitions that no test reached, as "state ID" and "transition ID EVENT INDEX". */
  readonly missing: readonly string[];
}

/** @param folder the folder with the lists of chart-coverage.ts */
export function readChartCoverage(folder: string): ChartCoverage {
  const reached = new Set<string>();
  for (const name of readdirSync(folder)) {
    for (const one of JSON.parse(readFileSync(join(folder, name), "utf8")) as string[]) reached.add(one);
  }
  const states = describeCharts().flatMap(({ root }) => statesOf(root));
  const transitions = describeCharts().flatMap(({ root }) => transitionsOf(root));
  const count = (all: string[]) => ({
    all: all.length,
    reached: all.filter((one) => reached.has(one)).length,
  });
  return {
    states: count(states),
    transitions: count(transitions),
    missing: [...states, ...transitions].filter((one) => !reached.has(one)),
  };
}

function statesOf(state: StateDescription): string[] {
  return [`state ${state.id}`, ...state.states.flatMap(statesOf)];
}

function transitionsOf(state: StateDescription): string[] {
  const own = state.transitions.map(({ on, index }) => `transition ${state.id} ${on} ${index}`);
  return [...own, ...state.states.flatMap(transitionsOf)];
}

/** The text of a failure: what needs a test, or must be removed from the chart. */
export function formatMissing({ missing }: ChartCoverage): string {
  return `no test of the charts reaches:\n${missing.map((one) => `  ${one}`).join("\n")}`;
}

/** The summary of a test run. */
export function formatChartCoverage({ states, transitions }: ChartCoverage): string {
  return `charts: ${states.reached} of ${states.all} states reached, ${transitions.reached} of ${transitions.all} transitions taken`;
}
