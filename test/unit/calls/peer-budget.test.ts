// The rate limit for each peer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PeerBudget } from "../../../plugin/calls/peer-budget.ts";

function budgetAt(clock: { ms: number }): PeerBudget {
  return new PeerBudget({
    burst: 3,
    refillMs: 1_000,
    strangers: { burst: 10, refillMs: 500 },
    isKnown: (peerId) => !peerId.startsWith("made-up"),
    nowMs: () => clock.ms,
  });
}

/** How many of so many calls of `take` succeed. */
const taken = (budget: PeerBudget, peerId: string, times: number) =>
  Array.from({ length: times }, () => budget.take(peerId)).filter(Boolean).length;

test("a peer gets its burst, then one more for each refill, and never more than a burst", () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  assert.equal(taken(budget, "mallory", 10_000), 3);
  assert.equal(budget.allows("mallory"), false);
  clock.ms = 999;
  assert.equal(budget.allows("mallory"), false);
  clock.ms = 1_000;
  assert.equal(taken(budget, "mallory", 100), 1);
  clock.ms = 1_000_000;
  assert.equal(taken(budget, "mallory", 100), 3);
});

test("each peer has a budget of its own", () => {
  const budget = budgetAt({ ms: 0 });
  taken(budget, "mallory", 10_000);
  assert.equal(taken(budget, "bob", 10), 3);
});

test("a restored peer has its burst again", () => {
  const budget = budgetAt({ ms: 0 });
  taken(budget, "bob", 10);
  budget.restore("bob");
  assert.equal(taken(budget, "bob", 10), 3);
});

test("a thousand strangers share one limit, and take nothing from a known peer", () => {
  const clock = { ms: 0 };
  const budget = budgetAt(clock);
  const ofStrangers = () => {
    let count = 0;
    for (let index = 0; index < 1_000; index += 1) count += taken(budget, `made-up-${index}`, 10);
    return count;
  };
  assert.equal(ofStrangers(), 10);
  assert.equal(budget.allows("made-up-1000"), false);
  assert.equal(taken(budget, "bob", 10), 3);
  clock.ms = 10_000;
  assert.equal(ofStrangers(), 10, "the burst");
});

test("one stranger leaves three quarters of the strangers' limit to the others", () => {
  const budget = budgetAt({ ms: 0 });
  assert.equal(taken(budget, "made-up-1", 10_000), 2);
  assert.equal(taken(budget, "made-up-2", 10_000), 2);
});

test("what costs more uses up the budget sooner", () => {
  const budget = budgetAt({ ms: 0 });
  assert.equal(budget.take("bob", 100), true);
  assert.equal(budget.take("bob"), false);
});

test("the number of peers in memory is bounded, and strangers displace no known peer", () => {
  const budget = budgetAt({ ms: 0 });
  for (let count = 0; count < 10_000; count += 1) budget.take(`peer-${count}`);
  for (let count = 0; count < 10_000; count += 1) budget.take(`made-up-${count}`);
  assert.equal(budget.allows("peer-9999"), true);
  assert.equal(taken(budget, "peer-9999", 10), 2);
  assert.ok(budget.size <= 512);
});
