// When pictures wait for the sound, how long, and that none is lost, shown twice or out of order. The clock is simulated.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { VideoFrame } from "../../../native/types.ts";
import { LipSync } from "../../../plugin/calls/lip-sync.ts";

const PICTURE_MS = 33;

class Bench {
  nowMs = 0;
  readonly shown: { number: number; atMs: number }[] = [];
  readonly holders: number[] = [];
  readonly sync: LipSync;
  #timers: { dueMs: number; run: () => void }[] = [];
  #offered = 0;

  constructor() {
    this.sync = new LipSync({
      show: ({ capturedAtUs: number }) => void this.shown.push({ number, atMs: this.nowMs }),
      clock: {
        nowMs: () => this.nowMs,
        after: (delayMs, run) => {
          const timer = { dueMs: this.nowMs + delayMs, run };
          this.#timers.push(timer);
          return () => {
            this.#timers = this.#timers.filter((one) => one !== timer);
          };
        },
      },
    });
  }

  offer(): void {
    const number = this.#offered++;
    this.holders[number] = 1;
    const hold = (by: number) => () => {
      this.holders[number] = (this.holders[number] ?? 0) + by;
    };
    const frame: VideoFrame = {
      width: 2,
      height: 2,
      data: new Uint8Array(6),
      capturedAtUs: number,
      retain: hold(1),
      release: hold(-1),
    };
    this.sync.offer(frame);
    frame.release();
  }

  passes(ms: number): void {
    const endMs = this.nowMs + ms;
    for (;;) {
      const [next] = this.#timers.toSorted((one, other) => one.dueMs - other.dueMs);
      if (!next || next.dueMs > endMs) break;
      this.nowMs = next.dueMs;
      this.#timers = this.#timers.filter((one) => one !== next);
      next.run();
    }
    this.nowMs = endMs;
  }

  /** So many seconds of pictures, with this estimate in each. @returns how late the last one was shown */
  runs(seconds: number, engineMs: number | null, pictureMs = PICTURE_MS): number {
    for (let second = 0; second < seconds; second += 1) {
      this.sync.update(engineMs);
      for (let at = 0; at < 1_000; at += pictureMs) {
        this.offer();
        this.passes(pictureMs);
      }
    }
    const offeredMs = this.nowMs - pictureMs;
    this.passes(500);
    return (this.shown.at(-1)?.atMs ?? Number.NaN) - offeredMs;
  }

  assertWhole(): void {
    assert.deepEqual(
      this.shown.map(({ number }) => number),
      Array.from({ length: this.#offered }, (_, number) => number),
    );
    assert.deepEqual(new Set(this.holders), new Set([0]));
  }
}

describe("a remote picture", () => {
  test("is shown at once before anything was measured, and while the sound is not noticeably behind", () => {
    const bench = new Bench();
    bench.offer();
    assert.equal(bench.shown.length, 1);
    assert.equal(bench.runs(20, -40), 0);
    bench.assertWhole();
  });

  test("waits for no sound that is ahead of it", () => {
    const bench = new Bench();
    assert.equal(bench.runs(20, -200), 0);
  });

  test("is held back by what people would notice, and no more", () => {
    const bench = new Bench();
    const lateMs = bench.runs(20, 10);
    // 10 + 15 + 56 - 6 = 75 ms behind, 32 of which are left.
    assert.ok(Math.abs(lateMs - 43) < 1.5, `held for ${lateMs} ms`);
    bench.assertWhole();
  });

  test("is never held longer than the bound, however late the sound is", () => {
    const bench = new Bench();
    assert.ok(bench.runs(30, 5_000) <= 80);
    bench.assertWhole();
  });

  test("is shown early rather than that many wait, when pictures come fast", () => {
    const bench = new Bench();
    bench.runs(30, 5_000, 16);
    bench.offer();
    const waiting = bench.holders.filter((holders) => holders > 0).length;
    assert.ok(waiting <= 3, `${waiting} wait`);
    bench.passes(500);
    bench.assertWhole();
  });

  test("comes later by hardly more than a frame's hundredth part at a time", () => {
    const bench = new Bench();
    bench.runs(10, 60);
    const gaps = bench.shown.slice(1, -5).map(({ atMs }, index) => atMs - (bench.shown[index]?.atMs ?? 0));
    assert.ok(
      gaps.every((gap) => gap < PICTURE_MS + 3),
      `${Math.max(...gaps)} ms`,
    );
  });

  test("is held no more once the sound is not heard, and the hold eases off", () => {
    const bench = new Bench();
    bench.runs(20, 20);
    assert.ok(bench.sync.holdMs > 20);
    bench.sync.update(null);
    assert.ok(bench.sync.holdMs > 20, "not at once");
    assert.equal(bench.runs(10, null), 0);
    bench.assertWhole();
  });

  test("that is held when the call ends is given back unseen", () => {
    const bench = new Bench();
    bench.runs(20, 20);
    const before = bench.shown.length;
    bench.offer();
    bench.sync.stop();
    bench.passes(1_000);
    assert.equal(bench.shown.length, before);
    assert.deepEqual(new Set(bench.holders), new Set([0]));
  });
});
