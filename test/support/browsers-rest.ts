// Whether browsers rest once their calls are over: an answer that breaks off in the wrong place keeps WebKitGTK computing,
// which no page shows.

import assert from "node:assert/strict";
import { cpuSecondsOf } from "./process-figures.ts";

/** Of a core. Browsers that wait for nothing take some hundredths; one that reads without end takes all it gets. */
const AT_REST = 0.25;
const WATCHED_MS = 2_000;

/** Processor time by the time that passed: whatever else the machine does makes it smaller, never larger. */
export async function assertBrowsersRest(t: { diagnostic(text: string): void }): Promise<void> {
  const command = /^(WebKit|MiniBrowser|chromium)/;
  const [from, fromMs] = [cpuSecondsOf(command), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  const share = (1_000 * (cpuSecondsOf(command) - from)) / (performance.now() - fromMs);
  t.diagnostic(`the browsers take ${(100 * share).toFixed(0)} % of a core`);
  assert.ok(share < AT_REST, `the browsers take ${share} of a core where they should rest`);
}
