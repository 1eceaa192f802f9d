// Zoom and pan of one drawing by wheel, drag and keys. The units of the drawing do not change.

import { setAttribute } from "../dom.ts";

const WHEEL_STEP = 1.0015;
const LARGEST = 3;
const SMALLEST = 0.1;
/** Small charts are not enlarged to fill a wide window. */
const LARGEST_FIT = 1.4;
/** Below this scale a large chart is unreadable, so only its active states are shown until the user moves it. */
const READABLE = 0.62;
const FOCUSED = 0.8;

/** A rectangle in the units of the drawing. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export class Viewport {
  readonly #svg: SVGSVGElement;
  readonly #content: SVGElement;
  readonly #size: { width: number; height: number };
  #scale = 1;
  #x = 0;
  #y = 0;
  /** True after the user moved the drawing, which then no longer follows the active states. */
  #isFree = false;
  #isWhole = false;
  #focus: Box | undefined;
  readonly #observer: ResizeObserver;

  constructor(svg: SVGSVGElement, content: SVGElement, size: { width: number; height: number }) {
    this.#svg = svg;
    this.#content = content;
    this.#size = size;
    this.#observer = new ResizeObserver(() => {
      if (!this.#isFree) this.#place();
    });
    this.#observer.observe(svg);
    svg.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    svg.addEventListener("pointerdown", (event) => this.#drag(event));
    svg.addEventListener("dblclick", () => this.fit());
  }

  /** Shows the whole chart. A second call makes a large chart follow its active states again. */
  fit(): void {
    this.#isWhole = this.#isFree || !this.#isWhole;
    this.#isFree = false;
    this.#place();
  }

  /** Sets the part of the drawing that must be visible if the whole is too large. */
  focus(box: Box): void {
    const { x, y, width, height } = this.#focus ?? { x: -1, y: -1, width: -1, height: -1 };
    if (box.x === x && box.y === y && box.width === width && box.height === height) return;
    this.#focus = box;
    if (!this.#isFree) this.#place();
  }

  #place(): void {
    const { clientWidth, clientHeight } = this.#svg;
    if (clientWidth === 0 || clientHeight === 0) return;
    const { width, height } = this.#size;
    const fit = Math.min(clientWidth / width, clientHeight / height, LARGEST_FIT);
    const isFocused = !this.#isWhole && fit < READABLE && this.#focus !== undefined;
    this.#scale = isFocused ? FOCUSED : fit;
    const { x, y, ...size } = this.#focus ?? { x: 0, y: 0, width, height };
    const [middleX, middleY] = isFocused
      ? [x + size.width / 2, y + size.height / 2]
      : [width / 2, height / 2];
    this.#x = clampedOffset(clientWidth, width * this.#scale, clientWidth / 2 - middleX * this.#scale);
    this.#y = clampedOffset(clientHeight, height * this.#scale, clientHeight / 2 - middleY * this.#scale);
    this.#apply();
  }

  /** Zooms around the center of the window. */
  zoom(factor: number): void {
    this.#zoomAt(factor, this.#svg.clientWidth / 2, this.#svg.clientHeight / 2);
  }

  end(): void {
    this.#observer.disconnect();
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault();
    const { left, top } = this.#svg.getBoundingClientRect();
    this.#zoomAt(WHEEL_STEP ** -event.deltaY, event.clientX - left, event.clientY - top);
  }

  #zoomAt(factor: number, x: number, y: number): void {
    const scale = Math.max(SMALLEST, Math.min(LARGEST, this.#scale * factor));
    this.#x = x - ((x - this.#x) * scale) / this.#scale;
    this.#y = y - ((y - this.#y) * scale) / this.#scale;
    this.#scale = scale;
    this.#isFree = true;
    this.#apply();
  }

  #drag(down: PointerEvent): void {
    if (down.button !== 0) return;
    const start = { x: this.#x - down.clientX, y: this.#y - down.clientY };
    const move = (event: PointerEvent): void => {
      this.#x = start.x + event.clientX;
      this.#y = start.y + event.clientY;
      this.#isFree = true;
      this.#apply();
    };
    const end = (): void => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
      removeEventListener("pointercancel", end);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
    addEventListener("pointercancel", end);
  }

  #apply(): void {
    const at = (value: number) => Math.round(value * 100) / 100;
    setAttribute(
      this.#content,
      "transform",
      `translate(${at(this.#x)} ${at(this.#y)}) scale(${at(this.#scale * 1000) / 1000})`,
    );
  }
}

/** Keeps the drawing inside the window. A drawing that is smaller than the window is centered. */
function clampedOffset(window: number, drawing: number, offset: number): number {
  if (drawing <= window) return (window - drawing) / 2;
  return Math.min(0, Math.max(window - drawing, offset));
}
