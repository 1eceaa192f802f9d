// Asserts that the browsers are idle after their calls. A response that ends in the wrong place keeps WebKitGTK computing
// without any effect on the page.

import assert from "node:assert/strict";
import { cpuSecondsOf } from "../process/process-figures.ts";

/** Share of a core. Idle browsers use a few hundredths; a browser that reads without end uses a whole core. */
const MAX_IDLE_SHARE = 0.25;
/** One measurement adds up the processor time of this interval. */
const INTERVAL_MS = 2_000;
/** A browser tidies up for some seconds after a call. A browser that reads without end never becomes idle. */
const MAX_MEASUREMENTS = 5;

/** Divides processor time by elapsed time, so other load on the machine can only lower the result. */
export async function assertBrowsersIdle(t: { diagnostic(text: string): void }): Promise<void> {
  let share = Number.POSITIVE_INFINITY;
  for (let count = 0; count < MAX_MEASUREMENTS && share >= MAX_IDLE_SHARE; count += 1) {
    share = await shareOfCore(/^(WebKit|MiniBrowser|chromium)/);
    t.diagnostic(`the browsers use ${(100 * share).toFixed(0)} % of a core`);
  }
  assert.ok(share < MAX_IDLE_SHARE, `the browsers use ${share} of a core when they should be idle`);
}

async function shareOfCore(command: RegExp): Promise<number> {
  const [from, fromMs] = [cpuSecondsOf(command), performance.now()];
  await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  return (1_000 * (cpuSecondsOf(command) - from)) / (performance.now() - fromMs);
}
