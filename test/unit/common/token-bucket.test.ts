// A burst, and then a fixed number a second.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBucket } from "../../../plugin/common/token-bucket.ts";

test("a bucket starts full, refills with time, and never holds more than its burst", () => {
  let nowMs = 5_000;
  const bucket = new TokenBucket(3, 2, () => nowMs);
  const takeAll = () => {
    let taken = 0;
    while (bucket.take()) taken += 1;
    return taken;
  };
  assert.equal(takeAll(), 3);
  assert.equal(bucket.canTake(), false);
  nowMs += 499;
  assert.equal(takeAll(), 0);
  nowMs += 1;
  assert.equal(takeAll(), 1);
  nowMs += 1_000;
  assert.equal(takeAll(), 2);
  nowMs += 3_600_000;
  assert.equal(takeAll(), 3);
});
