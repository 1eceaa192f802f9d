// The shaped link of the tests: rate, queue, loss and order.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FREE_LINK, type PacketFate, ShapedLink } from "../../support/network/link-shape.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";

const arrival = (fate: PacketFate) => (typeof fate === "string" ? fate : Math.round(fate.arrivesAtMs));
/** With its headers 1000 bytes, which take 10 ms at 800 kbit/s. */
const BYTES = 972;

test("packets leave one after the other at the rate, and arrive after the delay", () => {
  const link = new ShapedLink({ ...FREE_LINK, rateBps: 800_000, delayMs: 5 }, seededRandom(1));
  const fates = [0, 0, 0, 100].map((nowMs) => link.admit(BYTES, nowMs));
  assert.deepEqual(fates.map(arrival), [15, 25, 35, 115]);
});

test("a packet that would wait too long is dropped, and the next ones fit again later", () => {
  const link = new ShapedLink({ ...FREE_LINK, rateBps: 800_000, queueMs: 20 }, seededRandom(1));
  const fates = [0, 0, 0, 0, 0, 15].map((nowMs) => link.admit(BYTES, nowMs));
  assert.deepEqual(fates.map(arrival), [10, 20, 30, "overflowed", "overflowed", 40]);
});

test("loss and jitter are the same for the same seed, and packets keep their order", () => {
  const run = () => {
    const link = new ShapedLink({ ...FREE_LINK, loss: 0.3, jitterMs: 40 }, seededRandom(7));
    return Array.from({ length: 500 }, (_, nowMs) => arrival(link.admit(BYTES, nowMs)));
  };
  const fates = run();
  assert.deepEqual(run(), fates);
  const times = fates.filter((fate) => typeof fate === "number");
  assert.deepEqual(
    times,
    times.toSorted((one, other) => one - other),
  );
  assert.ok(times.length > 300 && times.length < 400, `${times.length} of 500 arrived`);
});

test("a changed shape applies from the next packet on", () => {
  const link = new ShapedLink(FREE_LINK, seededRandom(1));
  assert.equal(arrival(link.admit(BYTES, 3)), 3);
  link.shape = { ...FREE_LINK, rateBps: 800_000 };
  assert.equal(arrival(link.admit(BYTES, 4)), 14);
});
