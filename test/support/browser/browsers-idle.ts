// Whether browsers rest once their calls are over: an answer that breaks off in the wrong place keeps WebKitGTK computing,
// which no page shows.

import assert from "node:assert/strict";
import { cpuSecondsOf } from "../process/process-figures.ts";

/** Of a core. Browsers that wait for nothing take some hundredths; one that reads without end takes all it gets. */
const AT_REST = 0.25;
/** How long their processor time is added up: the measurement itself, not a wait for something to happen. */
const WATCHED_MS = 2_000;

/** A browser has something to tidy up after a call; one that reads without end never comes to rest. */
const LOOKS = 5;

/** Processor time by the time that passed: whatever else the machine does makes it smaller, never larger. */
export async function assertBrowsersIdle(t: { diagnostic(text: string): void }): Promise<void> {
  let share = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS && share >= AT_REST; look += 1) {
    share = await shareOfCore(/^(WebKit|MiniBrowser|chromium)/);
    t.diagnostic(`the browsers take ${(100 * share).toFixed(0)} % of a core`);
  }
  assert.ok(share < AT_REST, `the browsers take ${share} of a core where they should rest`);
}

async function shareOfCore(command: RegExp): Promise<number> {
  const [from, fromMs] = [cpuSecondsOf(command), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, WATCHED_MS));
  return (1_000 * (cpuSecondsOf(command) - from)) / (performance.now() - fromMs);
}
