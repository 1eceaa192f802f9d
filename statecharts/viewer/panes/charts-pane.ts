// The charts shown side by side: those that the user selected, else those of the newest call.

import type { ChartDescription } from "../../../rpc-schema/index.ts";
import { h } from "../dom.ts";
import type { Layouter } from "../layouter.ts";
import { shortValue } from "../model/chart-index.ts";
import type { Session } from "../model/session.ts";
import type { Moment } from "../model/story.ts";
import { ChartView } from "./chart-view.ts";

/** More would be too small to read. */
const MAX_SHOWN = 4;

export interface ChartsPaneOptions {
  readonly layouter: Layouter;
  onExport(chart: ChartDescription): void;
  onError(error: unknown): void;
  onPicked(): void;
}

export class ChartsPane {
  readonly element = h("div", { class: "charts", "data-testid": "charts" });
  readonly #options: ChartsPaneOptions;
  readonly #views = new Map<string, ChartView>();
  /** Undefined until the user selects charts. */
  #picked: string[] | undefined;
  #shown: string[] = [];
  #session: Session | undefined;

  constructor(options: ChartsPaneOptions) {
    this.#options = options;
  }

  get shown(): readonly string[] {
    return this.#shown;
  }

  /** Starts with a new source, and removes the charts of the previous one. */
  begin(session: Session): void {
    this.#session = session;
    this.#picked = undefined;
    for (const path of [...this.#views.keys()]) this.#close(path);
    this.#shown = [];
  }

  /** @param beside keeps the shown charts */
  pick(path: string, beside: boolean): void {
    const others = beside ? this.#shown.filter((one) => one !== path) : [];
    const isOff = beside && others.length < this.#shown.length && others.length > 0;
    this.#picked = isOff ? others : [...others, path].slice(-MAX_SHOWN);
    this.#options.onPicked();
  }

  update(moment: Moment, tMs: number, isLive: boolean): void {
    const shown = this.#picked ?? chosen(moment);
    if (shown.join() !== this.#shown.join()) this.#show(shown, moment);
    for (const [path, view] of this.#views) {
      const actor = moment.get(path);
      view.update(actor, shortValue(actor?.value), tMs, isLive);
    }
  }

  /** @returns whether a countdown runs */
  tick(moment: Moment, tMs: number): boolean {
    return [...this.#views].map(([path, view]) => view.tick(moment.get(path), tMs)).includes(true);
  }

  fit(): void {
    for (const { viewport } of this.#views.values()) viewport.fit();
  }

  zoom(factor: number): void {
    for (const { viewport } of this.#views.values()) viewport.zoom(factor);
  }

  #show(shown: string[], moment: Moment): void {
    this.#shown = shown;
    this.element.dataset.count = String(shown.length);
    for (const path of [...this.#views.keys()]) if (!shown.includes(path)) this.#close(path);
    for (const path of shown) {
      if (!this.#views.has(path)) void this.#open(path, moment).catch(this.#options.onError);
    }
  }

  async #open(path: string, moment: Moment): Promise<void> {
    const session = this.#session;
    const chart = session?.charts.get(moment.get(path)?.chart ?? "")?.chart;
    if (!chart) return;
    const drawing = await this.#options.layouter.draw(chart);
    // The selection or the source may have changed meanwhile.
    if (session !== this.#session || !this.#shown.includes(path) || this.#views.has(path)) return;
    const view = new ChartView({
      path,
      drawing,
      onClose: () => this.#unpick(path),
      onExport: () => this.#options.onExport(chart),
    });
    this.#views.set(path, view);
    this.element.append(...this.#shown.flatMap((one) => this.#views.get(one)?.element ?? []));
    this.#options.onPicked();
  }

  #unpick(path: string): void {
    this.#picked = this.#shown.filter((one) => one !== path);
    this.#options.onPicked();
  }

  #close(path: string): void {
    this.#views.get(path)?.end();
    this.#views.delete(path);
  }
}

/** @returns the newest call and its link, or the call manager without a call */
function chosen(moment: Moment): string[] {
  const charts = [...moment.values()].filter(({ chart }) => chart !== null);
  const alive = charts.filter(({ status }) => status === "active");
  const call =
    alive.findLast(({ chart }) => chart === "call") ?? charts.findLast(({ chart }) => chart === "call");
  if (call) {
    const link = moment.get(`${call.path}/link`);
    return link ? [call.path, link.path] : [call.path];
  }
  const manager = charts.find(({ chart }) => chart === "callManager") ?? charts[0];
  return manager ? [manager.path] : [];
}
