// Writes what is generated of the charts: the diagrams into the README beside it, and the tables of decisions into
// DECISIONS.md. With `--check` it only says what is stale.

import { readFileSync, writeFileSync } from "node:fs";
import { LEGEND, toMarkdown } from "./describe/decision-table.ts";
import { decisionTables } from "./describe/decisions.ts";
import { describeChart } from "./describe/describe.ts";
import { toMermaid } from "./describe/mermaid.ts";
import {
  adaptMachine,
  attachMachine,
  callMachine,
  callManagerMachine,
  linkMachine,
  mediaMachine,
} from "./index.ts";
import { refusals } from "./refusals.ts";

const README = new URL("README.md", import.meta.url);
const DECISIONS = new URL("DECISIONS.md", import.meta.url);
const [BEGIN, END] = ["<!-- diagrams: made by generate-diagrams.ts -->", "<!-- end of diagrams -->"];
const HEAD = `# Decisions

Made by \`generate-diagrams.ts\` from the machines and from the reviewed reasons in \`refusals.ts\`; not to be edited. For every
chart: what it does with each event in each state in which it can rest.

${LEGEND}
`;

const machines = [attachMachine, callManagerMachine, callMachine, linkMachine, mediaMachine, adaptMachine];

function withDiagrams(readme: string): string {
  const diagrams = machines
    .map((machine) => describeChart(machine))
    .map((chart) => `### ${chart.id}\n\n${chart.description}.\n\n\`\`\`mermaid\n${toMermaid(chart)}\`\`\`\n`);
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`README.md: expected the lines "${BEGIN}" and "${END}"`);
  return `${readme.slice(0, begin)}${BEGIN}\n\n${diagrams.join("\n")}\n${readme.slice(end)}`;
}

function decisions(): string {
  const tables = machines.flatMap((machine) =>
    decisionTables(machine).map((table) => {
      return `## ${table.title}\n\n${toMarkdown(table, refusals[machine.id] ?? [])}`;
    }),
  );
  return [HEAD, ...tables].join("\n");
}

const files = [
  { file: README, make: withDiagrams },
  { file: DECISIONS, make: decisions },
];
for (const { file, make } of files) {
  const before = readFileSync(file, "utf8");
  const after = make(before);
  if (!process.argv.includes("--check")) writeFileSync(file, after);
  else if (after !== before) {
    console.error(`${file.pathname} is stale; run: npm run diagrams`);
    process.exitCode = 1;
  }
}
