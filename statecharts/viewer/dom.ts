// Helpers to build and change elements.

import type { Shape } from "./model/drawing.ts";

const SVG = "http://www.w3.org/2000/svg";

export type Child = Node | string;

/** Makes an element. Texts become text nodes, never markup. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Makes a push button. */
export function button(
  attributes: Readonly<Record<string, string>>,
  text: string,
  onClick: (event: MouseEvent) => void,
): HTMLButtonElement {
  const element = h("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", onClick);
  return element;
}

export function svg(shape: Shape): SVGElement {
  const element = document.createElementNS(SVG, shape.tag) as SVGElement;
  for (const [name, value] of Object.entries(shape.attributes)) element.setAttribute(name, value);
  if (typeof shape.content === "string") element.textContent = shape.content;
  else element.append(...shape.content.map(svg));
  return element;
}

/** Writes only a changed text, so that the browser draws nothing twice. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

export function toggle(element: Element, name: string, isOn: boolean): void {
  if (element.classList.contains(name) !== isOn) element.classList.toggle(name, isOn);
}
