// Writes a drawing as a self-contained SVG file.

import type { Drawing, Shape } from "./drawing.ts";

/** @param style the rules of chart.css */
export function svgText({ width, height, shapes }: Drawing, style: string, title: string): string {
  const box = `0 0 ${Math.ceil(width)} ${Math.ceil(height)}`;
  const open = `<svg xmlns="http://www.w3.org/2000/svg" class="statechart" viewBox="${box}" width="${Math.ceil(width)}" height="${Math.ceil(height)}">`;
  const lines = [
    open,
    `<title>${escaped(title)}</title>`,
    `<style>${escaped(style)}</style>`,
    ...shapes.map(shapeText),
  ];
  return [...lines, "</svg>", ""].join("\n");
}

function shapeText({ tag, attributes, content }: Shape): string {
  const named = Object.entries(attributes).map(([name, value]) => ` ${name}="${escaped(value)}"`);
  const inner = typeof content === "string" ? escaped(content) : content.map(shapeText).join("");
  return `<${tag}${named.join("")}>${inner}</${tag}>`;
}

function escaped(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
