// Prepares a chart for elkjs: nested boxes with the size of their text, and labelled edges. Transitions between the same two
// states share one edge.

import type { ChartDescription, StateDescription, TransitionDescription } from "../../../rpc-schema/index.ts";
import { eventLabel } from "../../describe/describe.ts";
import { transitionKey } from "./chart-index.ts";

/** Widths are computed rather than measured, so the layout is the same everywhere. These are the sizes of the font. */
export const FONT = { sizePx: 11, charPx: 6.7, linePx: 15, titlePx: 20 } as const;
const LABEL_PAD_PX = 6;
const BOX_PAD_PX = 10;
const DOT_PX = 10;
/** Longer lines are cut, and the tool tip has the whole text. */
const MAX_CHARS = 44;
const MAX_LINES_INTO = 3;
const WAIT_CHARS = 8;

/** The input of elkjs. `drawing.ts` reads its output. */
export interface ElkNode {
  id: string;
  width?: number;
  height?: number;
  children?: ElkNode[];
  edges?: ElkEdge[];
  layoutOptions?: Record<string, string>;
}
export interface ElkEdge {
  id: string;
  sources: string[];
  targets: string[];
  labels: ElkLabel[];
}
export interface ElkLabel {
  id: string;
  text: string;
  width: number;
  height: number;
}

/** An edge between two states, with all transitions between them. */
export interface ChartEdge {
  readonly id: string;
  /** The source state of the transitions. */
  readonly source: string;
  readonly target: string;
  readonly lines: readonly EdgeLine[];
}
export interface EdgeLine {
  readonly key: string;
  readonly text: string;
  /** The complete text, with actions and description. */
  readonly tip: string;
  /** Type of the event that ends its delay; undefined without a delay. */
  readonly waitsFor: string | undefined;
}

type Boxes = Map<string, { state: StateDescription; lines: BoxLine[] }>;
type Edges = Map<string, { id: string; source: string; target: string; lines: EdgeLine[] }>;

/** A line inside the box of a state. */
export interface BoxLine {
  readonly kind: "does" | "runs" | "on";
  readonly text: string;
  readonly tip: string;
  /** Key of a transition without an edge; undefined for other lines. */
  readonly key: string | undefined;
  readonly waitsFor: string | undefined;
}

export interface LayoutInput {
  readonly graph: ElkNode;
  readonly edges: ReadonlyMap<string, ChartEdge>;
  readonly boxes: ReadonlyMap<
    string,
    { readonly state: StateDescription; readonly lines: readonly BoxLine[] }
  >;
}

const OPTIONS: Record<string, string> = {
  "elk.algorithm": "layered",
  "elk.direction": "DOWN",
  "elk.hierarchyHandling": "INCLUDE_CHILDREN",
  "elk.edgeRouting": "ORTHOGONAL",
  "elk.json.shapeCoords": "ROOT",
  "elk.json.edgeCoords": "ROOT",
  "elk.edgeLabels.inline": "true",
  "elk.layered.nodePlacement.strategy": "BRANDES_KOEPF",
  "elk.layered.compaction.postCompaction.strategy": "EDGE_LENGTH",
  // The default, SCANLINE, fails on some charts: "Invalid hitboxes for scanline constraint calculation".
  "elk.layered.compaction.postCompaction.constraints": "QUADRATIC",
  "elk.spacing.nodeNode": "22",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "9",
  "elk.layered.spacing.nodeNodeBetweenLayers": "20",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
};

/** Initial states have a dot. Transitions of a parent state into itself start at a box "in any state". */
export function layoutInput({ root }: ChartDescription): LayoutInput {
  const edges: Edges = new Map();
  const boxes: Boxes = new Map();
  const crowded = crowdedStates(root);
  const graph: ElkNode = {
    id: "chart",
    layoutOptions: OPTIONS,
    children: [nodeOf(root, boxes, crowded)],
    edges: [],
  };
  for (const { state } of boxes.values()) addEdges(state, edges, crowded);
  graph.edges = [...edges.values()]
    .map(edgeOf)
    .concat([...boxes.values()].flatMap(({ state }) => initialOf(state)));
  return { graph, edges, boxes };
}

export const anyOf = (id: string): string => `${id}#any`;
const dotOf = (id: string): string => `${id}#initial`;

/** States with so many incoming edges that the lines would cover the rest. Their transitions are listed in the boxes. */
function crowdedStates(root: StateDescription): Set<string> {
  const sources = new Map<string, Set<string>>();
  const visit = (state: StateDescription): void => {
    for (const target of state.transitions.flatMap(({ to }) => to)) {
      sources.set(target, (sources.get(target) ?? new Set()).add(state.id));
    }
    state.states.forEach(visit);
  };
  visit(root);
  return new Set([...sources].filter(([, from]) => from.size > MAX_LINES_INTO).map(([target]) => target));
}

const isListedInBox = ({ to }: TransitionDescription, crowded: ReadonlySet<string>): boolean =>
  to.every((target) => crowded.has(target));

function nodeOf(state: StateDescription, boxes: Boxes, crowded: ReadonlySet<string>): ElkNode {
  const lines = linesOf(state, crowded);
  boxes.set(state.id, { state, lines });
  const longest = Math.max(state.key.length + 3, ...lines.map(lengthOf));
  const width = longest * FONT.charPx + 2 * BOX_PAD_PX;
  const height = FONT.titlePx + lines.length * FONT.linePx + (lines.length > 0 ? 6 : 4);
  if (state.states.length === 0) return { id: state.id, width, height };
  const dot = state.type === "compound" ? [{ id: dotOf(state.id), width: DOT_PX, height: DOT_PX }] : [];
  const leadsInside = (one: TransitionDescription) =>
    !isListedInBox(one, crowded) && one.to.some((target) => isWithin(target, state.id));
  const any = state.transitions.some(leadsInside)
    ? [{ id: anyOf(state.id), width: "in any state".length * FONT.charPx + 12, height: FONT.titlePx }]
    : [];
  return {
    id: state.id,
    children: [...dot, ...any, ...state.states.map((child) => nodeOf(child, boxes, crowded))],
    layoutOptions: {
      ...OPTIONS,
      "elk.padding": `[top=${height + 8},left=14,bottom=14,right=14]`,
      "elk.nodeSize.constraints": "MINIMUM_SIZE",
      "elk.nodeSize.minimum": `(${width},${height})`,
    },
  };
}

function linesOf(state: StateDescription, crowded: ReadonlySet<string>): BoxLine[] {
  const named = (label: string, names: readonly string[]): BoxLine[] =>
    names.length === 0 ? [] : [line("does", `${label} / ${names.join(", ")}`)];
  const listed = state.transitions.filter((one) => isListedInBox(one, crowded));
  return [
    ...named("entry", state.entry),
    ...named("exit", state.exit),
    ...state.invoke.map((name) => line("runs", `runs ${name}`)),
    ...listed.map((one) => ({
      ...line("on", [labelOf(one), ...one.to.map((target) => `→ ${lastKey(target)}`)].join(" ")),
      tip: tipOf(one),
      key: transitionKey(state.id, one),
      waitsFor: one.after === undefined ? undefined : one.on,
    })),
  ];
}

function line(kind: BoxLine["kind"], tip: string): BoxLine {
  return { kind, text: cut(tip), tip, key: undefined, waitsFor: undefined };
}

function lastKey(id: string): string {
  return id.slice(id.lastIndexOf(".") + 1);
}

function addEdges(state: StateDescription, edges: Edges, crowded: ReadonlySet<string>): void {
  for (const transition of state.transitions) {
    if (isListedInBox(transition, crowded)) continue;
    for (const target of transition.to) {
      const id = `${state.id}->${target}`;
      const edge = edges.get(id) ?? { id, source: state.id, target, lines: [] };
      const waitsFor = transition.after === undefined ? undefined : transition.on;
      const text = cut(labelOf(transition));
      edge.lines.push({ key: transitionKey(state.id, transition), text, tip: tipOf(transition), waitsFor });
      edges.set(id, edge);
    }
  }
}

function edgeOf({ id, source, target, lines }: ChartEdge): ElkEdge {
  const longest = Math.max(...lines.map(lengthOf));
  const text = lines.map((one) => one.text).join("\n");
  const width = longest * FONT.charPx + LABEL_PAD_PX;
  const label = { id: `${id}#label`, text, width, height: lines.length * FONT.linePx };
  return {
    id,
    sources: [isWithin(target, source) ? anyOf(source) : source],
    targets: [target],
    labels: [label],
  };
}

function initialOf(state: StateDescription): ElkEdge[] {
  if (state.type !== "compound") return [];
  return state.initial.map((target) => {
    return { id: `${dotOf(state.id)}->${target}`, sources: [dotOf(state.id)], targets: [target], labels: [] };
  });
}

/** Names the effect if it has an id, because a state may run several effects. */
function endOfNamed(on: string): string | undefined {
  const [, what, name] = /^xstate\.(done|error)\.actor\.([a-zA-Z*]+)$/.exec(on) ?? [];
  return what === undefined ? undefined : `${what} ${name}`;
}

/** Reserves space for the remaining time of a delay. */
function lengthOf({ text, waitsFor }: { text: string; waitsFor: string | undefined }): number {
  return text.length + (waitsFor === undefined ? 0 : WAIT_CHARS);
}

/** @returns `event [guard]` */
function labelOf(transition: TransitionDescription): string {
  const event = transition.on === "" ? "" : (endOfNamed(transition.on) ?? eventLabel(transition));
  const guard = transition.guard === undefined ? "" : `[${transition.guard}]`;
  const text = [event, guard].filter((part) => part !== "").join(" ");
  return text === "" ? "always" : text;
}

function tipOf(transition: TransitionDescription): string {
  const { actions, description } = transition;
  const parts = [labelOf(transition), actions.length > 0 ? `/ ${actions.join(", ")}` : "", description ?? ""];
  return parts.filter((part) => part !== "").join("\n");
}

function isWithin(id: string, parent: string): boolean {
  return id.startsWith(`${parent}.`);
}

function cut(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1)}…`;
}
