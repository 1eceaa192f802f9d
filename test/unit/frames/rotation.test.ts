// Frames with a rotation, with the real addon: upright in every delivery and in the snapshot, also when the rotation changes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { PNG } from "pngjs";
import { loadNative, type Rotation } from "../../../native/index.ts";
import { LipSync } from "../../../plugin/calls/lip-sync.ts";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import { type FrameDelivery, frameMethods } from "../../../rpc-schema/index.ts";
import { openMjpegViewer, openSocketViewer, PAGE_ORIGIN } from "../../support/browser/frame-viewers.ts";
import { type CountedFrame, countedFrame } from "../../support/fakes/fake-frames.ts";

const WIDTH = 64;
const HEIGHT = 48;
const TURNS = [0, 90, 180, 270, 90, 0] as const;

const turned = (rotation: Rotation): CountedFrame =>
  Object.assign(countedFrame(100, WIDTH, HEIGHT), { rotation });
const uprightOf = (rotation: Rotation) => (rotation % 180 === 0 ? [WIDTH, HEIGHT] : [HEIGHT, WIDTH]);

/** Size from the first SOF marker of a baseline JPEG, ITU-T T.81 annex B.2.2. */
function jpegSize(bytes: Buffer): number[] {
  let at = 2;
  while (bytes.readUInt16BE(at) !== 0xffc0) at += 2 + bytes.readUInt16BE(at + 2);
  return [bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5)];
}

const bytesOf = (dataUrl: string) => Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64");

function setUp() {
  const clock = { ms: 0 };
  const lines: ((line: string) => void)[] = [];
  const outlet = {
    async writeFrame(head: string, body: Uint8Array, tail: string) {
      lines.shift()?.(head + Buffer.from(body).toString("latin1") + tail);
    },
  };
  const frames = createFrames({
    native: loadNative(),
    outlet,
    pageOrigins: () => [PAGE_ORIGIN],
    now: () => clock.ms,
    log: (_level, message) => assert.fail(message),
  });
  const subscribe = (delivery: FrameDelivery, more: object = {}) =>
    frames.subscribe(
      frameMethods["frames.subscribe"].params.parse({ callId: "c", source: "remote", delivery, ...more }),
    );
  const nextLine = () => new Promise<string>((resolve) => lines.push(resolve));
  const offer = (rotation: Rotation) => {
    clock.ms += 100;
    const frame = turned(rotation);
    frames.offer("c", "remote", frame);
    return frame;
  };
  return { frames, subscribe, nextLine, offer };
}

describe("frames with a rotation", { timeout: 60_000 }, () => {
  for (const format of ["jpeg", "png"] as const) {
    test(`are upright ${format} on standard output, and the size says so`, async () => {
      const { frames, subscribe, nextLine, offer } = setUp();
      const { stream } = await subscribe("stdio", { format });
      const offered = [];
      for (const rotation of TURNS) {
        const line = nextLine();
        offered.push(offer(rotation));
        const { params } = JSON.parse(await line);
        frames.acknowledge(stream, params.seq);
        const bytes = bytesOf(params.dataUrl);
        assert.deepEqual([params.width, params.height], uprightOf(rotation));
        const { width, height } = format === "png" ? PNG.sync.read(bytes) : { width: 0, height: 0 };
        assert.deepEqual(format === "png" ? [width, height] : jpegSize(bytes), uprightOf(rotation));
      }
      await frames.close();
      assert.deepEqual(
        offered.map((frame) => frame.held()),
        TURNS.map(() => 0),
      );
    });
  }

  for (const [delivery, open] of [
    ["websocket", openSocketViewer],
    ["mjpeg", openMjpegViewer],
  ] as const) {
    test(`are upright by ${delivery}`, async () => {
      const { frames, subscribe, offer } = setUp();
      const { url = "" } = await subscribe(delivery);
      const viewer = await open(url);
      for (const rotation of TURNS) {
        offer(rotation);
        const { bytes, seq, width, height } = await viewer.next();
        if (seq !== undefined) viewer.acknowledge(seq);
        assert.deepEqual(jpegSize(bytes), uprightOf(rotation));
        if (width !== undefined) assert.deepEqual([width, height], uprightOf(rotation));
      }
      viewer.leave();
      await frames.close();
    });
  }

  test("are upright in the snapshot", async () => {
    const { frames, offer } = setUp();
    for (const rotation of TURNS) {
      offer(rotation);
      const { width, height, dataUrl } = await frames.snapshot("c", "remote");
      const png = PNG.sync.read(bytesOf(dataUrl));
      assert.deepEqual(
        [width, height, png.width, png.height],
        [...uprightOf(rotation), ...uprightOf(rotation)],
      );
    }
    await frames.close();
  });

  test("are limited by the upright width: a share of it, and the subscriber's own limit", async () => {
    const { frames, subscribe, nextLine, offer } = setUp();
    const { stream } = await subscribe("stdio", { maxWidth: 40 });
    const sizes = [];
    for (const scale of [1, 0.5]) {
      frames.limit("c", "remote", { scale, rate: 1 });
      const line = nextLine();
      offer(90);
      const { params } = JSON.parse(await line);
      frames.acknowledge(stream, params.seq);
      sizes.push([params.width, params.height]);
    }
    assert.deepEqual(sizes, [
      [40, 54],
      [24, 32],
    ]);
    await frames.close();
  });

  test("keep their rotation while lip sync holds them", () => {
    const shown: (Rotation | undefined)[] = [];
    const timers: (() => void)[] = [];
    let nowMs = 0;
    const sync = new LipSync({
      show: ({ rotation }) => void shown.push(rotation),
      clock: {
        nowMs: () => nowMs,
        after: (_, run) => {
          timers.push(run);
          return () => undefined;
        },
      },
    });
    for (let second = 0; second < 10; second += 1) {
      sync.update(200, 0);
      nowMs += 1_000;
      for (const run of timers.splice(0)) run();
      sync.offer(turned(0));
    }
    assert.ok(sync.holdMs > 10);
    nowMs += 1_000;
    for (const run of timers.splice(0)) run();
    shown.length = 0;
    const frame = turned(270);
    sync.offer(frame);
    assert.deepEqual([shown, frame.held()], [[], 1]);
    nowMs += 1_000;
    for (const run of timers.splice(0)) run();
    assert.deepEqual([shown, frame.held()], [[270], 0]);
  });
});
