// The courses of the network profiles.

import assert from "node:assert/strict";
import { test } from "node:test";
import { courseOf, PROFILES } from "../../../support/network/simulated/profiles.ts";

test("a course is the same for the same seed, and another for another seed", () => {
  const course = (seed: number) => courseOf(PROFILES.mobile, 20, seed).map(({ rateBps }) => rateBps);
  assert.deepEqual(course(4), course(4));
  assert.notDeepEqual(course(4), course(5));
  for (const rateBps of course(4)) assert.ok(rateBps !== null && rateBps >= 100_000 && rateBps <= 1_500_000);
});

test("the spikes of the network with spikes come every other turn", () => {
  const losses = courseOf(PROFILES.spiky, 4, 1).map(({ loss }) => loss > 0);
  assert.deepEqual(losses, [false, true, false, true]);
});
