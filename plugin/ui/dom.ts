// Builds and changes elements. Decides nothing about calls; every component stands on these few functions.

/** Undefined stands for a child that is not there, so that it can be left out in place. */
export type Child = Node | string | undefined;

export interface ElementProps {
  class?: string;
  /** Stable handle for tests; see README.md. */
  testId?: string;
  /** Accessible name when the visible text does not say it. */
  label?: string;
  attributes?: Record<string, string>;
  onClick?: (event: MouseEvent) => void;
}

/** Makes an element. Text children become text nodes, never markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: ElementProps = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (props.class) element.className = props.class;
  if (props.testId) element.dataset.testid = props.testId;
  if (props.label) element.setAttribute("aria-label", props.label);
  for (const [name, value] of Object.entries(props.attributes ?? {})) element.setAttribute(name, value);
  const { onClick } = props;
  if (onClick) element.addEventListener("click", (event) => onClick(event as MouseEvent));
  for (const child of children) if (child !== undefined) element.append(child);
  return element;
}

/** A push button; `type` is set so that Enter in a form never presses it by accident. */
export function button(props: ElementProps, ...children: Child[]): HTMLButtonElement {
  return h("button", { ...props, attributes: { type: "button", ...props.attributes } }, ...children);
}

/** Writes only what differs, so that screen readers do not repeat unchanged text. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Writes only a change, like the others here. */
export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/**
 * Opens or closes a modal dialog to match `open`. The browser moves the focus in and, on closing, back to where it
 * was.
 */
export function setDialogOpen(dialog: HTMLDialogElement, open: boolean): void {
  if (dialog.open === open) return;
  if (open) dialog.showModal();
  else dialog.close();
}
