// The geometry of an enlarged picture: what stays under the pointer, and what never leaves the pane.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  boxOf,
  clampView,
  FIT,
  fittedSize,
  type Geometry,
  type Point,
  panBy,
  type View,
  zoomAt,
} from "../../../plugin/ui/video/pan-zoom.ts";

/** As wide as the pane, with bars above and below. */
const wide: Geometry = { pane: { width: 1000, height: 800 }, picture: { width: 1920, height: 1080 } };
/** As high as the pane, with bars at the sides. */
const tall: Geometry = { pane: { width: 1000, height: 800 }, picture: { width: 600, height: 1200 } };

/** The point of the box under a place of the pane, as shares of the box. */
function pointAt(view: View, { pane }: Geometry, at: Point): Point {
  return {
    x: view.x + at.x / (pane.width * view.scale),
    y: view.y + at.y / (pane.height * view.scale),
  };
}

function assertClose(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `${what}: ${actual} instead of ${expected}`);
}

describe("an enlarged picture", () => {
  test("fits as large as the pane allows", () => {
    const sizes = [fittedSize(wide), fittedSize(tall)].map(({ width, height }) => [width, height]);
    for (const [index, length] of [1000, 562.5, 400, 800].entries()) {
      assertClose(sizes.flat()[index] ?? 0, length, `length ${index}`);
    }
    assert.deepEqual(fittedSize({ ...wide, picture: { width: 0, height: 0 } }), { width: 0, height: 0 });
  });

  test("keeps the point under the pointer, in any order of steps", () => {
    const at = { x: 120, y: -60 };
    let view: View = { scale: 4, x: 0.5, y: 0.5 };
    const before = pointAt(view, wide, at);
    for (const scale of [5, 8, 3.5, 6]) {
      view = zoomAt(view, scale, at, wide);
      const now = pointAt(view, wide, at);
      assertClose(now.x, before.x, `x at ${scale}`);
      assertClose(now.y, before.y, `y at ${scale}`);
    }
  });

  test("is in the middle again at the scale where all of it fits", () => {
    const view = zoomAt(zoomAt(FIT, 6, { x: 400, y: 300 }, wide), 1, { x: -400, y: -300 }, wide);
    assert.deepEqual(view, FIT);
  });

  test("leaves no gap, however far it is moved", () => {
    for (const geometry of [wide, tall]) {
      const { pane } = geometry;
      for (const scale of [1, 1.3, 2, 7]) {
        for (const x of [-1e6, -1, 1e6]) {
          for (const y of [-1e6, 1, 1e6]) {
            const view = panBy({ ...FIT, scale }, { x, y }, geometry);
            const box = boxOf(view, pane);
            const fitted = fittedSize(geometry);
            const spans = [
              [box.left + box.width / 2, fitted.width * scale, pane.width],
              [box.top + box.height / 2, fitted.height * scale, pane.height],
            ] as const;
            for (const [middle, length, space] of spans) {
              const gap = Math.max(middle - length / 2, space - middle - length / 2);
              const isCentred = Math.abs(middle - space / 2) < 1e-6;
              assert.ok(length > space ? gap < 1e-6 : isCentred, `${JSON.stringify({ scale, x, y, gap })}`);
            }
          }
        }
      }
    }
  });

  test("moves with the pointer, pixel by pixel", () => {
    const before = boxOf({ ...FIT, scale: 4 }, wide.pane);
    const after = boxOf(panBy({ ...FIT, scale: 4 }, { x: 37, y: -21 }, wide), wide.pane);
    assertClose(after.left - before.left, 37, "left");
    assertClose(after.top - before.top, -21, "top");
  });

  test("is kept within a pane that has no size yet", () => {
    const nothing: Geometry = { pane: { width: 0, height: 0 }, picture: { width: 1920, height: 1080 } };
    assert.deepEqual(clampView({ scale: 3, x: 0.9, y: 0.1 }, nothing), { scale: 3, x: 0.5, y: 0.5 });
    assert.deepEqual(zoomAt(FIT, 3, { x: 5, y: 5 }, nothing), { ...FIT, scale: 3 });
  });
});
