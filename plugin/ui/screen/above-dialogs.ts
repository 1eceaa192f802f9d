// Keeps an element in front of every dialog. A modal dialog makes the rest of the page inert, so the element moves into it and
// comes back when the dialog closes.

import { h } from "../dom.ts";

/**
 * Where several dialogs are open, the last one opened has the element.
 * @param element for the life of the page
 * @returns the element's place in the page, which keeps its height while a dialog has it
 */
export function keptAboveDialogs(element: HTMLElement): HTMLElement {
  const home = h("div", { class: "kept-above" }, element);
  const opened: HTMLDialogElement[] = [];
  const place = (): void => {
    const top = opened.at(-1) ?? home;
    if (element.parentElement === top) return;
    const height = top === home ? "" : home.style.minHeight || `${home.offsetHeight}px`;
    top.append(element);
    home.style.minHeight = height;
  };
  const observer = new MutationObserver((changes) => {
    for (const { target } of changes) {
      if (!(target instanceof HTMLDialogElement)) continue;
      const index = opened.indexOf(target);
      if (index >= 0) opened.splice(index, 1);
      if (target.open) opened.push(target);
    }
    place();
  });
  observer.observe(document.documentElement, { subtree: true, attributeFilter: ["open"] });
  return home;
}
