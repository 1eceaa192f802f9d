// When a call sends black placeholder pictures instead of camera frames. The clock is simulated.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NOTHING_CAPTURED } from "../../../native/frame-faults.ts";
import type { VideoFrame } from "../../../native/types.ts";
import { CallMedia } from "../../../plugin/calls/call-media.ts";
import type { OpenCamera } from "../../../plugin/camera/camera.ts";
import { checkFrame } from "../../../plugin/peer/media-checks.ts";
import type { NegotiatedDirections, Peer } from "../../../plugin/peer/peer.ts";
import { SHARES } from "../../../statecharts/index.ts";
import { countedFrame } from "../../support/fakes/fake-frames.ts";
import { ManualClock } from "../../support/fakes/manual-clock.ts";
import { settle } from "../../support/plugin/call-bench.ts";

const INTERVAL_MS = 80;
const BOTH = { sends: true, receives: true };
/** Without sound the pictures have all timers for themselves. */
const NEITHER = { sends: false, receives: false };

class Bench {
  readonly clock = new ManualClock();
  /** "camera" or "black", with the time. */
  readonly sent: string[] = [];
  readonly pictures: VideoFrame[] = [];
  /** What the own page may show again. */
  content = "";
  intervalMs: number | null = INTERVAL_MS;
  video = BOTH;
  scaling = Promise.withResolvers<void>();
  readonly media = new CallMedia({
    showFrame: () => undefined,
    setLocalContent: (content) => {
      this.content = content;
    },
    nowUs: () => this.clock.nowMs() * 1000,
    createScaler: () => ({
      scale: async (_, width, height) => {
        await this.scaling.promise;
        return new Uint8Array((width * height * 3) / 2);
      },
    }),
    captureConstraints: () => ({ width: 64, height: 48, fps: 30 }),
    onError: assert.fail,
    clock: this.clock,
  });

  get timers(): number {
    return this.clock.timers;
  }

  attach(): this {
    const peer: Partial<Peer> = {
      sendVideo: (frame) => {
        checkFrame(frame);
        const isBlack = frame.width === 160;
        if (isBlack) this.pictures.push(frame);
        this.sent.push(`${isBlack ? "black" : "camera"} ${this.clock.nowMs()}`);
      },
      setAudioReceiving: () => undefined,
      negotiatedDirections: (): NegotiatedDirections => ({ audio: NEITHER, video: this.video }),
    };
    this.media.attachPeer(peer as Peer, () => this.intervalMs);
    return this;
  }

  connect(): this {
    this.attach();
    this.media.isConnected = true;
    return this;
  }

  openCamera(): this {
    const mode = { width: 64, height: 48, fps: 30, fourcc: "I420" };
    const camera: Partial<OpenCamera> = { mode, counters: () => NOTHING_CAPTURED };
    this.media.camera = camera as OpenCamera;
    return this;
  }

  frame(): this {
    this.media.cameraFrame(countedFrame(1, 64, 48));
    return this;
  }

  advance(ms: number): this {
    this.clock.advance(ms);
    return this;
  }
}

describe("placeholders", () => {
  test("begin with the connection where no camera is open, and repeat at the peer's interval", () => {
    const bench = new Bench().attach().advance(500);
    assert.deepEqual(bench.sent, []);
    bench.media.isConnected = true;
    bench.advance(2 * INTERVAL_MS);
    assert.deepEqual(bench.sent, ["black 500", "black 580", "black 660"]);
  });

  test("are one black picture that is reused", () => {
    const { pictures } = new Bench().connect().advance(INTERVAL_MS);
    assert.equal(pictures[0], pictures[1]);
    const [picture] = pictures;
    assert.ok(picture);
    const luma = picture.width * picture.height;
    assert.ok(picture.data.subarray(0, luma).every((value) => value === 16));
    assert.ok(picture.data.subarray(luma).every((value) => value === 128));
  });

  test("come at once when the camera closes, and end with its next frame", () => {
    const bench = new Bench().openCamera().connect().frame().advance(10);
    bench.media.camera = null;
    bench.advance(INTERVAL_MS).openCamera().advance(INTERVAL_MS).frame().advance(1_000);
    assert.deepEqual(bench.sent, ["camera 0", "black 10", "black 90", "black 170", "camera 170"]);
  });

  test("do not run beside a camera: no picture and no timer", () => {
    const bench = new Bench().openCamera().connect().frame();
    assert.equal(bench.timers, 0);
    bench.advance(1_000);
    assert.deepEqual([bench.sent, bench.timers], [["camera 0"], 0]);
  });

  test("wait for one interval where an open camera is about to give a frame", () => {
    const bench = new Bench()
      .openCamera()
      .connect()
      .advance(INTERVAL_MS - 1);
    assert.deepEqual(bench.sent, []);
    bench.advance(1).frame();
    assert.deepEqual(bench.sent, ["black 80", "camera 80"]);
  });

  test("fill a pause by adaptation", () => {
    const bench = new Bench().openCamera().connect().frame();
    bench.media.limitSending(SHARES.paused);
    bench.frame().advance(INTERVAL_MS);
    bench.media.limitSending(SHARES.full);
    bench.frame().advance(1_000);
    assert.deepEqual(bench.sent, ["camera 0", "black 0", "black 80", "camera 80"]);
  });

  test("replace a camera while nothing that it sends can be shown, after one interval", () => {
    const bench = new Bench().openCamera().connect().frame();
    assert.equal(bench.content, "moving");
    bench.media.cameraInterrupted();
    assert.equal(bench.content, "nothing");
    bench
      .advance(2 * INTERVAL_MS)
      .frame()
      .advance(1_000);
    assert.deepEqual(bench.sent, ["camera 0", "black 80", "black 160", "camera 160"]);
  });

  test("are the last picture after the camera closes, even while a frame is being scaled", async () => {
    const bench = new Bench().openCamera().connect();
    bench.media.limitSending(SHARES.half);
    bench.frame();
    bench.media.camera = null;
    bench.scaling.resolve();
    await settle();
    assert.deepEqual([bench.sent, bench.media.counts().sent], [["black 0"], 0]);
  });

  test("are not sent to a peer that needs none", () => {
    const bench = new Bench();
    bench.intervalMs = null;
    bench.connect().advance(1_000);
    assert.deepEqual([bench.sent, bench.timers], [[], 0]);
  });

  test("end when the peer turns out to need none", () => {
    const bench = new Bench().connect().advance(INTERVAL_MS);
    bench.intervalMs = null;
    bench.advance(1_000);
    assert.deepEqual([bench.sent, bench.timers], [["black 0", "black 80"], 0]);
  });

  test("need a video section that we may send on, and begin when a later negotiation has one", () => {
    const bench = new Bench();
    bench.video = { sends: false, receives: true };
    bench.connect().advance(1_000);
    assert.deepEqual([bench.sent, bench.timers], [[], 0]);
    bench.video = BOTH;
    bench.media.directionsChanged();
    bench.video = { sends: false, receives: true };
    bench.media.directionsChanged();
    bench.advance(1_000);
    assert.deepEqual([bench.sent, bench.timers], [["black 1000"], 0]);
  });

  test("count apart from sent frames", () => {
    const bench = new Bench().connect().advance(INTERVAL_MS).openCamera().frame();
    const { sent, placeholders } = bench.media.counts();
    assert.deepEqual([sent, placeholders], [1, 2]);
  });

  const ends: [string, (media: CallMedia) => void][] = [
    [
      "the connection is lost",
      (media) => {
        media.isConnected = false;
      },
    ],
    ["the connection is closed", (media) => media.detachPeer()],
    ["the call ends", (media) => media.stop()],
  ];
  for (const [what, end] of ends) {
    test(`end without a timer left when ${what}`, () => {
      const bench = new Bench().connect();
      end(bench.media);
      bench.advance(1_000);
      assert.deepEqual([bench.sent, bench.timers], [["black 0"], 0]);
    });
  }

  test("begin again with a new connection", () => {
    const bench = new Bench().openCamera().connect().frame();
    bench.media.detachPeer();
    bench.media.camera = null;
    bench.connect();
    assert.deepEqual(bench.sent, ["camera 0", "black 0"]);
  });
});
