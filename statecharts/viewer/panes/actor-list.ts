// The list of actors: every chart at the displayed moment, with its state and its running effects.

import { h, setAttribute, setText, toggle } from "../dom.ts";
import { shortValue } from "../model/chart-index.ts";
import { type ActorView, type Moment, parentPath } from "../model/story.ts";
import { actorText } from "../texts.ts";

interface Row {
  readonly element: HTMLElement;
  readonly number: HTMLElement;
  readonly value: HTMLElement;
  readonly effects: HTMLElement;
}

export class ActorList {
  readonly element = h("nav", { class: "actors", "data-testid": "actors", "aria-label": "State machines" });
  readonly #rows = new Map<string, Row>();
  readonly #onPick: (path: string, beside: boolean) => void;
  #order: readonly string[] = [];

  constructor(onPick: (path: string, beside: boolean) => void) {
    this.#onPick = onPick;
  }

  /** @returns the path of a row, counted from 1 */
  at(place: number): string | undefined {
    return this.#order[place - 1];
  }

  update(moment: Moment, shown: readonly string[]): void {
    const charts = [...moment.values()].filter(({ chart }) => chart !== null);
    // Actors of ended calls would fill the list. Those of the last call stay, because a user may inspect its end.
    const last = charts.findLast(({ chart }) => chart === "call")?.path ?? "";
    const listed = charts.filter(
      ({ status, path }) =>
        status === "active" || path === last || path.startsWith(`${last}/`) || shown.includes(path),
    );
    const order = inTree(listed.map(({ path }) => path));
    for (const [path, { element }] of this.#rows) {
      if (order.includes(path)) continue;
      element.remove();
      this.#rows.delete(path);
    }
    const rows = order.map((path) => this.#rowOf(path));
    if (order.join() !== this.#order.join()) this.element.append(...rows.map(({ element }) => element));
    this.#order = order;
    order.forEach((path, index) => {
      const actor = moment.get(path);
      const row = rows[index];
      if (actor && row) fill(row, actor, index, moment, shown.includes(path));
    });
  }

  #rowOf(path: string): Row {
    const known = this.#rows.get(path);
    if (known) return known;
    const number = h("kbd");
    const value = h("span", { class: "value", "data-testid": "actor-value" });
    const effects = h("span", { class: "effects" });
    const depth = String(path.split("/").length - 1);
    const name = h("span", { class: "name" }, number, h("strong", {}, actorText(path)));
    const title = `${path}\nclick to show it, Shift-click to add it to the shown charts`;
    const element = h(
      "button",
      { type: "button", title, "data-testid": "actor", "data-actor": path, "data-depth": depth },
      name,
      value,
      effects,
    );
    element.addEventListener("click", (event) => this.#onPick(path, event.shiftKey || event.ctrlKey));
    const row = { element, number, value, effects };
    this.#rows.set(path, row);
    return row;
  }
}

function fill(row: Row, actor: ActorView, index: number, moment: Moment, isShown: boolean): void {
  const { element, number, value, effects } = row;
  const text = shortValue(actor.value);
  setText(number, index < 9 ? String(index + 1) : "");
  setText(value, actor.status === "active" ? text : `${text} (${actor.status})`);
  setAttribute(element, "data-value", text);
  setAttribute(element, "data-status", actor.status);
  setAttribute(element, "aria-pressed", String(isShown));
  toggle(element, "over", actor.status !== "active");
  const running = [...moment.values()].filter(
    (one) => one.chart === null && one.status === "active" && parentPath(one.path) === actor.path,
  );
  const names = running.map(({ path }) => path.slice(path.lastIndexOf("/") + 1).replace(/^\d+\..*\./, "in "));
  setText(effects, names.length === 0 ? "" : `runs ${names.join(", ")}`);
}

/** @returns parents before their children, in the order of their appearance */
function inTree(paths: readonly string[]): string[] {
  const roots = paths.filter((path) => !paths.includes(parentPath(path)));
  const below = (path: string): string[] => [
    path,
    ...paths.filter((one) => parentPath(one) === path).flatMap(below),
  ];
  return roots.flatMap(below);
}
