// The figures of a packet train, from arrivals that are known.

import assert from "node:assert/strict";
import { test } from "node:test";
import { figuresOf } from "../../../support/network/probe/packet-train.ts";

/** 100 bytes with the headers of IPv4 and UDP. */
const BYTES = 72;

/** One packet each 10 ms, in that order of arrival. */
function figures(numbers: readonly number[], count: number) {
  return figuresOf(
    numbers.map((number, index) => ({ number, delayMs: number, atMs: 10 * index })),
    count,
    BYTES,
  );
}

test("losses, their bursts and second copies are counted", () => {
  const { lost, lossBurst, duplicated, late } = figures([0, 3, 3, 4, 6, 7], 10);
  assert.deepEqual([lost, lossBurst, duplicated, late], [0.5, 5 / 3, 1 / 5, 0]);
});

test("a packet is late when a younger one was there, and its second copy does not count", () => {
  const { late, lateDelayMs } = figures([0, 2, 3, 1, 1, 3, 4], 5);
  assert.deepEqual([late, lateDelayMs], [1 / 5, 1]);
});

test("delays are quantiles, and the rate counts the headers", () => {
  const { delayMs, rateBps } = figures([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 11);
  assert.deepEqual(delayMs, { p10: 1, p50: 5, p90: 9 });
  assert.equal(rateBps, 80_000);
});

test("a train of which nothing arrived is an error that says so", () => {
  assert.throws(() => figures([], 7), /none of 7 packets arrived/);
});
