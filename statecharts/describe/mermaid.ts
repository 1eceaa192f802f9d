// Writes a chart as a Mermaid state diagram (mermaid.js.org, stateDiagram-v2). Transitions without a target are left out, and
// the decision table shows those.

import type { ChartDescription, StateDescription, TransitionDescription } from "../../rpc-schema/index.ts";
import { eventLabel } from "./describe.ts";

const INDENT = "  ";

export function toMermaid({ root }: ChartDescription): string {
  const lines = [...stateLines(root, 0), ...arrowsOf(root)];
  return ["stateDiagram-v2", ...lines.map((line) => `${INDENT}${line}`), ""].join("\n");
}

/** @returns the contents of a state, without the state itself */
function stateLines(parent: StateDescription, depth: number): string[] {
  const pad = INDENT.repeat(depth);
  const start = parent.type === "compound" ? parent.initial.map((id) => `${pad}[*] --> ${nameOf(id)}`) : [];
  const regions = parent.states.map((state) => linesOf(state, depth));
  const divider = parent.type === "parallel" ? [`${pad}--`] : [];
  const within = regions.flatMap((lines, index) => (index === 0 ? lines : [...divider, ...lines]));
  return [...start, ...within];
}

function linesOf(state: StateDescription, depth: number): string[] {
  const pad = INDENT.repeat(depth);
  const named = `${pad}state "${state.key}" as ${nameOf(state.id)}`;
  if (state.states.length > 0) return [`${named} {`, ...stateLines(state, depth + 1), `${pad}}`];
  return state.type === "final" ? [named, `${pad}${nameOf(state.id)} --> [*]`] : [named];
}

/** All arrows are outside of every state, because Mermaid draws arrows across borders only there. */
function arrowsOf(state: StateDescription): string[] {
  const byTarget = new Map<string, string[]>();
  for (const transition of state.transitions) {
    for (const target of transition.to) {
      const labels = byTarget.get(target) ?? [];
      const label = labelOf(transition);
      byTarget.set(target, labels.includes(label) ? labels : [...labels, label]);
    }
  }
  // Mermaid has no name for the whole diagram, so transitions of the root cannot be drawn.
  const isRoot = !state.id.includes(".");
  const own = isRoot
    ? []
    : [...byTarget].map(([target, labels]) => `${nameOf(state.id)} --> ${nameOf(target)}${suffix(labels)}`);
  return [...own, ...state.states.flatMap(arrowsOf)];
}

function labelOf(transition: TransitionDescription): string {
  const guard = transition.guard === undefined ? "" : `[${transition.guard}]`;
  return [transition.on === "" ? "" : eventLabel(transition), guard].filter((part) => part !== "").join(" ");
}

function suffix(labels: string[]): string {
  const text = labels.filter((label) => label !== "").join(", ");
  return text === "" ? "" : ` : ${text.replaceAll(":", "")}`;
}

/** Mermaid's names may contain letters, digits and underscores. */
function nameOf(id: string): string {
  return id.replaceAll(/\W/g, "_");
}
