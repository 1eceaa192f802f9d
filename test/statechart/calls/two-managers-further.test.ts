// The second half of the runs of two managers; see two-managers.test.ts. The seed reproduces a failed run.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runRandomly } from "../support/random-runs.ts";

const [FIRST, LAST] = [5_001, 10_000] as const;

test(`two managers agree, or end by a timer, with the seeds ${FIRST} to ${LAST} as well`, async () => {
  const connected = await runRandomly(FIRST, LAST);
  assert.ok(connected > (LAST - FIRST) / 20, `only ${connected} runs ended in a call`);
});
