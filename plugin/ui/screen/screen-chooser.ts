// The dialog in which the user chooses a monitor or a window. It lists them again while it is open, because windows come and go.

import type { Result, ScreenSource } from "../../../rpc-schema/index.ts";
import { button, h, setDialogOpen, setHidden, setText } from "../dom.ts";
import { errorSentence } from "../error-sentences.ts";
import { icon } from "../icons.ts";
import { sizeText, sourceName, whyNotText } from "./screen-texts.ts";

/** Soon enough for a window that the user opens in order to share it. */
const REFRESH_MS = 2_000;

interface ScreenChooserHandlers {
  /** @throws LinkError */
  sources(): Promise<Result<"screen.sources">>;
  /** The id of a source. The dialog has closed then. */
  onChoose(source: string): void;
}

export interface ScreenChooser {
  readonly element: HTMLDialogElement;
  open(sources: readonly ScreenSource[]): void;
  close(): void;
}

const GROUPS = [
  ["monitor", "Monitors"],
  ["window", "Windows"],
] as const satisfies [ScreenSource["kind"], string][];

export function createScreenChooser(handlers: ScreenChooserHandlers): ScreenChooser {
  const parts = createParts({ onClose: () => close(), onRetry: () => void refresh() });
  const { element, form, list, share } = parts;
  const refreshing = new Refreshing(() => void refresh());
  const close = (): void => setDialogOpen(element, false);
  /** Never rejects. */
  const refresh = async (): Promise<void> => {
    refreshing.stop();
    try {
      const offer = await handlers.sources();
      if (offer.chooser === "host") parts.show(offer.sources);
      else parts.fail(whyNotText(offer));
    } catch (error) {
      parts.fail(errorSentence(error));
    }
    if (element.open) refreshing.start();
  };
  list.element.addEventListener("dblclick", () => form.requestSubmit(share));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = list.chosen();
    if (chosen === undefined) return;
    close();
    handlers.onChoose(chosen);
  });
  element.addEventListener("close", () => refreshing.stop());
  return {
    element,
    open(sources) {
      parts.show(sources);
      setDialogOpen(element, true);
      refreshing.start();
    },
    close,
  };
}

/** One timer at most. */
class Refreshing {
  readonly #onDue: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onDue: () => void) {
    this.#onDue = onDue;
  }

  start(): void {
    this.stop();
    this.#timer = setTimeout(this.#onDue, REFRESH_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

function createParts({ onClose, onRetry }: { onClose(): void; onRetry(): void }) {
  const list = createSourceList();
  const note = h("p", { class: "hint", testId: "screen-chooser-note", attributes: { role: "status" } });
  const retry = button({ class: "button", testId: "screen-chooser-retry", onClick: onRetry }, "Try again");
  const attributes = { type: "submit" };
  const share = h("button", { class: "button primary", testId: "screen-share", attributes }, "Share");
  const cancel = button({ class: "button", testId: "screen-cancel", onClick: onClose }, "Cancel");
  const buttons = h("div", { class: "button-row" }, cancel, share);
  const form = h("form", { class: "screen-form" }, list.element, note, retry, buttons);
  const update = (sources: readonly ScreenSource[], sentence: string, isFailure: boolean): void => {
    list.show(sources);
    setHidden(retry, !isFailure);
    setText(note, sentence);
    share.disabled = list.chosen() === undefined;
  };
  list.element.addEventListener("change", () => {
    share.disabled = list.chosen() === undefined;
  });
  return {
    ...{ list, form, share },
    element: assemble(form, onClose),
    show: (sources: readonly ScreenSource[]) =>
      update(sources, sources.length === 0 ? "There is no monitor and no window to share." : "", false),
    fail: (sentence: string) => update([], sentence, true),
  };
}

function assemble(form: HTMLElement, onClose: () => void): HTMLDialogElement {
  const title = h("h2", { attributes: { id: "screen-title" } }, "Share your screen");
  const close = button(
    { class: "icon-button dialog-close", label: "Close", onClick: onClose },
    icon("close"),
  );
  return h(
    "dialog",
    {
      class: "dialog screen-chooser",
      testId: "screen-chooser",
      attributes: { "aria-labelledby": "screen-title" },
    },
    h("div", { class: "dialog-head" }, title, close),
    form,
  );
}

/** Radio buttons in two groups that act as one, so that the arrow keys go through all of them. */
function createSourceList() {
  const element = h("div", { class: "screen-sources", testId: "screen-sources" });
  let drawnKey = "";
  const chosen = (): string | undefined => element.querySelector<HTMLInputElement>("input:checked")?.value;
  return {
    element,
    chosen,
    /** The choice and the focus stay where their source does. */
    show(sources: readonly ScreenSource[]): void {
      const key = JSON.stringify(sources);
      if (key === drawnKey) return;
      drawnKey = key;
      const before = chosen();
      const focused = document.activeElement;
      const focusedId =
        focused instanceof HTMLInputElement && element.contains(focused) ? focused.value : null;
      element.replaceChildren(...GROUPS.flatMap(([kind, title]) => drawGroup(sources, kind, title)));
      for (const input of element.querySelectorAll("input")) {
        input.checked = input.value === before;
        if (input.value === focusedId) input.focus();
      }
    },
  };
}

function drawGroup(
  sources: readonly ScreenSource[],
  kind: ScreenSource["kind"],
  title: string,
): HTMLElement[] {
  const own = sources.filter((source) => source.kind === kind);
  if (own.length === 0) return [];
  return [h("fieldset", { class: "screen-group" }, h("legend", {}, title), ...own.map(drawSource))];
}

function drawSource(source: ScreenSource): HTMLElement {
  const attributes = { type: "radio", name: "screen-source", value: source.id };
  const facts = [sizeText(source), source.isPrimary ? "main monitor" : ""].filter((fact) => fact !== "");
  return h(
    "label",
    { class: "screen-source", testId: "screen-source" },
    h("input", { attributes }),
    icon(source.kind),
    h("span", { class: "screen-source-name" }, sourceName(source)),
    h("span", { class: "screen-source-size" }, facts.join(", ")),
  );
}
