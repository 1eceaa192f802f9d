// Memory after many calls in one process, since a plugin runs for days.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runChild } from "./wrtc-child.ts";

const CALLS = 100;
/** After so many calls the heaps of the engine's threads and of JavaScript have their final size. */
const WARM_UP = 40;
/** A leaked connection keeps 1 MB or more, so 60 of them would exceed this three times. */
const ALLOWED_GROWTH_BYTES = 20 * 1024 * 1024;

test("resident memory stays flat over 100 calls", async () => {
  const end = await runChild("wrtc-memory.child.ts", String(CALLS), ["--expose-gc"]);
  assert.equal(end.status, 0, end.stderr.slice(-2000));
  const resident: number[] = JSON.parse(end.stdout);
  assert.equal(resident.length, CALLS);
  const early = median(resident.slice(WARM_UP, WARM_UP + 10));
  const late = median(resident.slice(-10));
  assert.ok(
    late - early < ALLOWED_GROWTH_BYTES,
    `grew by ${((late - early) / 1e6).toFixed(1)} MB: ${resident}`,
  );
});

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}
