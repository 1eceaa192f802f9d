// Writes every chart as an SVG file into a folder: `node statecharts/generate-drawings.ts FOLDER`. The layout is the same as in
// the chart viewer, with elkjs in this process.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import elkModule from "elkjs/lib/main.js";
import { ALL_CHARTS } from "./all-charts.ts";
import { describeChart } from "./describe/describe.ts";
import { drawChart, type LaidNode } from "./viewer/model/drawing.ts";
import { layoutInput } from "./viewer/model/layout-input.ts";
import { svgText } from "./viewer/model/svg-file.ts";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("expected the folder to write to");
const style = readFileSync(new URL("viewer/chart.css", import.meta.url), "utf8");
mkdirSync(folder, { recursive: true });

// A CommonJS module whose types declare a default export that Node does not provide.
const Elk = elkModule as unknown as new () => { layout(graph: unknown): Promise<LaidNode> };
const elk = new Elk();
for (const machine of ALL_CHARTS) {
  const chart = describeChart(machine);
  const input = layoutInput(chart);
  const drawing = drawChart(input, await elk.layout(input.graph));
  const path = join(folder, `${chart.id}.svg`);
  writeFileSync(path, svgText(drawing, style, chart.description));
  console.log(`${path}: ${Math.round(drawing.width)} × ${Math.round(drawing.height)}`);
}
