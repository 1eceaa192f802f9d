// Writes the decision tables as Markdown: one for each chart, or one for each region of a parallel chart.

import type { Refusal } from "../refusals.ts";
import type { Decision, DecisionTable } from "./decisions.ts";

const SIGNS: Record<Exclude<Decision, "refused">, string> = {
  handled: "●",
  conditional: "◐",
  deferred: "○",
  ignored: "–",
};

export const LEGEND = [
  "- ● handled: the chart changes its state or acts; ◐ only if a guard allows it",
  "- ○ deferred: only stored, and used later",
  "- – ignored: the chart names the event and does nothing",
  "- a letter: refused for the reason below the table; in _italics_ if no sender exists in that state",
].join("\n");

/** @returns the reason for which an event is refused in a state; undefined if none is written */
export function refusalFor(list: readonly Refusal[], state: string, event: string): Refusal | undefined {
  const path = state.slice(state.indexOf(".") + 1);
  return list.find(
    ({ events, states }) =>
      events.includes(event) && states.some((one) => path === one || path.startsWith(`${one}.`)),
  );
}

/** @param list the refusals of the chart */
export function toMarkdown(table: DecisionTable, list: readonly Refusal[]): string {
  const used: Refusal[] = [];
  const cell = (state: string, event: string, decision: Decision) => {
    if (decision !== "refused") return SIGNS[decision];
    const refusal = refusalFor(list, state, event);
    if (refusal === undefined) return "**?**";
    if (!used.includes(refusal)) used.push(refusal);
    const letter = letterOf(used.indexOf(refusal));
    return refusal.kind === "impossible" ? `_${letter}_` : letter;
  };
  const byState = table.states.map(({ state, decisions }) => ({
    head: nameIn(table, state),
    cells: table.events.map((event) => cell(state, event, decisions[event] ?? "refused")),
  }));
  const rows = table.states.length < table.events.length ? turned(byState, table.events) : byState;
  const heads = table.states.length < table.events.length ? byState.map(({ head }) => head) : table.events;
  const lines = [
    `| | ${heads.join(" | ")} |`,
    `|---|${heads.map(() => ":-:|").join("")}`,
    ...rows.map(({ head, cells }) => `| ${head} | ${cells.join(" | ")} |`),
  ];
  const reasons = used.map(({ why }, index) => `- ${letterOf(index)}: ${why}.`);
  return [...lines, ...(reasons.length > 0 ? ["", ...reasons] : []), ""].join("\n");
}

interface Row {
  readonly head: string;
  readonly cells: readonly string[];
}

function turned(rows: readonly Row[], heads: readonly string[]): Row[] {
  return heads.map((head, index) => ({ head, cells: rows.map(({ cells }) => cells[index] ?? "") }));
}

const nameIn = ({ title }: DecisionTable, state: string) => state.slice(title.length + 1);

/** Letters that do not look like a sign or a digit. */
const LETTERS = "abcdefghijkmnpqrstuvwxyz";
const letterOf = (index: number) => LETTERS[index] ?? String(index);
