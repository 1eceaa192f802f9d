// The clocks: dates follow the clock when it is set, and durations do not.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  dateByPresentClock,
  dateMs,
  machineMs,
  momentAt,
  monotonicMs,
  stampUs,
} from "../../../plugin/common/clock.ts";

class SettableClocks {
  date = 1_700_000_000_000;
  monotonic = 9_000;
  readonly dateMs = () => this.date;
  readonly monotonicMs = () => this.monotonic;

  pass(timeMs: number): void {
    this.date += timeMs;
    this.monotonic += timeMs;
  }
}

const HOUR_MS = 3_600_000;

describe("a moment", () => {
  test("keeps its date and counts the time since then", () => {
    const clocks = new SettableClocks();
    const began = momentAt(clocks);
    clocks.pass(7_250);
    assert.deepEqual([began.date(), began.elapsedMs()], [1_700_000_000_000, 7_250]);
  });

  for (const step of [HOUR_MS, -HOUR_MS, 24 * HOUR_MS]) {
    test(`moves its date when the clock is set by ${step / HOUR_MS} hours, and counts on`, () => {
      const clocks = new SettableClocks();
      const began = momentAt(clocks);
      clocks.pass(5_000);
      clocks.date += step;
      clocks.pass(5_000);
      assert.deepEqual([began.date(), began.elapsedMs()], [1_700_000_000_000 + step, 10_000]);
      assert.equal(clocks.date - began.date(), began.elapsedMs());
    });
  }

  test("keeps its date when a time server steers the clock by less than a second", () => {
    const clocks = new SettableClocks();
    const began = momentAt(clocks);
    clocks.pass(60_000);
    clocks.date += 400;
    assert.equal(began.date(), 1_700_000_000_000);
  });

  test("of the past counts from there, and one of the future counts from now", () => {
    const clocks = new SettableClocks();
    assert.equal(momentAt(clocks, clocks.date - 4_000).elapsedMs(), 4_000);
    assert.equal(momentAt(clocks, clocks.date + 4_000).elapsedMs(), 0);
  });
});

test("a date that another process wrote is kept, or translated when the clock was set since then", () => {
  const atMachineMs = machineMs() - 20_000;
  const date = dateMs() - 20_000;
  assert.equal(dateByPresentClock(date, atMachineMs), date);
  const translated = dateByPresentClock(date - HOUR_MS, atMachineMs);
  assert.ok(Math.abs(translated - date) < 1_000, `${translated - date} ms`);
});

test("stamps and monotonic time go on when the date is set", (t) => {
  const before = [stampUs() / 1_000, monotonicMs(), machineMs()];
  const date = dateMs();
  t.mock.method(Date, "now", () => date - HOUR_MS);
  assert.equal(dateMs(), date - HOUR_MS);
  for (const [index, value] of [stampUs() / 1_000, monotonicMs(), machineMs()].entries()) {
    const last = before[index] ?? Number.NaN;
    assert.ok(value >= last && value - last < 60_000);
  }
});
