// The adapt chart against models of WebRTC's estimate: no step down on a free link, and a step that fits on a slow one.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type FrameFlow, measuredOf, nextFlow } from "../../../plugin/calls/measurements.ts";
import { NO_STATISTICS } from "../../../plugin/peer/statistics.ts";
import { SHARES } from "../../../statecharts/index.ts";
import { NO_FRAMES, NO_MEDIA } from "../../support/plugin/call-bench.ts";
import { type Random, seededRandom } from "../../support/process/seeded-random.ts";
import { AdaptBench } from "../support/adapt-bench.ts";

const PICTURE = { width: 1280, height: 720, fps: 30 };
const MAX_VIDEO_BPS = 1_500_000;
const VOICE_BPS = 60_000;
const START_BPS = 300_000;
/** WebRTC's growth without a measurement, per second. */
const GROWTH = 1.08;

type Moment = Parameters<typeof measuredOf>[0];

/** One side of a call: its camera, its encoder, and WebRTC's estimate of a link. */
class LinkModel {
  readonly bench = new AdaptBench();
  readonly #random: Random;
  capacityBps: number;
  estimateBps: number;
  isCameraOn = true;
  /** What the scene would take at full size and rate. */
  sceneBps: number;
  #moment: Moment;
  #flow: FrameFlow | null = null;

  constructor(random: Random, capacityBps: number) {
    this.#random = random;
    this.capacityBps = capacityBps;
    // The bandwidth probe failed, measured once, or measured the whole path.
    this.estimateBps = Math.min(capacityBps, random.pick([START_BPS, 840_000, 3_000_000]));
    this.sceneBps = random.pick([100_000, 400_000, 900_000, 2_500_000]);
    this.#moment = {
      callId: "call-1",
      at: 0,
      measuredMs: 0,
      peer: { ...NO_STATISTICS, sendLoss: 0, roundTripMs: 20, availableSendBps: this.estimateBps },
      media: NO_MEDIA,
      captureToSendMs: null,
      pictureHoldMs: 0,
      remoteFrames: NO_FRAMES,
      localFrames: NO_FRAMES,
    };
  }

  runs(seconds: number): void {
    for (let second = 0; second < seconds; second += 1) this.#second();
  }

  #second(): void {
    const last = this.#moment;
    const { scale, rate } = SHARES[this.bench.step];
    const isSending = this.isCameraOn && rate > 0;
    const wantedBps = isSending ? Math.min(MAX_VIDEO_BPS, this.sceneBps * scale ** 2 * rate) : 0;
    const videoBps = Math.min(wantedBps, Math.max(0, this.estimateBps - VOICE_BPS));
    if (isSending) this.#estimate(videoBps + VOICE_BPS);
    const peer = {
      ...last.peer,
      availableSendBps: Math.round(this.estimateBps),
      bytesSentVideo: last.peer.bytesSentVideo + videoBps / 8,
      bytesSentAudio: last.peer.bytesSentAudio + VOICE_BPS / 8,
      isRateLimited: videoBps < wantedBps,
    };
    const sent = last.media.sent + (isSending ? Math.ceil(30 * rate) : 0);
    const now = { ...last, measuredMs: last.measuredMs + 1_000, peer, media: { ...last.media, sent } };
    this.#flow = nextFlow(this.#flow, now, last);
    this.#moment = now;
    const beside = {
      maxVideoBps: MAX_VIDEO_BPS,
      picture: PICTURE,
      loopLagMs: 1,
      flow: this.#flow,
      queuedMs: null,
    };
    this.bench.measures(measuredOf(now, last, beside), 1);
  }

  /** Grows with what is sent, up to the capacity, from where it falls back as WebRTC does. */
  #estimate(sentBps: number): void {
    const grown = Math.min(this.estimateBps * GROWTH, Math.max(this.estimateBps, 1.5 * sentBps + 10_000));
    this.estimateBps = grown > this.capacityBps ? 0.85 * this.capacityBps : grown;
    // A processor that is busy for a moment looks like a queue.
    if (this.estimateBps > 2_000_000 && this.#random.chance(0.1)) this.estimateBps *= 0.8;
  }

  stepsDown(): string[] {
    const order = Object.keys(SHARES);
    const steps = this.bench.reports.map(({ step }) => step);
    return steps.filter((step, index) => order.indexOf(step) > order.indexOf(steps[index - 1] ?? step));
  }
}

test("on a free link no picture gets smaller, whatever the scene and whenever the camera comes on", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = seededRandom(seed);
    const model = new LinkModel(random, Number.POSITIVE_INFINITY);
    for (let spell = 0; spell < 12; spell += 1) {
      model.isCameraOn = random.chance(0.7);
      model.sceneBps = random.pick([50_000, 100_000, 400_000, 900_000, 2_500_000]);
      model.runs(random.pick([1, 3, 8, 30]));
    }
    assert.deepEqual(model.stepsDown(), [], `seed ${seed}`);
  }
});

test("a side that sends nothing keeps its step, and its camera starts there", () => {
  const model = new LinkModel(seededRandom(1), Number.POSITIVE_INFINITY);
  model.estimateBps = START_BPS;
  model.isCameraOn = false;
  model.runs(300);
  assert.equal(model.bench.step, "full");
});

describe("on a slow link", () => {
  const KBPS = 1_000;
  for (const { capacityBps, fits } of [
    { capacityBps: 300 * KBPS, fits: ["half", "quarter"] },
    { capacityBps: 120 * KBPS, fits: ["quarter", "thumbnail"] },
  ]) {
    test(`of ${capacityBps / KBPS} kbit/s a busy scene finds its step within half a minute, and keeps the picture`, () => {
      for (let seed = 1; seed <= 40; seed += 1) {
        const model = new LinkModel(seededRandom(seed), capacityBps);
        model.sceneBps = 2_500_000;
        model.runs(30);
        assert.ok(fits.includes(model.bench.step), `seed ${seed}: ${model.bench.step}`);
        model.runs(300);
        assert.ok(!model.stepsDown().includes("paused"), `seed ${seed}`);
      }
    });
  }

  test("a busy scene finds its step in one change, within three seconds of the fall of the estimate", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const model = new LinkModel(seededRandom(seed), 300 * KBPS);
      model.sceneBps = 2_500_000;
      model.estimateBps = 190 * KBPS;
      model.runs(3);
      assert.deepEqual(model.stepsDown(), ["quarter"], `seed ${seed}`);
    }
  });

  test("a link that becomes slow in mid-call costs one change of the picture", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const model = new LinkModel(seededRandom(seed), Number.POSITIVE_INFINITY);
      model.sceneBps = 2_500_000;
      model.estimateBps = 1_500 * KBPS;
      model.runs(20);
      model.capacityBps = 300 * KBPS;
      model.runs(12);
      const down = model.stepsDown();
      assert.ok(down.length === 1 && ["half", "quarter"].includes(down[0] ?? ""), `seed ${seed}: ${down}`);
    }
  });

  test("a scene that needs little keeps its size", () => {
    for (let seed = 1; seed <= 40; seed += 1) {
      const model = new LinkModel(seededRandom(seed), 300 * KBPS);
      model.sceneBps = 80_000;
      model.runs(300);
      assert.deepEqual(model.stepsDown(), [], `seed ${seed}`);
    }
  });
});
