// When free memory goes back to the system. The clock is simulated.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { MemoryRelease } from "../../../plugin/app/memory/memory-release.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";

const MINUTE_MS = 60_000;

function bench(release: () => Promise<void> = async () => undefined) {
  const clock = new ManualClock();
  let count = 0;
  const errors: unknown[] = [];
  const memory = new MemoryRelease({
    release() {
      count += 1;
      return release();
    },
    onError: (error) => errors.push(error),
    after: (delayMs, run) => clock.after(delayMs, run),
  });
  return { clock, memory, errors, count: () => count };
}

describe("memory", () => {
  test("is released once a minute, however many calls there are", () => {
    const { clock, memory, count } = bench();
    memory.callBegan("a");
    memory.callBegan("b");
    memory.callBegan("a");
    for (let minute = 0; minute < 10; minute += 1) clock.advance(MINUTE_MS);
    assert.equal(count(), 10);
  });

  test("is released once more after the last call, and then no longer", () => {
    const { clock, memory, count } = bench();
    memory.callBegan("a");
    memory.callBegan("b");
    memory.callEnded("a");
    assert.equal(count(), 0);
    memory.callEnded("b");
    memory.callEnded("b");
    clock.advance(MINUTE_MS);
    assert.equal(count(), 1);
    assert.equal(clock.timers, 0);
  });

  test("is not released for a call that never connected", () => {
    const { clock, memory, count } = bench();
    memory.callEnded("a");
    clock.advance(MINUTE_MS);
    assert.deepEqual([count(), clock.timers], [0, 0]);
  });

  test("is released again after a failure, which is reported", async () => {
    const failure = new Error("refused");
    const { clock, memory, errors, count } = bench(() => Promise.reject(failure));
    memory.callBegan("a");
    clock.advance(MINUTE_MS);
    clock.advance(MINUTE_MS);
    await setImmediate();
    assert.deepEqual([count(), errors], [2, [failure, failure]]);
  });
});
