// The time axis, with a lane for each chart and a cursor at the displayed moment. It is drawn on a canvas, because the lanes of an
// hour contain thousands of states.

import { h } from "../dom.ts";
import type { Lane, Span } from "../model/lanes.ts";
import { actorText, durationText } from "../texts.ts";

const LANE_PX = 18;
const NAME_PX = 150;
const HEAD_PX = 18;
/** The visible time span at the start. */
const FIRST_WINDOW_MS = 30_000;
const SHORTEST_WINDOW_MS = 20;
/** Number of colours. The name of a state selects its colour, so it is the same everywhere. */
const HUES = 12;

export interface AxisView {
  readonly lanes: readonly Lane[];
  readonly firstMs: number;
  readonly endMs: number;
  readonly cursorMs: number;
  readonly follow: boolean;
}

export class TimeAxis {
  readonly element: HTMLElement;
  readonly #canvas = h("canvas", { "data-testid": "axis-canvas" });
  readonly #onPick: (tMs: number) => void;
  #view: AxisView = { lanes: [], firstMs: 0, endMs: 0, cursorMs: 0, follow: true };
  #windowMs = FIRST_WINDOW_MS;
  #fromMs = 0;
  /** True after the user moved the window, which then no longer follows the cursor. */
  #isFree = false;

  constructor(onPick: (tMs: number) => void) {
    this.#onPick = onPick;
    this.element = h("div", { class: "axis", "data-testid": "axis" }, this.#canvas);
    this.#canvas.addEventListener("pointerdown", (event) => this.#press(event));
    this.#canvas.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    this.#canvas.addEventListener("pointermove", (event) => this.#hover(event));
    new ResizeObserver(() => this.#draw()).observe(this.element);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#draw());
  }

  begin(): void {
    this.#windowMs = FIRST_WINDOW_MS;
    this.#isFree = false;
  }

  /** Shows the whole log. */
  showAll(): void {
    const { firstMs, endMs } = this.#view;
    this.#windowMs = Math.max(SHORTEST_WINDOW_MS, (endMs - firstMs) * 1.02);
    this.#fromMs = firstMs - this.#windowMs * 0.01;
    this.#isFree = true;
    this.#draw();
  }

  update(view: AxisView): void {
    this.#view = view;
    if (view.follow) this.#isFree = false;
    const outside = view.cursorMs < this.#fromMs || view.cursorMs > this.#fromMs + this.#windowMs;
    if (view.follow) this.#fromMs = view.endMs - this.#windowMs * 0.95;
    else if (outside && !this.#isFree) this.#fromMs = view.cursorMs - this.#windowMs / 2;
    this.#draw();
  }

  get #width(): number {
    return Math.max(1, this.element.clientWidth - NAME_PX);
  }

  #xOf(tMs: number): number {
    return NAME_PX + ((tMs - this.#fromMs) / this.#windowMs) * this.#width;
  }

  #timeOf(x: number): number {
    return this.#fromMs + ((x - NAME_PX) / this.#width) * this.#windowMs;
  }

  #draw(): void {
    const { lanes, cursorMs } = this.#view;
    const visible = lanes.filter(({ spans }) => spans.some((span) => this.#isVisible(span)));
    const scale = devicePixelRatio;
    const width = this.element.clientWidth;
    const height = Math.max(HEAD_PX + visible.length * LANE_PX + 4, this.element.clientHeight - 2);
    if (width === 0) return;
    this.#canvas.width = Math.round(width * scale);
    this.#canvas.height = Math.round(height * scale);
    this.#canvas.style.height = `${height}px`;
    this.#canvas.dataset.lanes = visible.map(({ id }) => id).join(" ");
    const pen = this.#canvas.getContext("2d");
    if (!pen) return;
    pen.scale(scale, scale);
    pen.font = "11px 'DejaVu Sans', system-ui, sans-serif";
    pen.textBaseline = "middle";
    const colours = coloursOf(this.element);
    this.#ticks(pen, colours, height);
    for (const [index, lane] of visible.entries()) this.#lane(pen, colours, lane, HEAD_PX + index * LANE_PX);
    pen.fillStyle = colours.accent;
    pen.fillRect(Math.max(NAME_PX, this.#xOf(cursorMs)) - 1, 0, 2, height);
  }

  #isVisible({ fromMs, toMs }: Span): boolean {
    return fromMs < this.#fromMs + this.#windowMs && (toMs ?? Number.POSITIVE_INFINITY) >= this.#fromMs;
  }

  #ticks(pen: CanvasRenderingContext2D, { muted, line }: Colours, height: number): void {
    const step = niceStep(this.#windowMs / Math.max(2, this.#width / 90));
    for (let tMs = Math.ceil(this.#fromMs / step) * step; tMs < this.#fromMs + this.#windowMs; tMs += step) {
      if (tMs < 0) continue;
      const x = this.#xOf(tMs);
      pen.fillStyle = line;
      pen.fillRect(x, HEAD_PX - 4, 1, height);
      pen.fillStyle = muted;
      pen.fillText(tMs === 0 ? "0" : durationText(tMs), x + 3, HEAD_PX / 2);
    }
  }

  #lane(pen: CanvasRenderingContext2D, colours: Colours, lane: Lane, top: number): void {
    const middle = top + LANE_PX / 2;
    for (const span of lane.spans) {
      if (!this.#isVisible(span)) continue;
      const left = Math.max(NAME_PX, this.#xOf(span.fromMs));
      const right = Math.min(NAME_PX + this.#width, this.#xOf(span.toMs ?? this.#view.endMs));
      const width = Math.max(1.5, right - left - 1);
      pen.fillStyle = `hsl(${(hash(span.label) % HUES) * (360 / HUES)} ${colours.fill})`;
      pen.fillRect(left, top + 2, width, LANE_PX - 4);
      if (width < 30) continue;
      pen.fillStyle = colours.text;
      pen.fillText(clip(pen, span.label, width - 6), left + 4, middle);
    }
    pen.fillStyle = colours.text;
    const name = lane.region === "" ? actorText(lane.actor) : `${actorText(lane.actor)} ${lane.region}`;
    pen.fillText(clip(pen, name, NAME_PX - 10), 6, middle);
  }

  #press(down: PointerEvent): void {
    this.#onPick(this.#timeOf(down.offsetX));
    const move = (event: PointerEvent): void => {
      if (event.target === this.#canvas) this.#onPick(this.#timeOf(event.offsetX));
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", () => removeEventListener("pointermove", move), { once: true });
  }

  #wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.shiftKey && event.deltaX === 0) return;
    event.preventDefault();
    this.#isFree = true;
    if (event.ctrlKey) {
      const at = this.#timeOf(event.offsetX);
      const next = Math.max(SHORTEST_WINDOW_MS, this.#windowMs * 1.002 ** event.deltaY);
      this.#fromMs = at - ((at - this.#fromMs) * next) / this.#windowMs;
      this.#windowMs = next;
    } else this.#fromMs += ((event.deltaX + event.deltaY) / this.#width) * this.#windowMs;
    this.#draw();
  }

  /** Zooms around the cursor. */
  zoom(factor: number): void {
    const { cursorMs } = this.#view;
    const share = (cursorMs - this.#fromMs) / this.#windowMs;
    this.#windowMs = Math.max(SHORTEST_WINDOW_MS, this.#windowMs / factor);
    this.#fromMs = cursorMs - share * this.#windowMs;
    this.#draw();
  }

  #hover(event: PointerEvent): void {
    const visible = this.#view.lanes.filter(({ spans }) => spans.some((span) => this.#isVisible(span)));
    const lane = visible[Math.floor((event.offsetY - HEAD_PX) / LANE_PX)];
    const tMs = this.#timeOf(event.offsetX);
    const span = lane?.spans.find((one) => one.fromMs <= tMs && tMs <= (one.toMs ?? this.#view.endMs));
    const text = span ? `${span.label}, ${durationText((span.toMs ?? this.#view.endMs) - span.fromMs)}` : "";
    this.#canvas.title = lane ? `${lane.id}\n${text}` : "";
  }
}

interface Colours {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
  /** Saturation and lightness of the states' colours. */
  readonly fill: string;
}

function coloursOf(element: Element): Colours {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return {
    text: value("--text"),
    muted: value("--muted"),
    line: value("--line"),
    accent: value("--accent"),
    fill: value("--lane-fill"),
  };
}

function niceStep(ms: number): number {
  const power = 10 ** Math.floor(Math.log10(ms));
  return power * ([1, 2, 5, 10].find((factor) => factor * power >= ms) ?? 10);
}

/** FNV-1a, which distributes short texts well. */
function hash(text: string): number {
  let sum = 2_166_136_261;
  for (const letter of text) sum = Math.imul(sum ^ letter.charCodeAt(0), 16_777_619);
  return sum >>> 8;
}

function clip(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 0 && pen.measureText(`${text.slice(0, end)}…`).width > width) end -= 1;
  return end === 0 ? "" : `${text.slice(0, end)}…`;
}
