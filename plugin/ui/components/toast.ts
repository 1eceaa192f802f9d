// Tells the user for some seconds that something they asked for did not work.

import { h, setText } from "../dom.ts";

/** Long enough to read two short sentences. */
const SHOWN_MS = 7_000;

export interface Toast {
  readonly element: HTMLElement;
  /** A second message takes the first one's place and starts the time anew. */
  show(message: string): void;
}

export function createToast(): Toast {
  // A popover, since nothing else can stand in front of a modal dialog.
  const attributes = { role: "alert", popover: "manual" };
  const element = h("p", { class: "toast", testId: "toast", attributes });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    show(message) {
      // Shown anew each time: the popover opened last is in front.
      element.hidePopover();
      element.showPopover();
      setText(element, message);
      clearTimeout(timer);
      timer = setTimeout(() => element.hidePopover(), SHOWN_MS);
    },
  };
}
