// How much of a changing rate a call has used.

import assert from "node:assert/strict";
import { test } from "node:test";
import { LinkMeter } from "../../../bench/measures/network/link-meter.ts";
import { FREE_LINK, HEADER_BYTES } from "../../../support/network/simulated/link-shape.ts";

const PASSED = { arrivesAtMs: 0, queuedMs: 0, copies: 1 };
const limited = (rateBps: number) => ({ ...FREE_LINK, rateBps });

function meterWithClock() {
  const clock = { nowMs: 0 };
  return { clock, meter: new LinkMeter(() => clock.nowMs) };
}

test("a meter counts what the link carried, with its headers, of what it could carry at each of its rates", () => {
  const { clock, meter } = meterWithClock();
  meter.shaped(limited(100_000));
  clock.nowMs = 1_000;
  meter.shaped(limited(300_000));
  clock.nowMs = 2_000;
  const bytes = 12_500 - HEADER_BYTES;
  meter.packet(bytes, PASSED);
  meter.packet(bytes, "lost");
  meter.packet(bytes, "overflowed");
  assert.equal(meter.usedPercent(), 50);
});

test("a meter that is reset keeps the rate and forgets the rest", () => {
  const { clock, meter } = meterWithClock();
  meter.shaped(limited(80_000));
  meter.packet(10_000, PASSED);
  clock.nowMs = 5_000;
  meter.reset();
  clock.nowMs = 6_000;
  meter.packet(5_000 - HEADER_BYTES, PASSED);
  assert.equal(meter.usedPercent(), 50);
});

test("a link without a limit has no share that is used", () => {
  const { clock, meter } = meterWithClock();
  meter.shaped(FREE_LINK);
  meter.reset();
  clock.nowMs = 1_000;
  meter.packet(1_000, PASSED);
  assert.equal(meter.usedPercent(), Number.NaN);
});
