// The effect of the adapt chart's steps on sent frames, and the measurements that the chart receives.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { VideoFrame } from "../../../native/types.ts";
import type { StatisticsMoment } from "../../../plugin/calls/call-statistics.ts";
import { eventsOf } from "../../../plugin/calls/effects/adapt-effects.ts";
import {
  createMeasurementChannel,
  type FrameFlow,
  measuredOf,
  NO_ANSWERS,
  nextAnswers,
  nextFlow,
} from "../../../plugin/calls/measurements.ts";
import { measureLoopLag } from "../../../plugin/calls/sampler.ts";
import { FrameSender, scaledSize } from "../../../plugin/calls/sending/frame-sender.ts";
import { NO_STATISTICS } from "../../../plugin/peer/statistics.ts";
import { SHARES } from "../../../statecharts/index.ts";
import { countedFrame } from "../../support/fakes/fake-frames.ts";
import { NO_FRAMES, NO_MEDIA, settle } from "../../support/plugin/call-bench.ts";

class SenderBench {
  readonly sent: VideoFrame[] = [];
  readonly errors: unknown[] = [];
  readonly scalings: { size: string; finish: PromiseWithResolvers<void> }[] = [];
  nowMs = 0;
  readonly sender = new FrameSender({
    createScaler: () => ({
      scale: async (_, width, height) => {
        const finish = Promise.withResolvers<void>();
        this.scalings.push({ size: `${width}x${height}`, finish });
        await finish.promise;
        return new Uint8Array((width * height * 3) / 2);
      },
    }),
    send: (frame) => void this.sent.push(frame),
    nowMs: () => this.nowMs,
    onError: (error) => void this.errors.push(error),
  });

  async finish(index: number): Promise<void> {
    this.scalings[index]?.finish.resolve();
    await settle();
  }
}

describe("the frame sender", () => {
  test("passes frames on unchanged and at once at full size", () => {
    const bench = new SenderBench();
    const frame = countedFrame(1, 64, 48);
    bench.sender.offer(frame);
    assert.deepEqual([bench.sent[0] === frame, bench.scalings.length, frame.held()], [true, 0, 0]);
  });

  test("scales one frame at a time, the newest next, and releases every frame", async () => {
    const bench = new SenderBench();
    bench.sender.limit(SHARES.half, 30);
    const frames = [1, 2, 3].map((mark) => countedFrame(mark, 64, 48));
    for (const frame of frames) bench.sender.offer(frame);
    assert.deepEqual(
      bench.scalings.map(({ size }) => size),
      ["32x24"],
    );
    await bench.finish(0);
    await bench.finish(1);
    assert.deepEqual(
      bench.sent.map(({ capturedAtUs, width, height, data }) => [capturedAtUs, width, height, data.length]),
      [frames[0], frames[2]].map((frame) => [frame?.capturedAtUs, 32, 24, 1152]),
    );
    assert.deepEqual(
      frames.map((frame) => frame.held()),
      [0, 0, 0],
    );
  });

  test("leaves frames out at a lower rate", async () => {
    const bench = new SenderBench();
    bench.sender.limit({ scale: 1, rate: 1 / 6 }, 30);
    for (let index = 0; index < 300; index += 1) {
      bench.nowMs = (index * 1000) / 30;
      bench.sender.offer(countedFrame());
    }
    assert.ok(Math.abs(bench.sent.length - 50) <= 2, `${bench.sent.length} frames in ten seconds`);
  });

  test("sends nothing while paused, not even a frame that was being scaled", async () => {
    const bench = new SenderBench();
    bench.sender.limit(SHARES.half, 30);
    const frames = [countedFrame(1, 64, 48), countedFrame(2, 64, 48)];
    for (const frame of frames) bench.sender.offer(frame);
    bench.sender.limit(SHARES.paused, 30);
    bench.sender.offer(countedFrame(3, 64, 48));
    await bench.finish(0);
    assert.deepEqual([bench.sent, bench.scalings.length], [[], 1]);
    assert.deepEqual(
      frames.map((frame) => frame.held()),
      [0, 0],
    );
  });

  test("reports a frame that could not be scaled, and continues with the next", async () => {
    const bench = new SenderBench();
    bench.sender.limit(SHARES.half, 30);
    const frame = countedFrame(1, 64, 48);
    bench.sender.offer(frame);
    bench.scalings[0]?.finish.reject(new Error("no memory"));
    await settle();
    assert.deepEqual([bench.errors.map(String), frame.held()], [["Error: no memory"], 0]);
    bench.sender.offer(countedFrame(2, 64, 48));
    await bench.finish(1);
    assert.equal(bench.sent.length, 1);
  });

  test("keeps sides even, so that chroma fits, and not below a minimum", () => {
    assert.deepEqual(scaledSize({ width: 641, height: 479 }, 0.75), { width: 480, height: 360 });
    assert.deepEqual(scaledSize({ width: 20, height: 2 }, 0.25), { width: 16, height: 16 });
    assert.deepEqual(scaledSize({ width: 641, height: 479 }, 1), { width: 641, height: 479 });
  });
});

describe("the measurements", () => {
  const at = (change: Partial<StatisticsMoment>): StatisticsMoment => ({
    callId: "call-1",
    at: 0,
    measuredMs: 0,
    peer: NO_STATISTICS,
    media: NO_MEDIA,
    captureToSendMs: null,
    pictureHoldMs: 0,
    remoteFrames: NO_FRAMES,
    localFrames: NO_FRAMES,
    ...change,
  });
  const beside = {
    maxVideoBps: 1_000_000,
    picture: { width: 640, height: 480, fps: 30 },
    loopLagMs: null,
    flow: null,
    queuedMs: null,
  };

  test("cover the last second only", () => {
    const before = at({
      media: { ...NO_MEDIA, captured: 100, captureDropped: 90 },
      remoteFrames: { ...NO_FRAMES, replaced: 50, written: 50 },
    });
    const now = at({
      media: { ...NO_MEDIA, captured: 130, captureDropped: 96 },
      remoteFrames: { ...NO_FRAMES, replaced: 60, written: 80 },
    });
    const { captureDropped, pageReplaced, loopLagMs } = measuredOf(now, before, { ...beside, loopLagMs: 7 });
    assert.deepEqual([captureDropped, pageReplaced, loopLagMs], [0.2, 0.25, 7]);
  });

  test("never take damaged frames for those that came too fast", () => {
    const media = { ...NO_MEDIA, captured: 60, captureDropped: 36, captureFaulty: 30, captureDamaged: 40 };
    assert.equal(measuredOf(at({ media }), at({}), beside).captureDropped, 0.2);
    const onlyDamaged = {
      ...NO_MEDIA,
      captured: 30,
      captureDropped: 30,
      captureFaulty: 30,
      captureDamaged: 30,
    };
    assert.equal(measuredOf(at({ media: onlyDamaged }), at({}), beside).captureDropped, null);
  });

  test("take the encoder for late only in a second with frames, since it does not take back its last report", () => {
    const peer = { ...NO_STATISTICS, isEncoderBehind: true };
    const isBehind = (sent: number) =>
      measuredOf(at({ peer, media: { ...NO_MEDIA, sent } }), at({ peer }), beside).isEncoderBehind;
    assert.deepEqual([isBehind(1), isBehind(0)], [true, false]);
  });

  test("are null for a closed camera, and for a page that takes no frame at all", () => {
    const now = at({ remoteFrames: { ...NO_FRAMES, replaced: 30 } });
    const { captureDropped, pageReplaced } = measuredOf(now, at({}), beside);
    assert.deepEqual([captureDropped, pageReplaced], [null, null]);
  });

  test("count the camera's frames and the bits of sound and picture", () => {
    const sent = (frames: number) => ({ ...NO_MEDIA, sent: frames });
    const before = at({ measuredMs: 1_000, media: sent(10) });
    const peer = { ...NO_STATISTICS, bytesSentVideo: 50_000, bytesSentAudio: 10_000, isRateLimited: true };
    const now = at({ measuredMs: 2_000, media: sent(35), peer });
    const flow: FrameFlow = {
      since: -3_000,
      bestBps: null,
      stalledMs: 0,
      isRampingUp: false,
      found: [280_000, 260_000],
    };
    assert.deepEqual(measuredOf(now, before, { ...beside, flow, queuedMs: 40 }).outgoing, {
      frames: 25,
      bps: 480_000,
      flowingMs: 5_000,
      isRampingUp: false,
      isRateLimited: true,
      linkBps: 280_000,
      queuedMs: 40,
      isSearchable: false,
    });
  });

  describe("of answers to the sent video", () => {
    /** @param videoMs the round trip of the second's only report about the video; null without one */
    const answers = (seconds: readonly { roundTripMs: number; videoMs: number | null }[]) => {
      let former = NO_ANSWERS;
      let last = at({});
      for (const { roundTripMs, videoMs } of seconds) {
        const { videoAnswers, videoAnswersMs } = last.peer;
        const counted = { videoAnswers: videoAnswers + 1, videoAnswersMs: videoAnswersMs + (videoMs ?? 0) };
        const peer = { ...last.peer, roundTripMs, ...(videoMs === null ? {} : counted) };
        const now = at({ peer });
        former = nextAnswers(former, now, last);
        last = now;
      }
      return former;
    };
    const quiet = { roundTripMs: 60, videoMs: null };

    test("show how long packets wait behind the picture", () => {
      assert.equal(answers([quiet, { roundTripMs: 60, videoMs: 400 }]).queuedMs, 340);
      assert.equal(answers([quiet, { roundTripMs: 60, videoMs: 400 }, quiet]).queuedMs, null);
      assert.equal(answers([{ roundTripMs: 60, videoMs: 60 }]).queuedMs, 0);
      assert.equal(answers([{ roundTripMs: 60, videoMs: null }]).queuedMs, null);
    });

    test("are compared with the path of the last twenty seconds only", () => {
      const slow = { roundTripMs: 360, videoMs: 400 };
      const detour = Array.from({ length: 20 }, () => slow);
      assert.equal(answers([quiet, ...detour]).queuedMs, 40);
      assert.equal(answers([quiet, ...detour.slice(1)]).queuedMs, 340);
      assert.equal(answers([...detour, ...detour]).latestMs.length, 20);
    });

    test("tell the sending chart of a queue that delays the sound", () => {
      const typesOf = (queuedMs: number | null, direction: "sending" | "showing") =>
        eventsOf(measuredOf(at({}), at({}), { ...beside, queuedMs }), direction).map(({ type }) => type);
      assert.deepEqual(typesOf(250, "sending"), ["linkQueued", "measured"]);
      assert.deepEqual(typesOf(250, "showing"), ["measured"]);
      assert.deepEqual(typesOf(249, "sending"), ["measured"]);
      assert.deepEqual(typesOf(null, "sending"), ["measured"]);
    });
  });

  test("know what the link carries once the estimate fell, and take the best of three seconds for it", () => {
    const found = (estimates: readonly number[]) => {
      let flow: FrameFlow | null = null;
      const moment = (second: number) =>
        at({
          measuredMs: 1_000 * second,
          media: { ...NO_MEDIA, sent: 30 * second },
          peer: { ...NO_STATISTICS, availableSendBps: estimates[second - 1] ?? null },
        });
      for (let second = 1; second <= estimates.length; second += 1) {
        flow = nextFlow(flow, moment(second), moment(second - 1));
      }
      return measuredOf(moment(estimates.length), moment(0), { ...beside, flow }).outgoing?.linkBps;
    };
    assert.equal(found([300_000, 300_000, 900_000, 890_000]), null);
    assert.equal(found([190_000]), 190_000);
    assert.equal(found([900_000, 500_000, 520_000, 400_000]), 520_000);
    assert.equal(found([900_000, 500_000, 400_000, 300_000, 310_000]), 400_000);
  });

  test("tell the sending chart of a limit that WebRTC finds in the first seconds", () => {
    const flow: FrameFlow = { since: 0, bestBps: null, stalledMs: 0, isRampingUp: false, found: [190_000] };
    const second = (measuredMs: number) =>
      at({
        measuredMs,
        media: { ...NO_MEDIA, sent: measuredMs / 40 },
        peer: { ...NO_STATISTICS, availableSendBps: 190_000, isRateLimited: true },
      });
    const typesAt = (ms: number, direction: "sending" | "showing", change: Partial<FrameFlow> = {}) => {
      const measured = measuredOf(second(ms), second(ms - 1_000), {
        ...beside,
        flow: { ...flow, ...change },
      });
      return eventsOf(measured, direction).map(({ type }) => type);
    };
    assert.deepEqual(typesAt(2_000, "sending"), ["linkLimited", "measured"]);
    assert.deepEqual(typesAt(2_000, "showing"), ["measured"]);
    assert.deepEqual(typesAt(9_000, "sending"), ["linkLimited", "measured"]);
    assert.deepEqual(typesAt(11_000, "sending"), ["measured"]);
    assert.deepEqual(typesAt(2_000, "sending", { found: null }), ["measured"]);
  });

  test("tell how long frames flow, and whether the estimate has fallen since they began", () => {
    const moments = [
      { sent: 0, bps: 300_000 },
      { sent: 20, bps: 300_000 },
      { sent: 50, bps: 900_000 },
      { sent: 80, bps: 880_000 },
      { sent: 110, bps: 700_000 },
      { sent: 140, bps: 900_000 },
      { sent: 140, bps: 900_000 },
      { sent: 170, bps: 500_000 },
    ].map(({ sent, bps }, second) =>
      at({
        measuredMs: 1_000 * second,
        media: { ...NO_MEDIA, sent },
        peer: { ...NO_STATISTICS, availableSendBps: bps },
      }),
    );
    const flows: (FrameFlow | null)[] = [];
    for (const [index, now] of moments.entries()) {
      const last = moments[index - 1];
      if (last) flows.push(nextFlow(flows.at(-1) ?? null, now, last));
    }
    const told = flows.map((flow) => flow && [flow.since, flow.isRampingUp]);
    const first = [0, true];
    const fallen = [0, false];
    assert.deepEqual(told, [first, first, first, fallen, fallen, null, [6_000, true]]);
  });

  for (const [what, bytesPerSecond, isLimit] of [
    ["that holds the picture back", 36_000, true],
    ["that leaves room", 20_000, false],
  ] as const) {
    test(`take an estimate ${what} and stands still ${isLimit ? "for the limit after ten seconds" : "for no limit"}`, () => {
      const moment = (seconds: number) =>
        at({
          measuredMs: 1_000 * seconds,
          media: { ...NO_MEDIA, sent: 30 * seconds },
          peer: {
            ...NO_STATISTICS,
            availableSendBps: 300_000 + 1_000 * (seconds % 2),
            bytesSentVideo: bytesPerSecond * seconds,
          },
        });
      const flows: (FrameFlow | null)[] = [];
      for (let second = 1; second <= 12; second += 1) {
        flows.push(nextFlow(flows.at(-1) ?? null, moment(second), moment(second - 1)));
      }
      const first = flows.findIndex((flow) => flow?.isRampingUp === false);
      assert.equal(first, isLimit ? 9 : -1);
    });
  }

  test("reach the subscribers of their call until they unsubscribe", () => {
    const channel = createMeasurementChannel();
    const received: string[] = [];
    const stop = channel.subscribe("call-1", () => received.push("one"));
    channel.subscribe("call-2", () => received.push("two"));
    const measured = measuredOf(at({}), at({}), beside);
    channel.publish("call-1", measured);
    stop();
    channel.publish("call-1", measured);
    assert.deepEqual(received, ["one"]);
  });

  test("include the lag of the event loop, which is never negative", () => {
    const lag = measureLoopLag();
    assert.ok(lag.take() >= 0);
    lag.stop();
  });
});
