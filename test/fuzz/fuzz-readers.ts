// `npm run fuzz` ends with this: `node test/fuzz/fuzz-readers.ts [--seconds 60] [--only NAME] [--grow]` fuzzes each reader of
// text from outside for the given time. --grow keeps the texts that reached new code. The status is 1 when something was found.

import { parseArgs } from "node:util";
import { fuzzText } from "../support/outside/fuzz-text.ts";
import { keepTexts, keptTexts } from "../support/outside/kept-texts.ts";
import { OUTSIDE_READERS } from "../support/outside/readers.ts";
import { seededRandom } from "../support/process/seeded-random.ts";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    only: { type: "string", default: "" },
    grow: { type: "boolean", default: false },
  },
});

/** The smallest part of a corpus that a clone should have. */
const MAX_KEPT = 60;

let isClean = true;
for (const reader of OUTSIDE_READERS.filter(({ name }) => name.includes(values.only))) {
  const { texts, corpus, finding } = fuzzText(reader, keptTexts(reader.name), {
    seconds: Number(values.seconds),
    random: seededRandom(Date.now()),
  });
  const verdict = finding === null ? "clean" : `FOUND ${finding.symptom}\n${JSON.stringify(finding.text)}`;
  process.stdout.write(`${reader.name}: ${texts} texts, ${corpus.length} kept, ${verdict}\n`);
  isClean = isClean && finding === null;
  const kept = corpus.filter((text) => text !== "" && !reader.seeds.includes(text));
  if (values.grow && finding === null) keepTexts(reader.name, kept.slice(0, MAX_KEPT));
}
process.exitCode = isClean ? 0 : 1;
