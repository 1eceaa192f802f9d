// The drawings of the chart viewer contain every state, transition and effect of every chart, in its place.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import elkModule from "elkjs/lib/main.js";
import { describeCharts } from "../../../plugin/diagnostics/chart-subscription.ts";
import type { StateDescription } from "../../../rpc-schema/index.ts";
import { transitionKey } from "../../../statecharts/viewer/model/chart-index.ts";
import {
  type Drawing,
  drawChart,
  type LaidNode,
  type Shape,
} from "../../../statecharts/viewer/model/drawing.ts";
import { layoutInput } from "../../../statecharts/viewer/model/layout-input.ts";
import { svgText } from "../../../statecharts/viewer/model/svg-file.ts";

// A CommonJS module whose types declare a default export that Node does not provide.
const Elk = elkModule as unknown as new () => { layout(graph: unknown): Promise<LaidNode> };

const allStates = (state: StateDescription): StateDescription[] => [
  state,
  ...state.states.flatMap(allStates),
];
const allShapes = (shapes: readonly Shape[]): Shape[] =>
  shapes.flatMap((one) => [one, ...(typeof one.content === "string" ? [] : allShapes(one.content))]);

for (const chart of describeCharts()) {
  describe(`the drawing of ${chart.id}`, () => {
    let laid: LaidNode;
    let drawing: Drawing;
    before(async () => {
      const input = layoutInput(chart);
      laid = await new Elk().layout(input.graph);
      drawing = drawChart(input, laid);
    });

    test("has every state once, and each within its parent", () => {
      const ids = allShapes(drawing.shapes).flatMap(({ attributes }) => attributes["data-state"] ?? []);
      assert.deepEqual(
        ids.toSorted(),
        allStates(chart.root)
          .map(({ id }) => id)
          .toSorted(),
      );
      const check = (node: LaidNode): void => {
        const { x = 0, y = 0, width = 0, height = 0 } = node;
        for (const child of node.children ?? []) {
          const right = (child.x ?? 0) + (child.width ?? 0);
          const bottom = (child.y ?? 0) + (child.height ?? 0);
          assert.ok((child.x ?? 0) >= x && (child.y ?? 0) >= y, child.id);
          assert.ok(right <= x + width + 0.5 && bottom <= y + height + 0.5, child.id);
          check(child);
        }
      };
      check(laid);
    });

    test("has every transition, by its key, with its event and guard", () => {
      const keys = allShapes(drawing.shapes).flatMap(({ attributes }) => attributes["data-key"] ?? []);
      const wanted = allStates(chart.root).flatMap(({ id, transitions }) =>
        transitions.map((one) => transitionKey(id, one)),
      );
      assert.deepEqual([...new Set(keys)].toSorted(), [...new Set(wanted)].toSorted());
      const text = allShapes(drawing.shapes)
        .map(({ content }) => (typeof content === "string" ? content : ""))
        .join("\n");
      for (const { invoke, entry, transitions } of allStates(chart.root)) {
        for (const name of [...invoke, ...entry]) assert.ok(text.includes(name), name);
        for (const { guard = "" } of transitions) assert.ok(text.includes(guard), guard);
      }
    });

    test("gives a self-contained SVG file with escaped markup", () => {
      const text = svgText(drawing, ".statechart > * { fill: none }", "a < b & c");
      assert.match(text, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
      assert.ok(text.includes("<title>a &lt; b &amp; c</title>"));
      assert.equal(text.match(/<g/g)?.length, text.match(/<\/g>/g)?.length);
      assert.ok(!text.includes("undefined") && !text.includes("NaN"));
    });
  });
}
