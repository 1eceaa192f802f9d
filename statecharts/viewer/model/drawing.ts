// Turns a layout into shapes, which are SVG elements as data. The page and the export both draw them. Shapes carry ids, by which
// the page shows the active states.

import {
  anyOf,
  type BoxLine,
  type ChartEdge,
  type ElkEdge,
  type ElkNode,
  FONT,
  type LayoutInput,
} from "./layout-input.ts";

export interface Shape {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly content: readonly Shape[] | string;
}

export interface Drawing {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

interface Point {
  readonly x: number;
  readonly y: number;
}
/** A node with the fields that elkjs adds. */
export interface LaidNode extends Omit<ElkNode, "children" | "edges"> {
  x?: number;
  y?: number;
  children?: LaidNode[];
  edges?: LaidEdge[];
}
interface LaidEdge extends Omit<ElkEdge, "labels"> {
  labels?: ({ x?: number; y?: number } & ElkEdge["labels"][number])[];
  sections?: { startPoint: Point; endPoint: Point; bendPoints?: Point[] }[];
}

const ARROW_PX = 7;
const CORNER_PX = 6;

/** Draws boxes, then lines, then texts, so that no line hides a text. @param laid the laid-out graph of `input` */
export function drawChart(input: LayoutInput, laid: LaidNode): Drawing {
  const boxes: Shape[] = [];
  const texts: Shape[] = [];
  const visit = (node: LaidNode, depth: number): void => {
    boxes.push(boxShape(input, node, depth));
    texts.push(...textShapesOf(input, node));
    for (const child of node.children ?? []) visit(child, depth + 1);
  };
  for (const child of laid.children ?? []) visit(child, 0);
  const edges = allEdges(laid).map((edge) => ({ edge, of: input.edges.get(edge.id) }));
  const lines = edges.map(({ edge, of }) => lineShape(edge, of));
  const labels = edges.flatMap(({ edge, of }) => (of ? labelShapes(edge, of) : []));
  const { width = 0, height = 0 } = laid;
  return { width, height, shapes: [...boxes, ...lines, ...texts, ...labels] };
}

/** elkjs moves edges to the box that contains both ends. */
function allEdges(node: LaidNode): LaidEdge[] {
  return [...(node.edges ?? []), ...(node.children ?? []).flatMap(allEdges)];
}

function boxShape({ boxes }: LayoutInput, node: LaidNode, depth: number): Shape {
  const { id, x = 0, y = 0, width = 0, height = 0 } = node;
  const state = boxes.get(id)?.state;
  if (!state) return markShape(node);
  const kind = state.states.length > 0 ? "compound" : state.type;
  const frame = { x: px(x), y: px(y), width: px(width), height: px(height), rx: "8" };
  const inner = { x: px(x + 3), y: px(y + 3), width: px(width - 6), height: px(height - 6), rx: "6" };
  const type = state.type === "parallel" ? " parallel" : "";
  return shape("g", { class: `state ${kind}${type} depth${depth % 2}`, "data-state": id }, [
    shape("title", {}, [state.id, state.description ?? ""].filter((part) => part !== "").join("\n")),
    shape("rect", { class: "frame", ...frame }),
    ...(state.type === "final" ? [shape("rect", { class: "frame", ...inner })] : []),
  ]);
}

function textShapesOf({ boxes }: LayoutInput, { id, x = 0, y = 0 }: LaidNode): Shape[] {
  const box = boxes.get(id);
  if (!box) return [];
  const name = shape("text", { class: "name", x: px(x + 10), y: px(y + 15) }, box.state.key);
  const lineY = (index: number) => y + FONT.titlePx + 11 + index * FONT.linePx;
  return [name, ...box.lines.map((one, index) => lineOfBox(one, x + 10, lineY(index)))];
}

function markShape({ id, x = 0, y = 0, width = 0, height = 0 }: LaidNode): Shape {
  if (!id.endsWith(anyOf(""))) {
    return shape("circle", {
      class: "initial",
      cx: px(x + width / 2),
      cy: px(y + height / 2),
      r: px(width / 2),
    });
  }
  return shape("g", { class: "any", "data-any": id.slice(0, -anyOf("").length) }, [
    shape("rect", { x: px(x), y: px(y), width: px(width), height: px(height), rx: px(height / 2) }),
    shape("text", { x: px(x + 6), y: px(y + 14) }, "in any state"),
  ]);
}

function lineOfBox({ kind, text, tip, key, waitsFor }: BoxLine, x: number, y: number): Shape {
  const known: Record<string, string> = key === undefined ? {} : { "data-key": key };
  const at = { x: px(x), y: px(y) };
  return shape("text", { class: `line ${kind}`, ...at, ...known, ...waitOf(waitsFor) }, [
    ...(tip === text ? [] : [shape("title", {}, tip)]),
    ...textShapes(text, waitsFor),
  ]);
}

function waitOf(waitsFor: string | undefined): Record<string, string> {
  return waitsFor === undefined ? {} : { "data-wait": waitsFor };
}

/** Adds an element for the remaining time of a delay. */
function textShapes(text: string, waitsFor: string | undefined): Shape[] {
  const left = waitsFor === undefined ? [] : [shape("tspan", { class: "left", dx: "4" }, "")];
  return [shape("tspan", {}, text), ...left];
}

function lineShape({ id, sections = [] }: LaidEdge, of: ChartEdge | undefined): Shape {
  const points = sections.flatMap(({ startPoint, bendPoints = [], endPoint }) => [
    startPoint,
    ...bendPoints,
    endPoint,
  ]);
  const known: Record<string, string> = of ? { "data-way": id, "data-source": of.source } : {};
  return shape("g", { class: of ? "way" : "way first", ...known }, [
    shape("path", { class: "path", d: roundedPath(points), pathLength: "1" }),
    shape("path", { class: "arrow", d: arrowAt(points.at(-2), points.at(-1)) }),
  ]);
}

function labelShapes({ labels = [] }: LaidEdge, of: ChartEdge): Shape[] {
  const [label] = labels;
  if (!label) return [];
  const { x = 0, y = 0, width, height } = label;
  const back = { x: px(x), y: px(y), width: px(width), height: px(height), rx: "3" };
  const lines = of.lines.map(({ key, text, tip, waitsFor }, index) => {
    const at = { x: px(x + 3), y: px(y + 11 + index * FONT.linePx) };
    const known = { "data-key": key, ...waitOf(waitsFor) };
    return shape("text", { class: "label", ...known, ...at }, [
      shape("title", {}, tip),
      ...textShapes(text, waitsFor),
    ]);
  });
  return [
    shape("g", { class: "labels", "data-of": of.id }, [shape("rect", { class: "back", ...back }), ...lines]),
  ];
}

/** Rounded corners distinguish a turning line from two crossing lines. */
function roundedPath(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (!first) return "";
  const parts = [`M${px(first.x)} ${px(first.y)}`];
  rest.forEach((point, index) => {
    const before = points[index] ?? point;
    const after = rest[index + 1];
    if (!after) {
      parts.push(`L${px(point.x)} ${px(point.y)}`);
      return;
    }
    const near = toward(point, before);
    const far = toward(point, after);
    parts.push(`L${px(near.x)} ${px(near.y)}`, `Q${px(point.x)} ${px(point.y)} ${px(far.x)} ${px(far.y)}`);
  });
  return parts.join("");
}

function toward(from: Point, to: Point): Point {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const share = length === 0 ? 0 : Math.min(CORNER_PX, length / 2) / length;
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

function arrowAt(before: Point | undefined, end: Point | undefined): string {
  if (!before || !end) return "";
  const angle = Math.atan2(end.y - before.y, end.x - before.x);
  const wing = (turn: number) =>
    `${px(end.x - ARROW_PX * Math.cos(angle + turn))} ${px(end.y - ARROW_PX * Math.sin(angle + turn))}`;
  return `M${wing(0.45)}L${px(end.x)} ${px(end.y)}L${wing(-0.45)}Z`;
}

function shape(tag: string, attributes: Record<string, string>, content: Shape["content"] = []): Shape {
  return { tag, attributes, content };
}

function px(value: number): string {
  return String(Math.round(value * 10) / 10);
}
