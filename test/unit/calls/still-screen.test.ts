// A still screen's last frame: when it is sent again, and that it is released.

import assert from "node:assert/strict";
import { test } from "node:test";
import { StillScreen } from "../../../plugin/calls/sending/still-screen.ts";
import { screenShareOf } from "../../../statecharts/index.ts";
import { FakeFrame } from "../../support/fakes/fake-cameras.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";

const MODE = { width: 64, height: 48, fps: 30, fourcc: "BGRX" };

/** @param waitMs of each offer; none is taken before it is 0 */
function bench(intervalMs: number | null, waitMs = () => 0) {
  const clock = new ManualClock();
  const sent: number[] = [];
  const still = new StillScreen({
    send({ capturedAtUs }) {
      const ms = waitMs();
      if (ms === 0) sent.push(capturedAtUs);
      return ms;
    },
    intervalMs: () => intervalMs,
    clock,
  });
  const offer = (at: number) => {
    const frame = new FakeFrame(MODE, at, 0);
    still.offer(frame);
    frame.release();
    return frame;
  };
  return { clock, sent, still, offer };
}

test("a peer that needs pictures gets the last frame again and again, and others once", () => {
  const needy = bench(40);
  needy.offer(1);
  needy.clock.advance(80);
  needy.offer(2);
  needy.clock.advance(40);
  assert.deepEqual(needy.sent, [1, 1, 1, 2, 2]);
  const other = bench(null);
  other.offer(1);
  other.clock.advance(1_000);
  other.still.repeat();
  assert.deepEqual(other.sent, [1, 1]);
});

test("the last frame is held until the next one or the stop, and no timer is left", () => {
  const { clock, still, sent, offer } = bench(40);
  const first = offer(1);
  const second = offer(2);
  assert.throws(() => first.release(), /released/);
  still.stop();
  still.stop();
  assert.throws(() => second.release(), /released/);
  assert.equal(clock.timers, 0);
  still.repeat();
  assert.deepEqual(sent, [1, 2]);
});

test("a change that comes too early is sent when its turn comes, unless a newer one takes its place", () => {
  let waitMs = 300;
  const { clock, sent, offer, still } = bench(null, () => waitMs);
  offer(1);
  clock.advance(100);
  offer(2);
  waitMs = 0;
  clock.advance(300);
  assert.deepEqual([sent, clock.timers], [[2], 0]);
  waitMs = Number.POSITIVE_INFINITY;
  offer(3);
  assert.equal(clock.timers, 0, "nothing is sent while video is paused, so nothing is tried");
  still.stop();
});

test("a screen drops the rate before the size", () => {
  const steps = [1, 0.75, 0.5].map((scale) => ({ scale, rate: 1 }));
  for (const share of steps) assert.deepEqual(screenShareOf(share), { scale: 1, rate: share.scale ** 2 });
  assert.deepEqual(screenShareOf({ scale: 0.25, rate: 0 }), { scale: 1, rate: 0 });
  assert.deepEqual(screenShareOf({ scale: 0.25, rate: 0.5 }), { scale: 1, rate: 1 / 24 });
  const thumbnail = screenShareOf({ scale: 0.25, rate: 1 / 6 });
  assert.deepEqual([thumbnail.scale.toFixed(1), thumbnail.rate], ["0.5", 1 / 24]);
});
