// Enlarges and moves a picture within its pane: by wheel with Control and by pinching, by a double click, by dragging and by keys.
// The picture's elements change their size on the page, so the frames that are asked for follow the zoom.

import {
  boxOf,
  clampView,
  FIT,
  fittedSize,
  type Geometry,
  type Point,
  panBy,
  type Size,
  type View,
  zoomAt,
} from "./pan-zoom.ts";

/** Of the picture's own size, at which one of its pixels fills four by four of the screen. */
const MAX_MAGNIFICATION = 4;
/** One press of a button or key. */
export const ZOOM_STEP = 1.25;
/** A mouse's notch turns by 100 or 120 pixels and a touch pad by a few. */
const WHEEL_ZOOM_PER_PIXEL = 0.002;
const WHEEL_MAX_PIXELS = 120;
/** Of the deltas that come in lines. */
const LINE_PIXELS = 16;
/** Part of the pane that an arrow key moves by. */
const KEY_STEP = 0.125;
/** Frames of one picture in several sizes differ by the rounding to whole pixels. */
const SHAPE_TOLERANCE = 0.02;
/** A picture that is this much larger than fit counts as enlarged. */
const FIT_TOLERANCE = 1.001;

const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: KEY_STEP, y: 0 },
  ArrowRight: { x: -KEY_STEP, y: 0 },
  ArrowUp: { x: 0, y: KEY_STEP },
  ArrowDown: { x: 0, y: -KEY_STEP },
};

export interface ZoomState {
  /** Screen pixels for 100 pixels of the picture; null before the first frame. */
  readonly percent: number | null;
  readonly isFit: boolean;
  readonly isLargest: boolean;
}

interface ZoomPaneOptions {
  readonly pane: HTMLElement;
  /** The canvas and the image, of which one is shown. */
  readonly elements: readonly HTMLElement[];
  onChange(state: ZoomState): void;
}

export class ZoomPane {
  readonly #options: ZoomPaneOptions;
  /** Pointers that are down, by id, at their last place. */
  readonly #pointers = new Map<number, Point>();
  #view: View = FIT;
  #picture: Size = { width: 0, height: 0 };
  /** Pixels; 0 while unknown. */
  #sourceWidth = 0;
  #isActive = false;

  constructor(options: ZoomPaneOptions) {
    this.#options = options;
    const { pane, elements } = options;
    new ResizeObserver(() => this.#show(this.#view)).observe(pane);
    for (const element of elements) {
      element.addEventListener("goop:drawn", () => this.#readPicture(element));
    }
    pane.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    pane.addEventListener("dblclick", (event) => {
      if (this.#isActive) this.#toggle(this.#fromMiddle(event));
    });
    pane.addEventListener("pointerdown", (event) => this.#press(event));
    pane.addEventListener("pointermove", (event) => this.#drag(event));
    for (const name of ["pointerup", "pointercancel", "lostpointercapture"] as const) {
      pane.addEventListener(name, (event) => this.#pointers.delete(event.pointerId));
    }
    pane.addEventListener("keydown", (event) => this.#key(event));
    // Before others that Escape ends, such as full screen.
    document.addEventListener("keydown", (event) => this.#escape(event), { capture: true });
  }

  /** Without zoom the pane shows the whole picture and takes no events. */
  setActive(isActive: boolean): void {
    if (isActive === this.#isActive) return;
    this.#isActive = isActive;
    this.#pointers.clear();
    for (const element of this.#options.elements) this.#readPicture(element);
    this.#show(FIT);
  }

  /** @param width of the frames that the other side sends, in pixels; 0 while unknown */
  setSourceWidth(width: number): void {
    if (width === this.#sourceWidth) return;
    this.#sourceWidth = width;
    this.#show(this.#view);
  }

  get isFit(): boolean {
    return this.#view.scale <= FIT_TOLERANCE;
  }

  /** Zooms around the middle of the pane. */
  zoomBy(factor: number): void {
    this.#zoomTo(this.#view.scale * factor, { x: 0, y: 0 });
  }

  fit(): void {
    this.#show(FIT);
  }

  /** Shows each pixel of the picture as one pixel of the screen. */
  showActualSize(): void {
    this.#zoomTo(this.#actualScale() ?? 1, { x: 0, y: 0 });
  }

  #geometry(): Geometry {
    const { clientWidth: width, clientHeight: height } = this.#options.pane;
    return { pane: { width, height }, picture: this.#picture };
  }

  /** @returns the scale of 100 %; undefined before the first frame */
  #actualScale(): number | undefined {
    const { width } = fittedSize(this.#geometry());
    const source = Math.max(this.#sourceWidth, this.#picture.width);
    return width > 0 ? source / devicePixelRatio / width : undefined;
  }

  /** A small picture may be enlarged too. */
  #maxScale(): number {
    return MAX_MAGNIFICATION * Math.max(1, this.#actualScale() ?? 1);
  }

  #zoomTo(scale: number, at: Point): void {
    const limited = Math.min(this.#maxScale(), Math.max(1, scale));
    this.#show(zoomAt(this.#view, limited, at, this.#geometry()));
  }

  /** Another shape is another screen or window. */
  #readPicture(element: HTMLElement): void {
    const size = sizeOf(element);
    if (size.width === 0 || size.height === 0) return;
    const [before, now] = [this.#picture.width / this.#picture.height, size.width / size.height];
    const isOther = Number.isFinite(before) && Math.abs(before / now - 1) > SHAPE_TOLERANCE;
    const isSame = size.width === this.#picture.width && size.height === this.#picture.height;
    this.#picture = size;
    if (!isSame) this.#show(isOther ? FIT : this.#view);
  }

  #show(view: View): void {
    const { pane, elements, onChange } = this.#options;
    const geometry = this.#geometry();
    this.#view = this.#isActive ? clampView(view, geometry) : FIT;
    const isFit = this.isFit;
    const { left, top, width, height } = boxOf(this.#view, geometry.pane);
    for (const { style } of elements) {
      style.left = isFit ? "" : `${left}px`;
      style.top = isFit ? "" : `${top}px`;
      style.width = isFit ? "" : `${width}px`;
      style.height = isFit ? "" : `${height}px`;
    }
    pane.dataset.zoomed = String(!isFit);
    const actual = this.#actualScale();
    const percent = actual === undefined ? null : Math.round((100 * this.#view.scale) / actual);
    onChange({ percent, isFit, isLargest: this.#view.scale * FIT_TOLERANCE >= this.#maxScale() });
  }

  /** Fit and 100 %, or twice the size where 100 % is no larger than fit. */
  #toggle(at: Point): void {
    const actual = this.#actualScale() ?? 1;
    if (this.isFit) this.#zoomTo(actual > ZOOM_STEP ? actual : 2, at);
    else this.fit();
  }

  #fromMiddle({ clientX, clientY }: { clientX: number; clientY: number }): Point {
    const { left, top, width, height } = this.#options.pane.getBoundingClientRect();
    return { x: clientX - left - width / 2, y: clientY - top - height / 2 };
  }

  /** Browsers report pinching on a touch pad as a wheel with Control. */
  #wheel(event: WheelEvent): void {
    if (!this.#isActive) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PIXELS;
    if (event.ctrlKey) {
      event.preventDefault();
      const turned = Math.max(-WHEEL_MAX_PIXELS, Math.min(WHEEL_MAX_PIXELS, event.deltaY * unit));
      this.#zoomTo(this.#view.scale * Math.exp(-turned * WHEEL_ZOOM_PER_PIXEL), this.#fromMiddle(event));
    } else if (!this.isFit) {
      event.preventDefault();
      const [x, y] = event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
      this.#panBy({ x: -x * unit, y: -y * unit });
    }
  }

  #press(event: PointerEvent): void {
    if (!this.#isActive || event.button !== 0) return;
    this.#pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    this.#options.pane.setPointerCapture(event.pointerId);
  }

  /** One pointer moves the picture. Two also zoom it by their distance. */
  #drag(event: PointerEvent): void {
    const from = this.#pointers.get(event.pointerId);
    if (!from || !this.#isActive) return;
    const to = { x: event.clientX, y: event.clientY };
    this.#pointers.set(event.pointerId, to);
    const other = [...this.#pointers].find(([id]) => id !== event.pointerId)?.[1];
    if (other === undefined) {
      this.#panBy({ x: to.x - from.x, y: to.y - from.y });
      return;
    }
    const before = Math.hypot(from.x - other.x, from.y - other.y);
    const now = Math.hypot(to.x - other.x, to.y - other.y);
    const middle = { clientX: (to.x + other.x) / 2, clientY: (to.y + other.y) / 2 };
    this.#panBy({ x: (to.x - from.x) / 2, y: (to.y - from.y) / 2 });
    if (before > 0) this.#zoomTo((this.#view.scale * now) / before, this.#fromMiddle(middle));
  }

  #panBy(by: Point): void {
    this.#show(panBy(this.#view, by, this.#geometry()));
  }

  #escape(event: KeyboardEvent): void {
    if (event.key !== "Escape" || this.isFit || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.fit();
  }

  #key(event: KeyboardEvent): void {
    if (!this.#isActive || event.ctrlKey || event.altKey || event.metaKey) return;
    const arrow = ARROWS[event.key];
    const { pane } = this.#geometry();
    if (arrow && !this.isFit) this.#panBy({ x: arrow.x * pane.width, y: arrow.y * pane.height });
    else if (event.key === "+" || event.key === "=") this.zoomBy(ZOOM_STEP);
    else if (event.key === "-") this.zoomBy(1 / ZOOM_STEP);
    else if (event.key === "0") this.fit();
    else if (event.key === "1") this.showActualSize();
    else return;
    event.preventDefault();
  }
}

function sizeOf(element: HTMLElement): Size {
  if (element.dataset.shown !== "true" && element instanceof HTMLImageElement) return { width: 0, height: 0 };
  if (element instanceof HTMLCanvasElement) return { width: element.width, height: element.height };
  if (!(element instanceof HTMLImageElement)) return { width: 0, height: 0 };
  return { width: element.naturalWidth, height: element.naturalHeight };
}
