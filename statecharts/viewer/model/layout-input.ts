// A chart as elkjs wants it: boxes within boxes with the size of their text, and ways between them with their labels.
// Ways that lead from and to the same states share one line, since readers look for a way first and for its cause second.

import type { ChartDescription, StateDescription, TransitionDescription } from "../../../rpc-schema/index.ts";
import { eventLabel } from "../../describe/describe.ts";
import { transitionKey } from "./chart-index.ts";

/** Widths are counted, not measured: the same layout in every browser, and in none. The font has this measure. */
export const FONT = { sizePx: 11, charPx: 6.7, linePx: 15, titlePx: 20 } as const;
const LABEL_PAD_PX = 6;
const BOX_PAD_PX = 10;
const DOT_PX = 10;
/** Longer lines are cut; the whole text is the tool tip's. */
const MAX_CHARS = 44;
const MAX_LINES_INTO = 3;
const WAIT_CHARS = 8;

/** As elkjs takes it; what it adds is read by `drawing.ts`. */
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

/** One line between two states, with all the transitions that it stands for. */
export interface Way {
  readonly id: string;
  /** The state whose transitions they are. */
  readonly source: string;
  readonly target: string;
  readonly lines: readonly WayLine[];
}
export interface WayLine {
  readonly key: string;
  readonly text: string;
  /** The whole text, with actions and description. */
  readonly tip: string;
  /** Type of the event that ends its delay; undefined where it waits for none. */
  readonly waitsFor: string | undefined;
}

type Boxes = Map<string, { state: StateDescription; lines: BoxLine[] }>;
type Ways = Map<string, { id: string; source: string; target: string; lines: WayLine[] }>;

/** What stands inside of a state's box. */
export interface BoxLine {
  readonly kind: "does" | "runs" | "on";
  readonly text: string;
  readonly tip: string;
  /** Of a transition that moves nothing, or leads where many do. */
  readonly key: string | undefined;
  readonly waitsFor: string | undefined;
}

export interface LayoutInput {
  readonly graph: ElkNode;
  readonly ways: ReadonlyMap<string, Way>;
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
  "elk.spacing.nodeNode": "22",
  "elk.spacing.edgeNode": "12",
  "elk.spacing.edgeEdge": "9",
  "elk.layered.spacing.nodeNodeBetweenLayers": "20",
  "elk.layered.spacing.edgeNodeBetweenLayers": "12",
};

/** Initial states are marked by dots, and what a state does wherever it is within by a box "in any state". */
export function layoutInput({ root }: ChartDescription): LayoutInput {
  const ways: Ways = new Map();
  const boxes: Boxes = new Map();
  const gathering = gatheringStates(root);
  const graph: ElkNode = {
    id: "chart",
    layoutOptions: OPTIONS,
    children: [nodeOf(root, boxes, gathering)],
    edges: [],
  };
  for (const { state } of boxes.values()) addWays(state, ways, gathering);
  graph.edges = [...ways.values()]
    .map(edgeOf)
    .concat([...boxes.values()].flatMap(({ state }) => initialOf(state)));
  return { graph, ways, boxes };
}

export const anyOf = (id: string): string => `${id}#any`;
export const dotOf = (id: string): string => `${id}#initial`;

/** States into which so many others lead that lines would cover the rest: their ways are told within the boxes. */
function gatheringStates(root: StateDescription): Set<string> {
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

const isToldInside = ({ to }: TransitionDescription, gathering: ReadonlySet<string>): boolean =>
  to.every((target) => gathering.has(target));

function nodeOf(state: StateDescription, boxes: Boxes, gathering: ReadonlySet<string>): ElkNode {
  const lines = linesOf(state, gathering);
  boxes.set(state.id, { state, lines });
  const longest = Math.max(state.key.length + 3, ...lines.map(lengthOf));
  const width = longest * FONT.charPx + 2 * BOX_PAD_PX;
  const height = FONT.titlePx + lines.length * FONT.linePx + (lines.length > 0 ? 6 : 4);
  if (state.states.length === 0) return { id: state.id, width, height };
  const dot = state.type === "compound" ? [{ id: dotOf(state.id), width: DOT_PX, height: DOT_PX }] : [];
  const leadsInside = (one: TransitionDescription) =>
    !isToldInside(one, gathering) && one.to.some((target) => isWithin(target, state.id));
  const any = state.transitions.some(leadsInside)
    ? [{ id: anyOf(state.id), width: "in any state".length * FONT.charPx + 12, height: FONT.titlePx }]
    : [];
  return {
    id: state.id,
    children: [...dot, ...any, ...state.states.map((child) => nodeOf(child, boxes, gathering))],
    layoutOptions: {
      ...OPTIONS,
      "elk.padding": `[top=${height + 8},left=14,bottom=14,right=14]`,
      "elk.nodeSize.constraints": "MINIMUM_SIZE",
      "elk.nodeSize.minimum": `(${width},${height})`,
    },
  };
}

function linesOf(state: StateDescription, gathering: ReadonlySet<string>): BoxLine[] {
  const named = (word: string, names: readonly string[]): BoxLine[] =>
    names.length === 0 ? [] : [line("does", `${word} / ${names.join(", ")}`)];
  const told = state.transitions.filter((one) => isToldInside(one, gathering));
  return [
    ...named("entry", state.entry),
    ...named("exit", state.exit),
    ...state.invoke.map((name) => line("runs", `runs ${name}`)),
    ...told.map((one) => ({
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

function addWays(state: StateDescription, ways: Ways, gathering: ReadonlySet<string>): void {
  for (const transition of state.transitions) {
    if (isToldInside(transition, gathering)) continue;
    for (const target of transition.to) {
      const id = `${state.id}->${target}`;
      const way = ways.get(id) ?? { id, source: state.id, target, lines: [] };
      const waitsFor = transition.after === undefined ? undefined : transition.on;
      const text = cut(labelOf(transition));
      way.lines.push({ key: transitionKey(state.id, transition), text, tip: tipOf(transition), waitsFor });
      ways.set(id, way);
    }
  }
}

function edgeOf({ id, source, target, lines }: Way): ElkEdge {
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

/** Of several effects that a state runs, those with names of their own are told apart. */
function endOfNamed(on: string): string | undefined {
  const [, what, name] = /^xstate\.(done|error)\.actor\.([a-zA-Z*]+)$/.exec(on) ?? [];
  return what === undefined ? undefined : `${what} ${name}`;
}

/** With room for what is left of a delay. */
function lengthOf({ text, waitsFor }: { text: string; waitsFor: string | undefined }): number {
  return text.length + (waitsFor === undefined ? 0 : WAIT_CHARS);
}

/** @returns `event [guard]` */
export function labelOf(transition: TransitionDescription): string {
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

export function isWithin(id: string, around: string): boolean {
  return id.startsWith(`${around}.`);
}

function cut(text: string): string {
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS - 1)}…`;
}
