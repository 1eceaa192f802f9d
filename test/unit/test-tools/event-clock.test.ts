// The clock of simulated runs: every timer fires at its own moment, in order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EventClock } from "../../support/charts/event-clock.ts";

test("timers fire in order, each at its moment, also those that start meanwhile", () => {
  const clock = new EventClock();
  const ended: string[] = [];
  const ends = (name: string) => () => void ended.push(`${name} ${clock.now()}`);
  clock.setTimeout(ends("late"), 50);
  clock.setTimeout(ends("first"), 10);
  clock.setTimeout(() => clock.setTimeout(ends("within"), 5), 10);
  clock.clearTimeout(clock.setTimeout(ends("never"), 10));
  assert.deepEqual([clock.nextMs, clock.waiting], [10, 3]);
  clock.increment(49);
  assert.deepEqual(ended, ["first 10", "within 15"]);
  clock.increment(1);
  assert.deepEqual([ended.at(-1), clock.nextMs], ["late 50", null]);
});

test("a moment settles before the next begins, including timers that it sets for now", async () => {
  const clock = new EventClock();
  const done: string[] = [];
  clock.setTimeout(() => {
    done.push("one");
    clock.setTimeout(() => done.push("at once"), 0);
  }, 10);
  clock.setTimeout(() => done.push("two"), 20);
  await clock.passes(30, async () => void done.push("settled"));
  assert.deepEqual(done, ["one", "at once", "settled", "two", "settled"]);
  assert.equal(clock.now(), 30);
});
