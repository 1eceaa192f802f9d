// The keyboard shortcuts, and the dialog that lists them.

import { button, h } from "../dom.ts";

export interface KeyActions {
  stepBy(offset: 1 | -1): void;
  toEdge(edge: "first" | "last"): void;
  toggleLive(): void;
  pickActor(place: number, beside: boolean): void;
  fit(): void;
  zoom(factor: number): void;
  focusFilter(): void;
  toggleOwnEvents(): void;
  openFile(): void;
  toggleMessages(): void;
  showAll(): void;
}

const KEYS: readonly [string, string][] = [
  ["↓ → ↑ ←", "the next event, the previous event"],
  ["Home, End", "the first event, the last"],
  ["Space", "pause at this moment, or follow the running plugin"],
  ["1 … 9", "show that state machine; with Shift, add it to the shown charts"],
  ["f", "fit the charts"],
  ["+, −", "larger, smaller; also by the wheel, and drag to move"],
  ["a", "the whole time axis; Ctrl-wheel and Shift-wheel there zoom and move"],
  ["m", "events or messages"],
  ["/", "filter the events"],
  ["e", "only the events of the shown state machine, or all events"],
  ["o", "open a recording; you can also drop a file on the page"],
  ["?", "this list"],
];
const ZOOM = 1.25;

/** @returns the help dialog, and a function that opens it */
export function listenToKeys(actions: KeyActions): { help: HTMLDialogElement; open(): void } {
  const close = button({ "data-testid": "help-close" }, "Close", () => help.close());
  const help = h(
    "dialog",
    { class: "help", "data-testid": "help", "aria-label": "Keys" },
    h("h2", {}, "Keys"),
    h("dl", {}, ...KEYS.flatMap(([key, what]) => [h("dt", {}, h("kbd", {}, key)), h("dd", {}, what)])),
    close,
  );
  const byKey: Readonly<Record<string, () => void>> = {
    ArrowDown: () => actions.stepBy(1),
    ArrowRight: () => actions.stepBy(1),
    ArrowUp: () => actions.stepBy(-1),
    ArrowLeft: () => actions.stepBy(-1),
    Home: () => actions.toEdge("first"),
    End: () => actions.toEdge("last"),
    " ": () => actions.toggleLive(),
    f: () => actions.fit(),
    a: () => actions.showAll(),
    e: () => actions.toggleOwnEvents(),
    m: () => actions.toggleMessages(),
    o: () => actions.openFile(),
    "+": () => actions.zoom(ZOOM),
    "=": () => actions.zoom(ZOOM),
    "-": () => actions.zoom(1 / ZOOM),
    "/": () => actions.focusFilter(),
    "?": () => help.showModal(),
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || help.open || isTyping(event)) return;
    const digit = /^Digit([1-9])$/.exec(event.code)?.[1];
    const action = byKey[event.key];
    if (digit !== undefined && (action === undefined || event.shiftKey))
      actions.pickActor(Number(digit), event.shiftKey);
    else if (action) action();
    else return;
    event.preventDefault();
  });
  return { help, open: () => help.showModal() };
}

/** A focused button keeps the space bar. A text field keeps all keys but Escape, which removes the focus. */
function isTyping({ target, key }: KeyboardEvent): boolean {
  if (target instanceof HTMLInputElement) {
    if (key === "Escape") target.blur();
    return true;
  }
  return key === " " && target instanceof HTMLButtonElement;
}
