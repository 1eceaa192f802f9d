// One chart: drawn once, with the state of its actor highlighted: active states, running delays, the last transition, and the
// possible next ones. Only changed elements are updated.

import { button, h, setAttribute, setText, svg, toggle } from "../dom.ts";
import { takenKey } from "../model/chart-index.ts";
import type { Drawing } from "../model/drawing.ts";
import type { ActorView } from "../model/story.ts";
import { actorText, waitText } from "../texts.ts";
import { Viewport } from "./viewport.ts";

export interface ChartViewOptions {
  readonly path: string;
  readonly drawing: Drawing;
  onClose(): void;
  onExport(): void;
}

export class ChartView {
  readonly element: HTMLElement;
  readonly viewport: Viewport;
  readonly #status: HTMLElement;
  readonly #states = new Map<string, SVGGraphicsElement>();
  readonly #edges: readonly { element: Element; source: string; keys: ReadonlySet<string> }[];
  readonly #lines: readonly { element: Element; key: string; wait: string; left: Element | null }[];
  #shownStep = -1;

  constructor({ path, drawing, onClose, onExport }: ChartViewOptions) {
    const content = svg({ tag: "g", attributes: {}, content: drawing.shapes });
    const image = svg({ tag: "svg", attributes: { class: "statechart" }, content: [] }) as SVGSVGElement;
    image.append(content);
    this.#status = h("span", { class: "value", "data-testid": "chart-value" });
    this.viewport = new Viewport(image, content, drawing);
    const tools = [
      button({ title: "smaller (−)" }, "−", () => this.viewport.zoom(1 / 1.25)),
      button({ title: "larger (+)" }, "+", () => this.viewport.zoom(1.25)),
      button({ title: "fit (f)" }, "Fit", () => this.viewport.fit()),
      button({ title: "save as SVG", "data-testid": "export" }, "SVG", onExport),
      button({ title: "close this chart", "data-testid": "chart-close" }, "×", onClose),
    ];
    const head = h("header", {}, h("strong", { title: path }, actorText(path)), this.#status, ...tools);
    this.element = h("section", { class: "panel", "data-testid": "chart", "data-actor": path }, head, image);
    for (const element of content.querySelectorAll<SVGGraphicsElement>("[data-state]")) {
      this.#states.set(element.getAttribute("data-state") ?? "", element);
    }
    const labels = [...content.querySelectorAll("[data-key]")];
    this.#lines = labels.map((element) => ({
      element,
      key: element.getAttribute("data-key") ?? "",
      wait: element.getAttribute("data-wait") ?? "",
      left: element.querySelector(".left"),
    }));
    this.#edges = [...content.querySelectorAll("[data-way]")].map((element) => {
      const of = CSS.escape(element.getAttribute("data-way") ?? "");
      const keyed = content.querySelectorAll(`[data-of="${of}"] [data-key]`);
      const keys = new Set([...keyed].map((one) => one.getAttribute("data-key") ?? ""));
      return { element, source: element.getAttribute("data-source") ?? "", keys };
    });
  }

  /** @param tMs the displayed moment; @param isLive whether a new transition is animated */
  update(actor: ActorView | undefined, value: string, tMs: number, isLive: boolean): void {
    const active = actor?.active ?? new Map<string, number>();
    const isOver = actor === undefined || actor.status !== "active";
    setText(
      this.#status,
      actor === undefined ? "does not exist at this moment" : `${value}${isOver ? ` (${actor.status})` : ""}`,
    );
    toggle(this.element, "over", isOver);
    for (const [id, element] of this.#states) {
      toggle(element, "active", active.has(id));
    }
    setAttribute(this.element, "data-active", [...active.keys()].join(" "));
    const taken = new Set(actor?.last?.taken.map(takenKey));
    const can = (source: string) => !isOver && active.has(source);
    for (const { element, source, keys } of this.#edges) {
      toggle(element, "possible", can(source));
      toggle(
        element,
        "taken",
        [...keys].some((key) => taken.has(key)),
      );
    }
    for (const { element, key } of this.#lines) {
      toggle(element, "possible", can(key.slice(0, key.indexOf("|"))));
      toggle(element, "taken", taken.has(key));
    }
    this.#animate(actor?.last?.index ?? -1, isLive);
    this.tick(actor, tMs);
    this.#focusOn([...active.keys()]);
  }

  /** Zooms to the innermost active states. */
  #focusOn(active: readonly string[]): void {
    const inner = active.filter((id) => !active.some((other) => other.startsWith(`${id}.`)));
    const boxes = inner.flatMap((id) => this.#states.get(id)?.getBBox() ?? []);
    if (boxes.length === 0) return;
    const x = Math.min(...boxes.map((box) => box.x));
    const y = Math.min(...boxes.map((box) => box.y));
    const right = Math.max(...boxes.map((box) => box.x + box.width));
    const bottom = Math.max(...boxes.map((box) => box.y + box.height));
    this.viewport.focus({ x, y, width: right - x, height: bottom - y });
  }

  /** Updates only the countdowns. @returns whether one runs */
  tick(actor: ActorView | undefined, tMs: number): boolean {
    const waits = new Map(actor?.waits.map((wait) => [wait.on, wait]));
    let isAnyRunning = false;
    for (const { wait, left, element } of this.#lines) {
      if (!left) continue;
      const running = waits.get(wait);
      toggle(element, "waiting", running !== undefined);
      const ranMs = Math.max(0, tMs - (running?.sinceMs ?? 0));
      const leftMs = running?.delayMs === undefined ? undefined : running.delayMs - ranMs;
      setText(left, running ? `◷ ${waitText(leftMs, ranMs)}` : "");
      isAnyRunning ||= running !== undefined;
    }
    return isAnyRunning;
  }

  end(): void {
    this.viewport.end();
    this.element.remove();
  }

  /** Animates the edges of a new step once, by a CSS class. */
  #animate(step: number, isLive: boolean): void {
    if (step === this.#shownStep) return;
    const isFirst = this.#shownStep === -1;
    this.#shownStep = step;
    for (const { element } of this.#edges) {
      const plays = isLive && !isFirst && element.classList.contains("taken");
      element.classList.remove("fresh");
      // Restarts the animation when the same edge is taken again. Reading the box applies the removal first.
      if (plays) element.getBoundingClientRect();
      toggle(element, "fresh", plays);
    }
  }
}
