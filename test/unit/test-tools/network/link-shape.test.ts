// The shaped link of the tests: rate, queue, loss and order.

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BLACKOUT,
  FREE_LINK,
  type LinkShape,
  type PacketFate,
  REORDER_MS,
  ShapedLink,
} from "../../../support/network/simulated/link-shape.ts";
import { seededRandom } from "../../../support/process/seeded-random.ts";

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

test("lost packets come in bursts of the mean length, and their share stays", () => {
  const link = new ShapedLink({ ...FREE_LINK, loss: 0.1, lossBurst: 8 }, seededRandom(3));
  const fates = Array.from({ length: 40_000 }, (_, nowMs) => link.admit(BYTES, nowMs));
  const lost = fates.map((fate) => fate === "lost");
  const losses = lost.filter(Boolean).length;
  const bursts = lost.filter((isLost, index) => isLost && !lost[index - 1]).length;
  assert.ok(losses > 3_000 && losses < 5_000, `${losses} of 40000 lost`);
  assert.ok(losses / bursts > 6.5 && losses / bursts < 9.5, `${losses / bursts} in a burst`);
});

test("nothing arrives during a blackout, and everything after it", () => {
  const link = new ShapedLink(BLACKOUT, seededRandom(1));
  assert.deepEqual(
    Array.from({ length: 100 }, (_, nowMs) => link.admit(BYTES, nowMs)).filter((fate) => fate !== "lost"),
    [],
  );
  link.shape = FREE_LINK;
  assert.deepEqual(
    [200, 201].map((nowMs) => arrival(link.admit(BYTES, nowMs))),
    [200, 201],
  );
});

test("a share of the packets arrives twice, and another after younger ones", () => {
  const link = new ShapedLink({ ...FREE_LINK, duplicated: 0.2, reordered: 0.1 }, seededRandom(5));
  const fates = Array.from({ length: 2_000 }, (_, nowMs) => link.admit(BYTES, nowMs));
  const arrived = fates.filter((fate) => typeof fate !== "string");
  const twice = arrived.filter(({ copies }) => copies === 2).length;
  const late = arrived.filter(({ arrivesAtMs }, sentMs) => arrivesAtMs === sentMs + REORDER_MS).length;
  assert.ok(twice > 300 && twice < 500, `${twice} of 2000 twice`);
  assert.ok(late > 130 && late < 270, `${late} of 2000 late`);
});

test("independent losses follow each other by chance, also where most packets are lost", () => {
  for (const loss of [0.05, 0.3, 0.6]) {
    const link = new ShapedLink({ ...FREE_LINK, loss }, seededRandom(9));
    const lost = Array.from({ length: 20_000 }, (_, nowMs) => link.admit(BYTES, nowMs) === "lost");
    const losses = lost.filter(Boolean).length;
    const bursts = lost.filter((isLost, index) => isLost && !lost[index - 1]).length;
    assert.ok(Math.abs(losses / lost.length - loss) < 0.02, `${losses} of 20000 lost, not ${loss}`);
    const expected = 1 / (1 - loss);
    assert.ok(Math.abs(losses / bursts - expected) < 0.15, `${losses / bursts} in a row, not ${expected}`);
  }
});

test("a packet's luck depends on the seed and its number, not on the fates of those before it", () => {
  const late = (shape: LinkShape) => {
    const link = new ShapedLink({ ...shape, duplicated: 0.3 }, seededRandom(2));
    return Array.from({ length: 300 }, (_, nowMs) => link.admit(BYTES, nowMs));
  };
  const crowded = late({ ...FREE_LINK, rateBps: 4_000_000, queueMs: 20 });
  const alone = late(FREE_LINK);
  assert.ok(crowded.includes("overflowed"));
  crowded.forEach((fate, index) => {
    const free = alone[index];
    if (typeof fate !== "string" && typeof free === "object") assert.equal(fate.copies, free.copies);
  });
});
