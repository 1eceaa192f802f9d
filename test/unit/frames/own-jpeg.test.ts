// The local preview of an MJPEG camera: the camera's own bytes, unless a smaller frame is required.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import type { VideoFrame } from "../../../native/types.ts";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import { frameMethods } from "../../../rpc-schema/index.ts";
import { countedFrame, FakeOutlet, next } from "../../support/fakes/fake-frames.ts";

const WIDTH = 64;
const HEIGHT = 48;
const native = loadNative();

/** Arbitrary bytes, because they are passed on unread. */
const ownJpeg = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 37) & 0xff);

/** The bytes and size that the host receives for a frame. */
async function delivered(frame: VideoFrame, maxWidth: number) {
  const { promise: began, resolve } = Promise.withResolvers<void>();
  const outlet = new (class extends FakeOutlet {
    override writeFrame(head: string, body: Uint8Array, tail: string): Promise<void> {
      const written = super.writeFrame(head, body, tail);
      resolve();
      return written;
    }
  })();
  const frames = createFrames({ native, outlet, log: (_level, message) => assert.fail(message) });
  const params = { callId: "c", source: "local", format: "jpeg", maxWidth };
  await frames.subscribe(frameMethods["frames.subscribe"].params.parse(params));
  frames.offer("c", "local", frame);
  await began;
  next(outlet.writes).finish();
  await frames.close();
  const { dataUrl, width, height } = JSON.parse(outlet.lines[0] ?? "").params;
  return { jpeg: Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64"), width, height };
}

describe("the local preview of an MJPEG camera", { timeout: 60_000 }, () => {
  for (const length of [1, 2, 3, 70_000]) {
    test(`is the camera's own ${length} bytes`, async () => {
      const jpeg = ownJpeg(length);
      const frame = Object.assign(countedFrame(9, WIDTH, HEIGHT), { jpeg });
      const seen = await delivered(frame, WIDTH);
      assert.deepEqual(seen, { jpeg: Buffer.from(jpeg), width: WIDTH, height: HEIGHT });
      assert.equal(frame.held(), 0);
    });
  }

  test("is encoded when it has to be smaller than the camera's", async () => {
    const frame = Object.assign(countedFrame(9, WIDTH, HEIGHT), { jpeg: ownJpeg(100) });
    const { jpeg, width, height } = await delivered(frame, WIDTH / 2);
    assert.deepEqual([width, height], [WIDTH / 2, HEIGHT / 2]);
    assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
  });

  test("is encoded when the frame has no camera JPEG", async () => {
    const { jpeg } = await delivered(countedFrame(9, WIDTH, HEIGHT), WIDTH);
    assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8]);
  });

  test("shares its encoder with encoded frames, one at a time", async () => {
    const encoder = native.createJpegEncoder();
    const text = encoder.textOf(ownJpeg(1000));
    await assert.rejects(
      encoder.encode(countedFrame(9, WIDTH, HEIGHT), { maxWidth: 64, quality: 70 }),
      /still encoding/,
    );
    assert.equal(Buffer.from(await text).toString("latin1"), Buffer.from(ownJpeg(1000)).toString("base64"));
  });
});
