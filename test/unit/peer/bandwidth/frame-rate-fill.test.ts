// When tiny frames go before those of a camera, and when they do not.

import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { isProbeFrame } from "../../../../plugin/peer/bandwidth/bandwidth-probe.ts";
import { FrameRateFill } from "../../../../plugin/peer/bandwidth/frame-rate-fill.ts";
import type { WrtcVideoFrame } from "../../../../plugin/peer/wrtc-types.ts";

const TICK_MS = 1;
const FRAME_MS = 33;

class FillBench {
  readonly #t: TestContext;
  readonly filled: WrtcVideoFrame[] = [];
  nowMs = 0;
  estimateBps: number | null = 1_000_000;
  readonly fill = new FrameRateFill({
    send: (frame) => this.filled.push(frame),
    estimateBps: () => this.estimateBps,
    nowMs: () => this.nowMs,
  });

  constructor(t: TestContext) {
    this.#t = t;
    t.mock.timers.enable({ apis: ["setInterval"] });
  }

  passes(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += TICK_MS;
      this.#t.mock.timers.tick(TICK_MS);
    }
  }

  sendsAlone(count: number): void {
    for (let index = 0; index < count; index += 1) this.fill.sent();
  }

  /** @returns how many of the frames were sent */
  films(ms: number): number {
    let sent = 0;
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; this.passes(FRAME_MS)) {
      if (!this.fill.admits()) continue;
      this.fill.sent();
      sent += 1;
    }
    return sent;
  }
}

describe("frames before those of a camera", () => {
  test("fill up the window after a few single frames, within a tenth of a second", (t) => {
    const bench = new FillBench(t);
    bench.sendsAlone(2);
    bench.passes(2_000);
    assert.ok(bench.films(1_000) >= 26);
    assert.equal(bench.filled.length, 43);
    assert.ok(bench.filled.every(isProbeFrame));
  });

  test("follow a camera that was off for a while", (t) => {
    const bench = new FillBench(t);
    bench.films(1_000);
    bench.passes(1_500);
    assert.equal(bench.fill.admits(), false);
    bench.passes(100);
    assert.equal(bench.filled.length, 45 - 31);
    assert.equal(bench.fill.admits(), true);
  });

  for (const [name, before] of [
    ["first frames of all", () => undefined],
    [
      "frames after an empty window",
      (bench: FillBench) => {
        bench.sendsAlone(2);
        bench.passes(3_000);
      },
    ],
    [
      "a camera that goes on",
      (bench: FillBench) => {
        bench.films(5_000);
        bench.passes(900);
      },
    ],
    [
      "a pause that the window outlasts",
      (bench: FillBench) => {
        bench.films(5_000);
        bench.passes(1_200);
      },
    ],
    [
      "a slow path",
      (bench: FillBench) => {
        bench.estimateBps = 390_000;
        bench.sendsAlone(2);
        bench.passes(2_000);
      },
    ],
    [
      "an unknown path",
      (bench: FillBench) => {
        bench.estimateBps = null;
        bench.sendsAlone(2);
        bench.passes(2_000);
      },
    ],
    [
      "a new encoder",
      (bench: FillBench) => {
        bench.sendsAlone(2);
        bench.passes(2_000);
        bench.fill.reset();
      },
    ],
  ] as const) {
    test(`none for ${name}`, (t) => {
      const bench = new FillBench(t);
      before(bench);
      assert.equal(bench.fill.admits(), true);
      bench.passes(200);
      assert.equal(bench.filled.length, 0);
    });
  }

  test("end with the connection", (t) => {
    const bench = new FillBench(t);
    bench.sendsAlone(2);
    bench.passes(2_000);
    bench.fill.admits();
    bench.passes(20);
    const { length } = bench.filled;
    assert.equal(length, 10);
    bench.fill.stop();
    bench.passes(200);
    assert.equal(bench.filled.length, length);
  });
});
