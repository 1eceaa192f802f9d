// A message that tells the user for some seconds that an action failed.

import { h, setText } from "../dom.ts";

/** Long enough to read two short sentences. */
const SHOWN_MS = 7_000;

interface Toast {
  readonly element: HTMLElement;
  /** Replaces a message that is still shown, and restarts the time. */
  show(message: string): void;
}

export function createToast(): Toast {
  // Only a popover can appear in front of a modal dialog.
  const attributes = { role: "alert", popover: "manual" };
  const element = h("p", { class: "toast", testId: "toast", attributes });
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    element,
    show(message) {
      // Reopening puts the popover in front, because the last one opened is on top.
      element.hidePopover();
      element.showPopover();
      setText(element, message);
      clearTimeout(timer);
      timer = setTimeout(() => element.hidePopover(), SHOWN_MS);
    },
  };
}
