// So many times in a row, and then so many a second.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TokenBucket } from "../../../plugin/common/token-bucket.ts";

test("a burst is used up, comes back with time, and never becomes more than a burst", () => {
  let nowMs = 5_000;
  const allowance = new TokenBucket(3, 2, () => nowMs);
  const takeAll = () => {
    let taken = 0;
    while (allowance.take()) taken += 1;
    return taken;
  };
  assert.equal(takeAll(), 3);
  nowMs += 499;
  assert.equal(takeAll(), 0);
  nowMs += 1;
  assert.equal(takeAll(), 1);
  nowMs += 1_000;
  assert.equal(takeAll(), 2);
  nowMs += 3_600_000;
  assert.equal(takeAll(), 3);
});
