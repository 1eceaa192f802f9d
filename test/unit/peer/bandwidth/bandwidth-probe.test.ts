// When the bandwidth probe sends, how long it holds other frames back, and when it ends.

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import {
  BandwidthProbe,
  isProbeFrame,
  PROBE_PLANS,
} from "../../../../plugin/peer/bandwidth/bandwidth-probe.ts";
import { NO_STATISTICS, withoutProbe } from "../../../../plugin/peer/statistics.ts";
import type { WrtcVideoFrame } from "../../../../plugin/peer/wrtc-types.ts";

const START_BPS = 300_000;
const ENOUGH_BPS = 3_000_000;

class ProbeBench {
  readonly #t: TestContext;
  readonly sent: (WrtcVideoFrame & { atMs: number })[] = [];
  /** The engine's estimate at the time. */
  estimate: (nowMs: number) => number | null = () => START_BPS;
  nowMs = 0;
  readonly probe = new BandwidthProbe({
    send: (frame) => this.sent.push({ ...frame, atMs: this.nowMs }),
    estimateBps: async () => this.estimate(this.nowMs),
    enoughBps: ENOUGH_BPS,
    nowMs: () => this.nowMs,
  });

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ["setTimeout"] });
  }

  async runsFor(ms: number): Promise<void> {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += 10;
      this.#t.mock.timers.tick(10);
      await Promise.resolve();
      await Promise.resolve();
    }
  }
}

describe("the bandwidth probe", () => {
  test("sends dark frames whose sides change places, so that each is a key frame", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = (nowMs) => 700_000 + 1_000 * nowMs;
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(1_000);
    const [first, second, third] = bench.sent;
    assert.ok(first && second && third);
    assert.deepEqual([second.width, second.height], [first.height, first.width]);
    assert.deepEqual([third.width, third.height], [first.width, first.height]);
    for (const frame of bench.sent) {
      assert.ok(isProbeFrame(frame));
      const luma = frame.data.subarray(0, frame.width * frame.height);
      assert.ok(luma.every((value) => value >= 16 && value < 48));
      assert.notDeepEqual(luma, first === frame ? third.data : first.data);
    }
  });

  test("ends at an estimate that is enough", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = (nowMs) => (nowMs < 80 ? START_BPS : nowMs < 320 ? 850_000 : ENOUGH_BPS);
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(300);
    const before = bench.sent.length;
    assert.ok(before >= 2);
    await bench.runsFor(5_000);
    assert.ok(bench.sent.length <= before + 1);
  });

  test("sends no second frame into a path that is slower than the first measurement", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = (nowMs) => (nowMs < 150 ? START_BPS : 270_000);
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(5_000);
    assert.equal(bench.sent.length, 1);
  });

  test("repeats a measurement that failed, each time after a longer wait, but not without end", async (t) => {
    const bench = new ProbeBench(t);
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(10_000);
    const times = bench.sent.map(({ atMs }) => atMs);
    const waits = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    assert.equal(times.length, 3);
    assert.ok(
      waits.every((wait, index) => wait > 2 * (waits[index - 1] ?? 0)),
      waits.join(),
    );
    assert.ok((times.at(-1) ?? 0) < 2_000);
  });

  test("ends when the estimate no longer rises", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = (nowMs) => (nowMs < 80 ? START_BPS : 850_000);
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(10_000);
    assert.ok(bench.sent.length < 10, `${bench.sent.length} frames`);
    assert.ok((bench.sent.at(-1)?.atMs ?? 0) < 1_000);
  });

  test("is bounded even if the estimate rises for ever", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = (nowMs) => 700_000 + nowMs;
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(20_000);
    assert.equal(bench.sent.length, 12);
  });

  test("holds frames back before the connection and until the first measurement, which it awaits for 250 ms", async (t) => {
    const bench = new ProbeBench(t);
    assert.ok(bench.probe.holdsFrames);
    bench.estimate = (nowMs) => (nowMs < 80 ? START_BPS : 850_000);
    bench.probe.start(PROBE_PLANS.receiver);
    assert.ok(bench.probe.holdsFrames);
    await bench.runsFor(120);
    assert.ok(!bench.probe.holdsFrames);
  });

  test("holds frames back no longer than 250 ms when nothing is measured", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = () => null;
    bench.probe.start(PROBE_PLANS.receiver);
    await bench.runsFor(240);
    assert.ok(bench.probe.holdsFrames);
    await bench.runsFor(20);
    assert.ok(!bench.probe.holdsFrames);
  });

  test("waits a second for its own estimate, and sends little, because a narrow link passes it slowly", async (t) => {
    const bench = new ProbeBench(t);
    bench.estimate = (nowMs) => (nowMs < 800 ? START_BPS : 61_000);
    bench.probe.start(PROBE_PLANS.sender);
    await bench.runsFor(780);
    assert.ok(bench.probe.holdsFrames);
    await bench.runsFor(1_000);
    assert.deepEqual([bench.sent.length, bench.probe.holdsFrames], [1, false]);
    const black = bench.sent[0]?.data.filter((value) => value === 16).length ?? 0;
    assert.ok(black > 0.9 * 144 * 112, `${black} black pixels`);
  });

  test("sends and holds nothing after it was stopped, or after the engine gave no figures", async (t) => {
    const bench = new ProbeBench(t);
    bench.probe.start(PROBE_PLANS.receiver);
    bench.probe.stop();
    await bench.runsFor(2_000);
    bench.probe.start(PROBE_PLANS.receiver);
    assert.deepEqual([bench.sent.length, bench.probe.holdsFrames], [1, false]);
    const failing = new BandwidthProbe({
      send: () => undefined,
      estimateBps: () => Promise.reject(new Error("closed")),
      enoughBps: ENOUGH_BPS,
      nowMs: () => 0,
    });
    failing.start(PROBE_PLANS.receiver);
    await bench.runsFor(200);
    assert.ok(!failing.holdsFrames);
  });
});

test("neither side's probe is part of the statistics", () => {
  const read = {
    ...NO_STATISTICS,
    bytesSentVideo: 12_000,
    ...{ sendFps: 3, sendWidth: 144, sendHeight: 112 },
    ...{ receiveFps: 4, receiveWidth: 112, receiveHeight: 144 },
  };
  assert.deepEqual(withoutProbe(read, 12_000, false), NO_STATISTICS);
  const picture = { ...read, bytesSentVideo: 15_000, receiveWidth: 640, receiveHeight: 480 };
  const sent = { ...picture, sendWidth: 640, sendHeight: 480 };
  assert.deepEqual(withoutProbe(sent, 12_000, true), { ...sent, bytesSentVideo: 3_000 });
  const searching = { ...{ sendFps: 0, sendWidth: 0, sendHeight: 0 }, bytesSentVideo: 3_000 };
  assert.deepEqual(withoutProbe(picture, 12_000, true), { ...picture, ...searching });
});
