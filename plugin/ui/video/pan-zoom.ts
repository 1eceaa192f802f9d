// The geometry of a picture that is enlarged and moved within its pane. Pure: no elements and no events.

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * What the pane shows. The picture lies in a box that has the pane's size at scale 1, where the whole picture fits, and the
 * multiple of it at others. `x` and `y` are the point of the box at the middle of the pane, as shares of the box.
 */
export interface View extends Point {
  readonly scale: number;
}

/** Of a length in pixels. */
const ROUNDING = 1e-6;

/** The whole picture, as large as the pane allows. */
export const FIT: View = { scale: 1, x: 0.5, y: 0.5 };

/** Both in CSS pixels. Only the shape of the picture counts. */
export interface Geometry {
  readonly pane: Size;
  readonly picture: Size;
}

/** @returns the picture's size in the pane at scale 1; zeros without a picture or a pane */
export function fittedSize({ pane, picture }: Geometry): Size {
  if (picture.width <= 0 || picture.height <= 0) return { width: 0, height: 0 };
  const share = Math.min(pane.width / picture.width, pane.height / picture.height);
  return { width: picture.width * share, height: picture.height * share };
}

/**
 * Zooms so that the point of the picture under `at` stays there, unless the picture would leave a gap at the pane's edge.
 * @param at from the middle of the pane, in CSS pixels
 */
export function zoomAt(view: View, scale: number, at: Point, geometry: Geometry): View {
  const { pane } = geometry;
  const keep = (centre: number, offset: number, length: number): number =>
    length > 0 ? centre + offset / (length * view.scale) - offset / (length * scale) : centre;
  return clampView(
    { scale, x: keep(view.x, at.x, pane.width), y: keep(view.y, at.y, pane.height) },
    geometry,
  );
}

/** Moves the picture with the pointer. @param by in CSS pixels */
export function panBy(view: View, by: Point, geometry: Geometry): View {
  const { pane } = geometry;
  const move = (centre: number, offset: number, length: number): number =>
    length > 0 ? centre - offset / (length * view.scale) : centre;
  return clampView(
    { ...view, x: move(view.x, by.x, pane.width), y: move(view.y, by.y, pane.height) },
    geometry,
  );
}

/** A side of the picture that fits into the pane is centred, and one that does not leaves no gap. */
export function clampView(view: View, geometry: Geometry): View {
  const { pane } = geometry;
  const fitted = fittedSize(geometry);
  const clamp = (centre: number, fittedLength: number, length: number): number => {
    if (length <= 0 || fittedLength * view.scale <= length + ROUNDING) return 0.5;
    const reach = (fittedLength / length - 1 / view.scale) / 2;
    return Math.min(0.5 + reach, Math.max(0.5 - reach, centre));
  };
  return {
    scale: view.scale,
    x: clamp(view.x, fitted.width, pane.width),
    y: clamp(view.y, fitted.height, pane.height),
  };
}

/** The box of the picture from the pane's top left corner, in CSS pixels. */
export function boxOf({ scale, x, y }: View, { width, height }: Size): Size & { left: number; top: number } {
  const box = { width: width * scale, height: height * scale };
  return { ...box, left: width / 2 - x * box.width, top: height / 2 - y * box.height };
}
