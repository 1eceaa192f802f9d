// Tells the user for some seconds that something they asked for did not work.

import { h, setText } from "./dom.ts";

/** Long enough to read two short sentences. */
const SHOWN_MS = 7_000;

export interface Toast {
  readonly element: HTMLElement;
  show(message: string): void;
}

export function createToast(): Toast {
  const element = h("p", { class: "toast", testId: "toast", attributes: { role: "alert" } });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    show(message) {
      setText(element, message);
      element.dataset.shown = "true";
      clearTimeout(timer);
      timer = setTimeout(() => {
        element.dataset.shown = "false";
      }, SHOWN_MS);
    },
  };
}
