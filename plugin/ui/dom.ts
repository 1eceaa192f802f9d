// Functions that create and change elements. All components use them.

/** Undefined is skipped, so that a list of children can contain optional ones. */
type Child = Node | string | undefined;

interface ElementProps {
  class?: string;
  /** A stable name for tests; README.md lists them all. */
  testId?: string;
  /** Accessible name, for elements whose visible text does not give one. */
  label?: string;
  attributes?: Record<string, string>;
  onClick?: (event: MouseEvent) => void;
}

/** Creates an element. Strings become text nodes, never markup. */
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

/** Creates a push button. Its `type` prevents Enter in a form from pressing it. */
export function button(props: ElementProps, ...children: Child[]): HTMLButtonElement {
  return h("button", { ...props, attributes: { type: "button", ...props.attributes } }, ...children);
}

/** Writes only a change, so that screen readers do not repeat the text. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** Opens or closes a modal dialog. The browser moves the focus into the dialog, and back when it closes. */
export function setDialogOpen(dialog: HTMLDialogElement, open: boolean): void {
  if (dialog.open === open) return;
  if (open) dialog.showModal();
  else dialog.close();
}
