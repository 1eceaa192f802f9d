// How video gets smaller and comes back: when, in which order, with which reason, and without oscillation.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createActor, fromPromise, SimulatedClock, setup } from "xstate";
import type { PictureStep } from "../../../rpc-schema/index.ts";
import {
  type AdaptInput,
  assessLoad,
  type Measured,
  type Outgoing,
  SHARES,
} from "../../../statecharts/index.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { AdaptBench, WELL } from "../support/adapt-bench.ts";
import { chartsWith, Effects } from "../support/effects.ts";
import { settled } from "../support/start-manager.ts";

const LOSSY: Measured = { ...WELL, sendLoss: 0.25 };
/** Between the limits for a step up and a step down. */
const SO_SO: Measured = { ...WELL, sendLoss: 0.05 };

describe("video that something cannot keep up with", () => {
  test("is full at first, and reports it", () => {
    const bench = new AdaptBench();
    assert.equal(bench.step, "full");
    assert.deepEqual(bench.applied(), [{ callId: "call-1", direction: "sending", share: SHARES.full }]);
  });

  test("does not change after two seconds of strain", () => {
    const bench = new AdaptBench();
    bench.measures(WELL, 10);
    bench.measures(LOSSY, 2);
    bench.measures(WELL, 20);
    assert.equal(bench.step, "full");
    assert.equal(bench.applied().length, 1);
  });

  test("goes down step by step to none, each with its share and reason, until only voice is left", () => {
    const bench = new AdaptBench();
    bench.falls("paused", LOSSY);
    assert.deepEqual(
      bench.reports.map(({ step }) => step),
      ["full", "threeQuarters", "half", "quarter", "thumbnail", "paused"],
    );
    assert.deepEqual(bench.applied().at(-1), {
      callId: "call-1",
      direction: "sending",
      share: SHARES.paused,
    });
    for (const { reason } of bench.reports.slice(1)) assert.equal(reason, "25 % of what is sent gets lost");
    assert.equal(bench.context.strain, "link");
    bench.measures(LOSSY, 60);
    assert.equal(bench.step, "paused");
  });

  test("comes back one step at a time, slower than it went down, and has no reason at the top", () => {
    const bench = new AdaptBench();
    bench.falls("half", LOSSY);
    const downMs = bench.clock.now();
    bench.falls("full", WELL);
    assert.ok(bench.clock.now() - downMs > downMs);
    assert.deepEqual(
      bench.reports.map(({ step }) => step),
      ["full", "threeQuarters", "half", "threeQuarters", "full"],
    );
    assert.deepEqual([bench.context.strain, bench.context.reason], [null, null]);
  });

  test("keeps its step while the load is neither strained nor eased", () => {
    const bench = new AdaptBench();
    bench.falls("half", LOSSY);
    bench.measures(SO_SO, 300);
    assert.equal(bench.step, "half");
  });

  test("waits longer after each step up that did not last, until one lasts", () => {
    const bench = new AdaptBench();
    bench.falls("threeQuarters", LOSSY);
    const waits: number[] = [];
    for (let relapse = 0; relapse < 5; relapse += 1) {
      const fromMs = bench.clock.now();
      bench.falls("full", WELL);
      waits.push(bench.clock.now() - fromMs);
      bench.falls("threeQuarters", LOSSY);
    }
    assert.deepEqual(
      [...waits].sort((one, other) => one - other),
      waits,
    );
    assert.ok((waits.at(-1) ?? 0) > 4 * (waits[0] ?? 0));
    assert.equal(waits.at(-1), waits.at(-2));
    bench.falls("half", LOSSY);
    bench.falls("full", WELL);
    assert.equal(bench.context.failedStepUps, 0);
  });

  test("is full without measurements", async () => {
    const { adapt } = chartsWith(new Effects());
    const steps: string[] = [];
    const deaf = adapt.provide({
      actors: {
        measure: fromPromise<void, AdaptInput>(() => Promise.reject(new Error("no figures"))) as never,
      },
      actions: { apply: (_, { share }) => void steps.push(String(share.scale)) },
    });
    const call = setup({ actors: { deaf } }).createMachine({
      invoke: { src: "deaf", id: "deaf", input: { callId: "call-1", direction: "sending" } },
    });
    const actor = createActor(call, { clock: new SimulatedClock() }).start();
    await settled();
    const chart = actor.getSnapshot().children.deaf?.getSnapshot();
    assert.deepEqual([chart?.status, chart?.context.step, steps], ["active", "full", ["1", "1"]]);
  });
});

describe("a link whose limit WebRTC has found", () => {
  const limited = (linkBps: number, flowingMs: number) => ({
    ...WELL,
    picture: { width: 1280, height: 720, fps: 30 },
    availableSendBps: linkBps,
    outgoing: {
      ...{ frames: 30, bps: linkBps, flowingMs, isRampingUp: false, isRateLimited: true, linkBps },
      queuedMs: 0,
    },
  });
  const STEPS_BY_LINK: readonly [number, PictureStep][] = [
    [700_000, "threeQuarters"],
    [290_000, "half"],
    [190_000, "quarter"],
    [90_000, "quarter"],
    [60_000, "paused"],
  ];

  test("is not the first dip of an estimate that has risen", () => {
    const bench = new AdaptBench();
    bench.measures(limited(500_000, 1_000), 3);
    assert.equal(bench.step, "full");
  });

  test("of 250 kbit/s gets threeQuarters of 640x480 at the first measurement of a call", () => {
    const bench = new AdaptBench();
    bench.measures({ ...limited(250_000, 1_000), picture: WELL.picture }, 1);
    assert.equal(bench.step, "threeQuarters");
  });

  for (const [linkBps, step] of STEPS_BY_LINK) {
    if (linkBps < 300_000)
      test(`of ${linkBps / 1_000} kbit/s gets ${step} at the first measurement of a call`, () => {
        const bench = new AdaptBench();
        bench.measures(limited(linkBps, 1_000), 1);
        assert.deepEqual(
          bench.reports.map((report) => report.step),
          ["full", step],
        );
        assert.equal(bench.context.strain, "link");
        assert.match(bench.context.reason ?? "", new RegExp(`carries ${linkBps / 1_000} kbit/s`));
      });

    test(`of ${linkBps / 1_000} kbit/s gets ${step} in one change in mid-call, after lasting strain`, () => {
      const bench = new AdaptBench();
      bench.measures(WELL, 20);
      bench.measures(limited(linkBps, 20_000), 2);
      assert.equal(bench.step, "full");
      bench.measures(limited(linkBps, 20_000), 2);
      assert.deepEqual(
        bench.reports.map((report) => report.step),
        ["full", step],
      );
    });
  }

  test("costs one change from a smaller picture too", () => {
    for (const [from, linkBps, step] of [
      ["threeQuarters", 190_000, "quarter"],
      ["threeQuarters", 60_000, "paused"],
      ["half", 60_000, "paused"],
      ["quarter", 20_000, "paused"],
    ] as const) {
      const bench = new AdaptBench();
      bench.falls(from, LOSSY);
      const before = bench.reports.length;
      bench.measures({ ...limited(linkBps, 20_000), sendLoss: 0.2 }, 9);
      assert.deepEqual(
        bench.reports.slice(before).map((report) => report.step),
        [step],
      );
    }
  });

  test("costs one change to the thumbnail where a quarter is still a large picture", () => {
    const picture = { width: 3840, height: 2160, fps: 30 };
    for (const from of ["full", "threeQuarters", "half"] as const) {
      const bench = new AdaptBench();
      if (from === "full") bench.measures(WELL, 20);
      else bench.falls(from, LOSSY);
      const before = bench.reports.length;
      bench.measures({ ...limited(100_000, 20_000), picture, sendLoss: 0.2 }, 9);
      assert.deepEqual(
        bench.reports.slice(before).map((report) => report.step),
        ["thumbnail"],
        from,
      );
    }
  });

  test("still loses one step at a time to anything but the link", () => {
    const bench = new AdaptBench();
    bench.measures(WELL, 20);
    bench.measures({ ...limited(2_000_000, 20_000), isEncoderBehind: true }, 4);
    assert.equal(bench.step, "threeQuarters");
  });

  test("gets a thumbnail where an earlier version recorded one", () => {
    const { queuedMs: _, ...outgoing } = limited(20_000, 1_000).outgoing;
    const bench = new AdaptBench();
    bench.measures({ ...limited(20_000, 1_000), outgoing }, 1);
    assert.equal(bench.step, "thumbnail");
  });

  test("keeps a thumbnail of a quiet scene, which takes less than the link carries", () => {
    const bench = new AdaptBench();
    bench.falls("quarter", LOSSY);
    const quiet = { ...limited(20_000, 20_000).outgoing, bps: 10_000, isRateLimited: false };
    bench.measures({ ...limited(20_000, 20_000), sendLoss: 0.2, outgoing: quiet }, 9);
    assert.equal(bench.step, "thumbnail");
  });

  test("keeps a small picture whose estimate has fallen with what it sends", () => {
    const bench = new AdaptBench();
    bench.measures(limited(190_000, 1_000), 1);
    bench.measures(limited(50_000, 30_000), 60);
    assert.equal(bench.step, "quarter");
  });
});

describe("a page that is too slow", () => {
  const SLOW: Measured = { ...WELL, pageReplaced: 0.7 };

  test("gets smaller frames and then fewer, but never none", () => {
    const bench = new AdaptBench("showing");
    bench.measures(SLOW, 200);
    assert.equal(bench.step, "thumbnail");
    assert.equal(bench.context.strain, "page");
  });

  test("changes nothing in what is sent, and a bad link changes nothing in what is shown", () => {
    const sending = new AdaptBench("sending");
    sending.measures(SLOW, 60);
    const showing = new AdaptBench("showing");
    showing.measures({ ...LOSSY, loopLagMs: 500 }, 60);
    assert.deepEqual([sending.step, showing.step], ["full", "full"]);
  });
});

test("under random load no two steps follow closer than the delays, and none goes up sooner than after ten good seconds", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seededRandom(seed);
    const bench = new AdaptBench(random.pick(["sending", "showing"]));
    for (let spell = 0; spell < 60; spell += 1) {
      const measured = {
        ...WELL,
        sendLoss: random.pick([0, 0, 0.05, 0.3]),
        roundTripMs: random.pick([20, 700, 2_000]),
        availableSendBps: random.pick([20_000, 100_000, 300_000, 3_000_000, null]),
        loopLagMs: random.pick([0, 50, 200]),
        isEncoderBehind: random.chance(0.1),
        pageReplaced: random.pick([0, 0.2, 0.9, null]),
      };
      bench.measures(measured, random.pick([1, 2, 5, 15, 40]));
    }
    for (const [index, { step, atMs }] of bench.reports.entries()) {
      const last = bench.reports[index - 1];
      if (!last) continue;
      const order = Object.keys(SHARES);
      const isUp = order.indexOf(step) < order.indexOf(last.step);
      assert.equal(Math.abs(order.indexOf(step) - order.indexOf(last.step)), 1, `seed ${seed}`);
      assert.ok(atMs - last.atMs >= (isUp ? 14_000 : 6_500), `seed ${seed}: ${last.step} to ${step}`);
    }
  }
});

describe("the assessment", () => {
  const verdict = (
    change: Partial<Measured>,
    step: PictureStep = "full",
    higher: PictureStep | null = null,
  ) => assessLoad({ ...WELL, ...change }, "sending", step, higher);

  test("names what cannot keep up", () => {
    const strains: [Partial<Measured>, string][] = [
      [{ sendLoss: 0.2 }, "link"],
      [{ roundTripMs: 1_500 }, "link"],
      [{ availableSendBps: 100_000 }, "link"],
      [{ isEncoderBehind: true }, "processor"],
      [{ loopLagMs: 200 }, "processor"],
      [{ captureDropped: 0.5 }, "processor"],
    ];
    for (const [change, strain] of strains) {
      const found = verdict(change);
      assert.ok(found.load === "strained" && found.strain === strain && found.reason.length > 10);
    }
  });

  test("ignores unknown measurements", () => {
    const unknown = { roundTripMs: null, sendLoss: null, availableSendBps: null, loopLagMs: null };
    assert.equal(verdict({ ...unknown, captureDropped: null }).load, "eased");
  });

  test("requires at most the configured maximum", () => {
    assert.equal(verdict({ availableSendBps: 150_000, maxVideoBps: 100_000 }).load, "eased");
  });

  test("goes up only with headroom for the larger frames", () => {
    assert.equal(verdict({ availableSendBps: 330_000 }, "half", "full").load, "fits");
    assert.equal(verdict({ availableSendBps: 500_000 }, "half", "full").load, "eased");
  });

  const FLOWING: Outgoing = {
    frames: 30,
    bps: 190_000,
    flowingMs: 30_000,
    isRampingUp: false,
    isRateLimited: false,
  };
  const LOW = 200_000;

  for (const { what, outgoing, load } of [
    { what: "the picture is held back by it", outgoing: {}, load: "strained" },
    {
      what: "the encoder reports that its rate limits it",
      outgoing: { bps: 90_000, isRateLimited: true },
      load: "strained",
    },
    { what: "the picture needs less than it", outgoing: { bps: 140_000 }, load: "eased" },
    { what: "frames began to flow less than four seconds ago", outgoing: { flowingMs: 3_900 }, load: "fits" },
    { what: "it has not fallen yet", outgoing: { isRampingUp: true }, load: "fits" },
    { what: "no frame was sent", outgoing: { frames: 0, bps: 190_000 }, load: "fits" },
  ]) {
    test(`says ${load} to a low estimate when ${what}`, () => {
      const measured = { availableSendBps: LOW, outgoing: { ...FLOWING, ...outgoing } };
      assert.equal(verdict(measured).load, load);
    });
  }

  test("judges nothing while no frame is sent, but lets paused video come back", () => {
    const outgoing = { ...FLOWING, frames: 0 };
    const bad = { outgoing, sendLoss: 0.5, roundTripMs: 3_000, isEncoderBehind: true, loopLagMs: 500 };
    assert.equal(verdict(bad).load, "fits");
    assert.equal(verdict({ outgoing }, "half", "threeQuarters").load, "fits");
    assert.equal(verdict({ outgoing }, "paused", "thumbnail").load, "eased");
    assert.equal(verdict(bad, "paused", "thumbnail").load, "strained");
  });

  test("goes up although the estimate is low when the picture was not held back by it", () => {
    const outgoing = { ...FLOWING, bps: 100_000 };
    assert.equal(verdict({ availableSendBps: LOW, outgoing }, "half", "threeQuarters").load, "eased");
    const full = { ...FLOWING, bps: 180_000 };
    assert.equal(verdict({ availableSendBps: LOW, outgoing: full }, "half", "threeQuarters").load, "fits");
  });

  test("of a log without these figures judges the estimate at any time, as its call did", () => {
    assert.equal(verdict({ availableSendBps: LOW }).load, "strained");
  });

  test("does not keep video paused because of an old estimate", () => {
    assert.equal(verdict({ availableSendBps: 1_000 }, "paused", "thumbnail").load, "eased");
  });
});
