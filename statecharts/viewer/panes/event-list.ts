// The list of events. Only visible rows are elements, because a recording may contain a hundred thousand events.

import type { EventOrigin } from "../../../rpc-schema/index.ts";
import { button, h, setAttribute, setText, toggle } from "../dom.ts";
import { type EventRow, fits, NO_FILTER, nameOf, type RowFilter } from "../model/event-rows.ts";
import { actorText, ORIGINS, timeText } from "../texts.ts";

const ROW_PX = 22;
/** Extra rows above and below, so that fast scrolling shows no gap. */
const SPARE_ROWS = 8;

export class EventList {
  readonly element: HTMLElement;
  readonly #body = h("div", { class: "rows" });
  readonly #scroller = h("div", { class: "scroller", "data-testid": "events", tabindex: "0" }, this.#body);
  readonly #count = h("span", { class: "count", "data-testid": "event-count" });
  readonly #search = h("input", { type: "search", placeholder: "filter (/)", "data-testid": "filter-text" });
  readonly #elements: HTMLElement[] = [];
  readonly #onPick: (row: EventRow) => void;
  #filter: RowFilter = NO_FILTER;
  #shown: EventRow[] = [];
  #all: readonly EventRow[] = [];
  #filtered = 0;
  #selected: EventRow | undefined;
  #startedAt: number | undefined;

  constructor(onPick: (row: EventRow) => void) {
    this.#onPick = onPick;
    this.#search.addEventListener("input", () => this.#setFilter({ text: this.#search.value.trim() }));
    const bar = h(
      "div",
      { class: "filter" },
      ...ORIGINS.map((one) => this.#originButton(one)),
      this.#search,
      this.#count,
    );
    this.element = h("div", { class: "events" }, bar, this.#scroller);
    this.#scroller.addEventListener("scroll", () => this.#draw(), { passive: true });
    new ResizeObserver(() => this.#draw()).observe(this.#scroller);
  }

  /** The rows that match the filter. */
  get shown(): readonly EventRow[] {
    return this.#shown;
  }

  focusFilter(): void {
    this.#search.focus();
  }

  /** Shows only the events of one actor and its children, or all events again. */
  toggleActor(actor: string): void {
    this.#setFilter({ actor: this.#filter.actor === "" ? actor : "" });
    const of = this.#filter.actor;
    setAttribute(this.#search, "placeholder", of === "" ? "filter (/)" : `only ${actorText(of)} (e: all)`);
  }

  update(
    all: readonly EventRow[],
    selected: EventRow | undefined,
    startedAt: number | undefined,
    follow: boolean,
  ): void {
    this.#startedAt = startedAt;
    this.#take(all);
    const isNewSelection = selected !== this.#selected;
    this.#selected = selected;
    if (follow) this.#scroller.scrollTop = this.#body.offsetHeight;
    else if (selected && isNewSelection) this.#reveal(selected);
    this.#draw();
  }

  /** Filters only the new rows at the end. */
  #take(all: readonly EventRow[]): void {
    if (all !== this.#all || all.length < this.#filtered) {
      this.#all = all;
      this.#filtered = 0;
      this.#shown = [];
    }
    for (const row of all.slice(this.#filtered)) if (fits(row, this.#filter)) this.#shown.push(row);
    this.#filtered = all.length;
    this.#body.style.height = `${this.#shown.length * ROW_PX}px`;
    setText(this.#count, `${this.#shown.length} of ${all.length}`);
  }

  #setFilter(change: Partial<RowFilter>): void {
    this.#filter = { ...this.#filter, ...change };
    this.#filtered = 0;
    this.#shown = [];
    this.#take(this.#all);
    if (this.#selected) this.#reveal(this.#selected);
    this.#draw();
  }

  #originButton(origin: EventOrigin): HTMLElement {
    const toggleOrigin = () => {
      const origins = new Set(this.#filter.origins);
      if (!origins.delete(origin)) origins.add(origin);
      setAttribute(element, "aria-pressed", String(origins.has(origin)));
      this.#setFilter({ origins });
    };
    const attributes = {
      class: `origin ${origin}`,
      "aria-pressed": "false",
      "data-testid": `origin-${origin}`,
    };
    const element = button(attributes, origin, toggleOrigin);
    return element;
  }

  #reveal(row: EventRow): void {
    const at = this.#shown.indexOf(row) * ROW_PX;
    const { scrollTop, clientHeight } = this.#scroller;
    if (at < 0 || (at >= scrollTop && at + ROW_PX <= scrollTop + clientHeight)) return;
    this.#scroller.scrollTop = at - clientHeight / 2;
  }

  #draw(): void {
    const { scrollTop, clientHeight } = this.#scroller;
    const first = Math.max(0, Math.floor(scrollTop / ROW_PX) - SPARE_ROWS);
    const rows = this.#shown.slice(first, first + Math.ceil(clientHeight / ROW_PX) + 2 * SPARE_ROWS);
    while (this.#elements.length < rows.length) this.#elements.push(this.#makeRow());
    this.#elements.forEach((element, index) => {
      const row = rows[index];
      element.hidden = row === undefined;
      if (row) this.#fill(element, row, first + index);
    });
  }

  #makeRow(): HTMLElement {
    const cells = ["time", "origin", "to", "type", "outcome"].map((name) => h("span", { class: name }));
    const element = h("div", { class: "row", "data-testid": "event" }, ...cells);
    element.addEventListener("click", () => {
      const row = this.#shown[Number(element.dataset.at)];
      if (row) this.#onPick(row);
    });
    this.#body.append(element);
    return element;
  }

  #fill(element: HTMLElement, row: EventRow, at: number): void {
    const [time, origin, to, type, outcome] = element.children;
    if (!time || !origin || !to || !type || !outcome) return;
    element.style.top = `${at * ROW_PX}px`;
    setAttribute(element, "data-at", String(at));
    setText(time, timeText(row.tMs, this.#startedAt));
    setText(origin, row.origin);
    setAttribute(origin, "class", `origin ${row.origin}`);
    setText(to, actorText(row.to));
    setText(type, nameOf(row.type));
    setText(outcome, outcomeText(row));
    toggle(element, "refused", row.step?.entry.refused !== undefined);
    toggle(element, "selected", row === this.#selected);
  }
}

/** @returns a short text for the result of the event */
function outcomeText({ step }: EventRow): string {
  if (!step) return "";
  const { refused, taken, status } = step.entry;
  if (refused !== undefined) return `✕ ${refused}`;
  const targets = taken.flatMap(({ to }) => to.map((id) => id.slice(id.indexOf(".") + 1)));
  const end = status === "active" ? "" : ` (${status})`;
  return targets.length > 0 ? `→ ${targets.join(", ")}${end}` : end.trim();
}
