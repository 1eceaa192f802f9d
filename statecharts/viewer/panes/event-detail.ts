// The details of the selected event: origin, payload, result, or the reason of its refusal.

import { h } from "../dom.ts";
import { type EventRow, nameOf } from "../model/event-rows.ts";
import type { Session } from "../model/session.ts";
import type { ActorView } from "../model/story.ts";
import { durationText, timeText } from "../texts.ts";

export class EventDetail {
  readonly element = h("div", { class: "detail", "data-testid": "detail" });
  #shown: EventRow | undefined;
  #step: EventRow["step"];

  /** Draws again only for another event, or when its step arrives. */
  update(session: Session, row: EventRow | undefined): void {
    if (row === this.#shown && row?.step === this.#step && this.element.childElementCount > 0) return;
    this.#shown = row;
    this.#step = row?.step;
    this.element.replaceChildren(...(row ? parts(session, row) : [hint()]));
  }
}

function hint(): HTMLElement {
  return h(
    "p",
    { class: "hint" },
    "Select an event, or press the arrow keys, to see its payload and its result.",
  );
}

function parts(session: Session, row: EventRow): HTMLElement[] {
  const { step } = row;
  const facts: [string, string][] = [
    ["when", timeText(row.tMs, session.startedAt)],
    ["to", row.to],
    ["from", row.from ?? "outside the charts"],
  ];
  if (step && step.entry.t - row.tMs >= 1) facts.push(["took", durationText(step.entry.t - row.tMs)]);
  if (step) facts.push(...outcome(session, row));
  else facts.push(["outcome", "received by an effect, or still queued"]);
  const list = facts
    .filter(([, text]) => text !== "")
    .flatMap(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]);
  return [
    h("h2", {}, h("span", { class: `origin ${row.origin}` }, row.origin), ` ${nameOf(row.type)}`),
    h("dl", { "data-testid": "detail-facts" }, ...list),
    ...(row.event ? [data("payload", row.event)] : []),
    ...(step && Object.keys(step.entry.changed).length > 0
      ? [data("changed context", step.entry.changed)]
      : []),
  ];
}

function outcome(session: Session, row: EventRow): [string, string][] {
  const entry = row.step?.entry;
  if (!entry) return [];
  const { before, after } = session.beforeAndAfter(row);
  const taken = entry.taken.map(
    ({ from, on, to }) => `${from} — ${on === "" ? "always" : nameOf(on)} → ${to.join(", ") || "stays"}`,
  );
  return [
    ["refused", entry.refused ?? ""],
    ["transitions", taken.join("\n")],
    ["left", statesOnly(before, after).join("\n")],
    ["entered", statesOnly(after, before).join("\n")],
    ["actions", entry.actions.filter((name) => !name.startsWith("xstate.")).join(", ")],
    [
      "delays",
      Object.entries(entry.delays ?? {})
        .map(([on, ms]) => `${nameOf(on)} ${durationText(ms)}`)
        .join(", "),
    ],
    ["status", entry.status === "active" ? "" : entry.status],
  ];
}

/** @returns the active states of the first that are not active in the second */
function statesOnly(one: ActorView | undefined, other: ActorView | undefined): string[] {
  return [...(one?.active.keys() ?? [])].filter((id) => !other?.active.has(id));
}

function data(name: string, value: unknown): HTMLElement {
  const text = JSON.stringify(value, null, 1).replaceAll("\\r\\n", "\n  ");
  return h(
    "details",
    { "data-testid": name.replaceAll(" ", "-") },
    h("summary", {}, name),
    h("pre", {}, text),
  );
}
