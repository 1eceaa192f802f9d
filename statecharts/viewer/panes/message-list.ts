// A sequence diagram of the signals between both peers: two lifelines, and an arrow for each signal.

import { h, setAttribute, toggle } from "../dom.ts";
import { shortId } from "../model/event-rows.ts";
import type { Message } from "../model/messages.ts";
import { timeText } from "../texts.ts";

/** Older signals are visible at earlier moments. */
const MAX_SHOWN = 400;

export class MessageList {
  readonly element: HTMLElement;
  readonly #body = h("ol", { "data-testid": "messages" });
  readonly #onPick: (message: Message) => void;
  #drawn: { message: Message; element: HTMLElement; outcome: string }[] = [];

  constructor(onPick: (message: Message) => void) {
    this.#onPick = onPick;
    const head = h(
      "div",
      { class: "peers" },
      h("strong", {}, "this side"),
      h("strong", {}, "the other side"),
    );
    this.element = h("div", { class: "messages" }, head, this.#body);
  }

  update(all: readonly Message[], place: number, startedAt: number | undefined, follow: boolean): void {
    const shown = all.slice(-MAX_SHOWN);
    const first = this.#drawn[0]?.message;
    if (first !== shown[0] || this.#drawn.length > shown.length) this.#clear();
    for (const message of shown.slice(this.#drawn.length)) this.#draw(message, startedAt);
    for (const drawn of this.#drawn) {
      toggle(drawn.element, "later", drawn.message.index >= place);
      if (drawn.outcome === drawn.message.outcome) continue;
      drawn.outcome = drawn.message.outcome;
      setAttribute(drawn.element, "data-outcome", drawn.outcome);
    }
    if (follow) this.element.scrollTop = this.element.scrollHeight;
  }

  #clear(): void {
    this.#drawn = [];
    this.#body.replaceChildren();
  }

  #draw(message: Message, startedAt: number | undefined): void {
    const { direction, name, note, callId, tMs, outcome } = message;
    const label = h("span", { class: "name" }, name, ...(note === "" ? [] : [h("small", {}, ` ${note}`)]));
    const element = h(
      "li",
      {
        class: direction,
        title: `${direction === "in" ? "received" : "sent"}, call ${shortId(callId)}`,
        "data-testid": "message",
        "data-direction": direction,
        "data-name": name,
        "data-outcome": outcome,
      },
      h("time", {}, timeText(tMs, startedAt)),
      h("span", { class: "arrow" }, label),
    );
    element.addEventListener("click", () => this.#onPick(message));
    this.#body.append(element);
    this.#drawn.push({ message, element, outcome });
  }
}
