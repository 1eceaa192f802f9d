// Writes the charts' diagrams into the README beside it; with `--check` it only says whether they are stale.

import { readFileSync, writeFileSync } from "node:fs";
import { describeChart } from "./describe/describe.ts";
import { toMermaid } from "./describe/mermaid.ts";
import { adaptMachine, attachMachine, callMachine, deskMachine, linkMachine, mediaMachine } from "./index.ts";

const README = new URL("README.md", import.meta.url);
const [BEGIN, END] = ["<!-- diagrams: made by generate-diagrams.ts -->", "<!-- end of diagrams -->"];

const charts = [attachMachine, deskMachine, callMachine, linkMachine, mediaMachine, adaptMachine].map(
  (machine) => describeChart(machine),
);
const diagrams = charts.map(
  (chart) => `### ${chart.id}\n\n${chart.description}.\n\n\`\`\`mermaid\n${toMermaid(chart)}\`\`\`\n`,
);

const before = readFileSync(README, "utf8");
const [begin, end] = [before.indexOf(BEGIN), before.indexOf(END)];
if (begin < 0 || end < begin) throw new Error(`README.md: expected the lines "${BEGIN}" and "${END}"`);
const after = `${before.slice(0, begin)}${BEGIN}\n\n${diagrams.join("\n")}\n${before.slice(end)}`;

if (process.argv.includes("--check")) {
  if (after !== before) {
    console.error(
      "the diagrams in statecharts/README.md are stale; run: node statecharts/generate-diagrams.ts",
    );
    process.exitCode = 1;
  }
} else {
  writeFileSync(README, after);
}
