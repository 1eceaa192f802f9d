// Frames with the real addon and host link: frames of the test pattern arrive whole at a host that acknowledges.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative, type VideoFrame } from "../../../native/index.ts";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import { linkInMemory } from "../../../plugin/rpc/memory-pair.ts";
import type { PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";

type Picture = PluginNotificationParams<"frame">;

/** Size from the first SOF marker of a baseline JPEG, ITU-T T.81 annex B.2.2. */
function jpegSize(dataUrl: string): { width: number; height: number } {
  const bytes = Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64");
  assert.equal(bytes.readUInt16BE(0), 0xffd8, "starts as JPEG");
  assert.equal(bytes.readUInt16BE(bytes.length - 2), 0xffd9, "ends as JPEG");
  let at = 2;
  while (bytes.readUInt16BE(at) !== 0xffc0) at += 2 + bytes.readUInt16BE(at + 2);
  return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
}

function i420(width: number, height: number): VideoFrame {
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  const data = new Uint8Array(width * height + 2 * chroma).map((_, index) => (index * 7) % 256);
  const free = () => undefined;
  return { width, height, data, capturedAtUs: 1_700_000_000_123_456, retain: free, release: free };
}

function setUp() {
  const quiet = { log: () => undefined, onHostGone: () => undefined };
  const { host, plugin } = linkInMemory(quiet);
  // Each look at the clock is a second later, so the pace lets every frame through, however fast the machine is.
  let nowMs = 0;
  const now = () => (nowMs += 1000);
  const frames = createFrames({ native: loadNative(), outlet: plugin.outlet, now, log: () => undefined });
  plugin.serve(
    handlersWith({ "frames.subscribe": (params) => frames.subscribe(params) }),
    notificationsWith({ "frames.ack": ({ stream, seq }) => frames.acknowledge(stream, seq) }),
  );
  const pictures: Picture[] = [];
  const waiters: ((picture: Picture) => void)[] = [];
  host.onNotification("frame", (picture) => {
    pictures.push(picture);
    host.notify("frames.ack", { stream: picture.stream, seq: picture.seq });
    for (const wake of waiters.splice(0)) wake(picture);
  });
  const nextPicture = () => new Promise<Picture>((resolve) => waiters.push(resolve));
  const end = async () => {
    await frames.close();
    host.close();
  };
  return { host, frames, pictures, nextPicture, end };
}

describe("frames with the addon", () => {
  test("the size may change between frames, and maxWidth holds", async () => {
    const { host, frames, nextPicture, end } = setUp();
    await host.request("frames.subscribe", { callId: "c", source: "remote", maxWidth: 320, maxFps: 60 });
    const sizes: unknown[] = [];
    for (const [width, height] of [
      [320, 240],
      [1280, 720],
      [240, 320],
      [641, 481],
    ] as const) {
      const arrived = nextPicture();
      frames.offer("c", "remote", i420(width, height));
      const picture = await arrived;
      assert.deepEqual(jpegSize(picture.dataUrl), { width: picture.width, height: picture.height });
      sizes.push([picture.width, picture.height]);
    }
    assert.deepEqual(sizes, [
      [320, 240],
      [320, 180],
      [240, 320],
      [320, 240],
    ]);
    await end();
  });

  test("a burst of frames is delivered whole, each data URL once, and the ledger closes", async () => {
    const { host, frames, pictures, nextPicture, end } = setUp();
    const params = { callId: "c", source: "local", maxFps: 60 } as const;
    await host.request("frames.subscribe", params);
    await host.request("frames.subscribe", { ...params, format: "png" });
    while (pictures.length < 12) {
      const arrived = nextPicture();
      frames.offer("c", "local", i420(64, 48));
      await arrived;
    }
    assert.equal(new Set(pictures.map(({ dataUrl }) => dataUrl)).size, pictures.length);
    const { offered, ...fates } = frames.counts("c", "local");
    assert.equal(
      Object.values(fates).reduce((sum, count) => sum + count),
      offered,
    );
    assert.equal(fates.failed, 0);
    await end();
  });

  test("a snapshot is a PNG of the frame's size", async () => {
    const { frames, end } = setUp();
    frames.offer("c", "remote", i420(320, 240));
    const { width, height, dataUrl } = await frames.snapshot("c", "remote");
    assert.deepEqual([width, height], [320, 240]);
    const head = Buffer.from(dataUrl.slice("data:image/png;base64,".length), "base64");
    assert.equal(head.readUInt32BE(16), 320, "IHDR's width, PNG specification 11.2.2");
    await end();
  });
});
