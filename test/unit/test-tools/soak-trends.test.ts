// What a soak takes for a trend, on readings with leaks and noise of known size.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { judge, type Reading, type Verdict } from "../../soak/limits.ts";
import { scheduleFor } from "../../soak/schedule.ts";
import { MIN_TREND_ROUNDS, trendOf } from "../../soak/trend.ts";
import { type Random, seededRandom } from "../../support/process/seeded-random.ts";

const MINUTES = 60;
const WARM_UP = 10;
const MB = 1e6;
const SEEDS = Array.from({ length: 10 }, (_, index) => index + 1);
const WHOLE = { warmUpRounds: WARM_UP, measuresMedia: true };

/** Resident memory breathes by 3 MB in both directions, and everything else is as in a quiet call. */
function quietReading(random: Random): Reading {
  const noise = (size: number) => (random.below(2_001) / 1_000 - 1) * size;
  const side = () => ({
    rss: 240 * MB + noise(3 * MB),
    heap: 20 * MB + noise(0.2 * MB),
    external: 12 * MB + noise(2 * MB),
    shared: 1 * MB,
    soundRss: 90 * MB + noise(0.5 * MB),
    descriptors: 94,
    pathSockets: 8,
    threads: 24,
    soundDescriptors: 60,
    soundThreads: 12,
    children: 2,
  });
  return {
    alice: side(),
    bob: side(),
    call: {
      delay: 80 + noise(10),
      decoded: 45 + noise(10),
      roundTrip: 2 + noise(1),
      mouthToEar: 130 + noise(10),
      soundAgainstPicture: 15 + noise(15),
      concealed: 0.2 + noise(0.2),
      concealedInChanges: 6 + noise(6),
      fps: 29 + noise(1),
      withoutPictures: 0,
      reducedByLink: 0,
    },
    driver: { rss: 160 * MB + noise(10 * MB), heap: 25 * MB + noise(0.2 * MB), descriptors: 38 },
  };
}

type Fault = (reading: Reading, minute: number) => Reading;

function soak(seed: number, fault: Fault = (reading) => reading): Reading[] {
  const random = seededRandom(seed);
  return Array.from({ length: MINUTES }, (_, minute) => fault(quietReading(random), minute));
}

function failed(verdicts: readonly Verdict[]): string[] {
  return verdicts.filter(({ failure }) => failure !== null).map(({ name }) => name);
}

const aliceWith =
  (change: (alice: Reading["alice"], minute: number) => Partial<Reading["alice"]>): Fault =>
  (reading, minute) => ({ ...reading, alice: { ...reading.alice, ...change(reading.alice, minute) } });
const callWith =
  (change: (call: Reading["call"], minute: number) => Partial<Reading["call"]>): Fault =>
  (reading, minute) => ({ ...reading, call: { ...reading.call, ...change(reading.call, minute) } });

describe("a trend", () => {
  test("is the rise of a straight line from the first to the last round", () => {
    assert.deepEqual(trendOf([10, 12, 14, 16, 18]), { rise: 8, isCertain: true });
    assert.deepEqual(trendOf([5, 4, 3, 2]), { rise: -3, isCertain: true });
  });

  test("does not come from a single peak, however high", () => {
    assert.equal(trendOf([10, 10, 10, 500, 10, 10, 10]).rise, 0);
  });

  test("of equal values is none", () => {
    assert.deepEqual(trendOf([7, 7, 7, 7]), { rise: 0, isCertain: false });
  });

  test("needs four rounds", () => {
    assert.throws(() => trendOf([1, 2, 3]), new RegExp(`3 rounds, expected ${MIN_TREND_ROUNDS}`));
  });
});

describe("a soak of an hour", () => {
  test("holds while memory and delays only breathe", () => {
    const alarms = SEEDS.filter((seed) => failed(judge(soak(seed), WHOLE)).length > 0);
    assert.deepEqual(alarms, []);
  });

  test("finds memory that grows by 300 kB a minute in noise of 3 MB, with each seed", () => {
    const leak = aliceWith(({ rss }, minute) => ({ rss: rss + 0.3 * MB * minute }));
    for (const seed of SEEDS)
      assert.deepEqual(failed(judge(soak(seed, leak), WHOLE)), ["alice.rss"], `${seed}`);
  });

  test("finds each kind of memory, also where the whole hides it", () => {
    for (const kind of ["heap", "external", "shared", "soundRss"] as const) {
      const leak = aliceWith((alice, minute) => ({ [kind]: alice[kind] + 0.2 * MB * minute }));
      assert.deepEqual(failed(judge(soak(1, leak), WHOLE)), [`alice.${kind}`]);
    }
  });

  test("holds when memory grows by 5 % in a few minutes and then stays", () => {
    const grown = (minute: number) => Math.min(12 * MB, Math.max(0, minute - 20) * 1.5 * MB);
    const step = aliceWith(({ rss }, minute) => ({ rss: rss + grown(minute) }));
    for (const seed of SEEDS) assert.deepEqual(failed(judge(soak(seed, step), WHOLE)), [], `${seed}`);
  });

  test("finds a descriptor that is lost every quarter of an hour", () => {
    const leak = aliceWith(({ descriptors }, minute) => ({
      descriptors: descriptors + Math.floor(minute / 15),
    }));
    assert.deepEqual(failed(judge(soak(1, leak), WHOLE)), ["alice.descriptors"]);
  });

  test("the engine's sockets of earlier paths are reported and not judged", () => {
    const restarts = aliceWith(({ pathSockets }, minute) => ({ pathSockets: pathSockets + 4 * minute }));
    assert.deepEqual(failed(judge(soak(1, restarts), WHOLE)), []);
  });

  test("holds when a descriptor more is opened once", () => {
    const step = aliceWith(({ descriptors }, minute) => ({
      descriptors: descriptors + (minute > 30 ? 1 : 0),
    }));
    assert.deepEqual(failed(judge(soak(1, step), WHOLE)), []);
  });

  test("does not judge growth in the warm-up", () => {
    const start = aliceWith(({ rss }, minute) => ({ rss: rss - Math.max(0, WARM_UP - minute) * 10 * MB }));
    assert.deepEqual(failed(judge(soak(1, start), WHOLE)), []);
  });

  test("finds a delay that grows, and a frame rate that falls", () => {
    const slower = callWith(({ delay, fps }, minute) => ({ delay: delay + minute, fps: fps - minute / 10 }));
    assert.deepEqual(failed(judge(soak(1, slower), WHOLE)), ["call.delay", "call.fps"]);
  });

  test("finds a picture that does not return for three minutes, and allows two", () => {
    const without = (minutes: number) =>
      callWith((_, minute) => ({ withoutPictures: minute < 40 || minute >= 40 + minutes ? 0 : minute - 39 }));
    assert.deepEqual(failed(judge(soak(1, without(2)), WHOLE)), []);
    assert.deepEqual(failed(judge(soak(1, without(3)), WHOLE)), ["call.withoutPictures"]);
  });

  test("finds pictures that the free network keeps small in most rounds, and allows some", () => {
    const reduced = (share: number) =>
      callWith((_, minute) => ({ reducedByLink: minute % 10 < 10 * share ? 1 : 0 }));
    assert.deepEqual(failed(judge(soak(1, reduced(0.4)), WHOLE)), []);
    assert.deepEqual(failed(judge(soak(1, reduced(0.6)), WHOLE)), ["call.reducedByLink"]);
  });

  test("finds sound that drifts from the picture in either direction, or is too far from it all the time", () => {
    const by = (change: (minute: number) => number) =>
      callWith(({ soundAgainstPicture }, minute) => ({
        soundAgainstPicture: soundAgainstPicture + change(minute),
      }));
    const faults = [(minute: number) => minute, (minute: number) => -minute, () => 40, () => -70];
    for (const fault of faults) {
      assert.deepEqual(failed(judge(soak(1, by(fault)), WHOLE)), ["call.soundAgainstPicture"]);
    }
  });

  test("fails when most rounds lack a figure, and says how many have it", () => {
    const silent = callWith(() => ({ mouthToEar: Number.NaN }));
    const missing = judge(soak(1, silent), WHOLE).find(({ name }) => name === "call.mouthToEar");
    assert.equal(missing?.failure, "only 0 of 50 rounds have a value");
  });

  test("names the figure's rise and its limit", () => {
    const leak = aliceWith((_alice, minute) => ({ descriptors: 94 + minute }));
    const [verdict] = judge(soak(1, leak), WHOLE).filter(({ failure }) => failure !== null);
    assert.equal(verdict?.failure, "rose by 49.00, expected 1.50 at most");
  });

  test("that was stopped after its warm-up judges nothing", () => {
    assert.deepEqual(judge(soak(1).slice(0, WARM_UP + 3), WHOLE), []);
  });
});

test("a quarter of a soak is warm-up, and three rounds of a short one", () => {
  assert.equal(scheduleFor(60).warmUpRounds, 15);
  assert.equal(scheduleFor(8).warmUpRounds, 3);
  assert.equal(scheduleFor(30, 5).warmUpRounds, 5);
});
