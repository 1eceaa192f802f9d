// The second half of the runs of two managers; see two-managers.test.ts. A run that failed is found again by its seed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runWildly } from "../support/wild-runs.ts";

const [FIRST, LAST] = [5_001, 10_000] as const;

test(`two managers agree, or end by a timer, with the seeds ${FIRST} to ${LAST} as well`, async () => {
  const connected = await runWildly(FIRST, LAST);
  assert.ok(connected > (LAST - FIRST) / 20, `only ${connected} runs ended in a call`);
});
