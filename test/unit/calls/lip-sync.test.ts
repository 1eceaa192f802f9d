// How long frames are delayed for the sound. No frame is lost, shown twice or shown out of order. The clock is simulated.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { VideoFrame } from "../../../native/types.ts";
import { LipSync } from "../../../plugin/calls/lip-sync.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";

const FRAME_MS = 33;
/** Through a speaker with the buffers of ALSA. */
const SPEAKER_MS = 56;

class Bench {
  readonly clock = new ManualClock();
  readonly shown: { number: number; atMs: number }[] = [];
  readonly holders: number[] = [];
  readonly sync: LipSync;
  #offered = 0;

  constructor() {
    this.sync = new LipSync({
      show: ({ capturedAtUs: number }) => void this.shown.push({ number, atMs: this.clock.nowMs() }),
      clock: this.clock,
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

  advance(ms: number): void {
    this.clock.advance(ms);
  }

  /** Offers frames for some seconds, with the same estimate in each. @returns the delay of the last frame */
  run(seconds: number, engineMs: number | null, frameMs = FRAME_MS, speakerMs = SPEAKER_MS): number {
    for (let second = 0; second < seconds; second += 1) {
      this.sync.update(engineMs, speakerMs);
      for (let at = 0; at < 1_000; at += frameMs) {
        this.offer();
        this.advance(frameMs);
      }
    }
    const offeredMs = this.clock.nowMs() - frameMs;
    this.advance(500);
    return (this.shown.at(-1)?.atMs ?? Number.NaN) - offeredMs;
  }

  assertAllShown(): void {
    assert.deepEqual(
      this.shown.map(({ number }) => number),
      Array.from({ length: this.#offered }, (_, number) => number),
    );
    assert.deepEqual(new Set(this.holders), new Set([0]));
  }
}

describe("a remote frame", () => {
  test("is shown at once before the first measurement, and while the sound is not noticeably late", () => {
    const bench = new Bench();
    bench.offer();
    assert.equal(bench.shown.length, 1);
    assert.equal(bench.run(20, -40), 0);
    bench.assertAllShown();
  });

  test("is not delayed when the sound is early", () => {
    const bench = new Bench();
    assert.equal(bench.run(20, -200), 0);
  });

  test("is delayed by the noticeable part of the offset only", () => {
    const bench = new Bench();
    const lateMs = bench.run(20, 10);
    // The sound is 10 + 15 + 56 - 6 = 75 ms late, of which 32 ms are tolerated.
    assert.ok(Math.abs(lateMs - 43) < 1.5, `held for ${lateMs} ms`);
    bench.assertAllShown();
  });

  test("is delayed less with a speaker that plays sooner", () => {
    const lateMs = new Bench().run(20, 10, FRAME_MS, 41);
    assert.ok(Math.abs(lateMs - 28) < 1.5, `held for ${lateMs} ms`);
  });

  test("is never delayed longer than the limit, however late the sound is", () => {
    const bench = new Bench();
    assert.ok(bench.run(30, 5_000) <= 80);
    bench.assertAllShown();
  });

  test("is shown early at a high frame rate, so that few frames wait", () => {
    const bench = new Bench();
    bench.run(30, 5_000, 16);
    bench.offer();
    const waiting = bench.holders.filter((holders) => holders > 0).length;
    assert.ok(waiting <= 3, `${waiting} wait`);
    bench.advance(500);
    bench.assertAllShown();
  });

  test("is delayed by hardly more than the frame before it", () => {
    const bench = new Bench();
    bench.run(10, 60);
    const gaps = bench.shown.slice(1, -5).map(({ atMs }, index) => atMs - (bench.shown[index]?.atMs ?? 0));
    assert.ok(
      gaps.every((gap) => gap < FRAME_MS + 3),
      `${Math.max(...gaps)} ms`,
    );
  });

  test("is delayed less and less once no one listens", () => {
    const bench = new Bench();
    bench.run(20, 20);
    assert.ok(bench.sync.holdMs > 20);
    bench.sync.update(null, SPEAKER_MS);
    assert.ok(bench.sync.holdMs > 20, "not at once");
    assert.equal(bench.run(10, null), 0);
    bench.assertAllShown();
  });

  test("that is held at the end of the call is released without being shown", () => {
    const bench = new Bench();
    bench.run(20, 20);
    const before = bench.shown.length;
    bench.offer();
    bench.sync.stop();
    bench.advance(1_000);
    assert.equal(bench.shown.length, before);
    assert.deepEqual(new Set(bench.holders), new Set([0]));
  });
});
