// PNG streams and snapshots, with the real worker thread and pngjs as the decoder.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { PNG } from "pngjs";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import { LargeGarbage } from "../../../plugin/frames/large-garbage.ts";
import { PngEncoder } from "../../../plugin/frames/png-encoder.ts";
import { FILE_BUFFER_BYTES, PngFile } from "../../../plugin/frames/png-file.ts";
import { scaleToRgb, sizeWithinWidth } from "../../../plugin/frames/scale-to-rgb.ts";
import { frameMethods, methods, RpcError } from "../../../rpc-schema/index.ts";
import { countedFrame, FakeNative } from "../../support/fakes/fake-frames.ts";

const readPng = (dataUrl: string) =>
  PNG.sync.read(Buffer.from(dataUrl.slice(dataUrl.indexOf(",") + 1), "base64"));

function setUp() {
  const clock = { ms: 0 };
  const written = Promise.withResolvers<string>();
  const outlet = {
    async writeFrame(head: string, body: Uint8Array, tail: string) {
      written.resolve(head + Buffer.from(body).toString("latin1") + tail);
    },
  };
  const frames = createFrames({
    native: new FakeNative(),
    outlet,
    now: () => clock.ms,
    log: () => undefined,
  });
  return { clock, frames, written: written.promise };
}

const isNoPicture = (error: unknown) => error instanceof RpcError && error.kind === "noPicture";

describe("png", () => {
  test("a PNG stream sends the exact pixels", async () => {
    const { frames, written } = setUp();
    const request = { callId: "c", source: "local", format: "png" };
    const { stream } = await frames.subscribe(frameMethods["frames.subscribe"].params.parse(request));
    const frame = countedFrame(90);
    frames.offer("c", "local", frame);
    const { params } = JSON.parse(await written);
    assert.ok(params.dataUrl.startsWith(`data:image/png;n=${stream}-1;base64,`));
    const { width, height, data } = readPng(params.dataUrl);
    assert.deepEqual([params.width, params.height, width, height], [4, 2, 4, 2]);
    assert.ok(data.every((value, index) => value === (index % 4 === 3 ? 255 : 90)));
    await frames.close();
    assert.equal(frame.held(), 0);
  });

  test("a snapshot is the newest frame, with or without subscribers", async () => {
    const { frames } = setUp();
    const offered = [countedFrame(1), countedFrame(2)];
    for (const frame of offered) frames.offer("c", "remote", frame);
    const result = methods["call.snapshot"].result.parse(await frames.snapshot("c", "remote"));
    assert.equal(readPng(result.dataUrl).data[0], 2);
    assert.deepEqual(
      offered.map((frame) => frame.held()),
      [0, 1],
    );
    await assert.rejects(frames.snapshot("c", "local"), isNoPicture);
    await assert.rejects(frames.snapshot("other", "remote"), isNoPicture);
    await frames.close();
    assert.deepEqual(
      offered.map((frame) => frame.held()),
      [0, 0],
    );
  });

  test("concurrent snapshot requests share one encode", async () => {
    const { frames } = setUp();
    frames.offer("c", "remote", countedFrame(1));
    const asked = [frames.snapshot("c", "remote"), frames.snapshot("c", "remote")];
    assert.equal(asked[0], asked[1]);
    await Promise.all(asked);
    await frames.close();
  });

  test("a source without recent frames has no snapshot, so that a camera that is off shows nothing", async () => {
    const { clock, frames } = setUp();
    frames.offer("c", "local", countedFrame(1));
    clock.ms += 5_001;
    await assert.rejects(frames.snapshot("c", "local"), isNoPicture);
    await frames.close();
  });

  test("pixels that the worker cannot encode fail for that frame only", async () => {
    const png = new PngEncoder(async ({ data }) => data.slice());
    const rgba = { data: new Uint8Array(16).fill(9), width: 2, height: 2 };
    await assert.rejects(png.encode({ ...rgba, width: -1 }), /refused the frame/);
    assert.equal((await png.encode(rgba)).width, 2);
    await png.close();
  });

  test("closing rejects pending and later jobs", async () => {
    const png = new PngEncoder(async () => new Uint8Array(16));
    const frame = { data: new Uint8Array(6), width: 2, height: 2 };
    const under = assert.rejects(png.encode(frame), /closed/);
    await setImmediate();
    await png.close();
    await under;
    await assert.rejects(png.encode(frame), /closed/);
  });
});

describe("scaling", () => {
  test("keeps the aspect ratio, makes sizes even, and never enlarges", () => {
    assert.deepEqual(sizeWithinWidth(640, 480, 1280), { width: 640, height: 480 });
    assert.deepEqual(sizeWithinWidth(641, 481, 641), { width: 641, height: 481 });
    assert.deepEqual(sizeWithinWidth(1280, 720, 320), { width: 320, height: 180 });
    assert.deepEqual(sizeWithinWidth(1280, 720, 321), { width: 320, height: 180 });
    assert.deepEqual(sizeWithinWidth(4000, 2, 16), { width: 16, height: 2 });
  });

  test("averages the covered pixels, channel by channel", () => {
    const rgba = Uint8Array.from(
      { length: 4 * 2 * 4 },
      (_, index) => (index % 4) * 50 + (index < 16 ? 0 : 10),
    );
    const scaled = new Uint8Array(2 * 3);
    scaleToRgb(rgba, { width: 4, height: 2 }, { width: 2, height: 1 }, scaled);
    assert.deepEqual([...scaled], [5, 55, 105, 5, 55, 105]);
  });
});

describe("memory", () => {
  test("a stream's garbage is collected, though it is small objects that hold large buffers", async () => {
    const garbage = new LargeGarbage();
    const png = new PngFile();
    const size = { width: 80, height: 60 };
    const noise = randomBytes(4 * size.width * size.height);
    const held = () => process.memoryUsage().arrayBuffers;
    const before = held();
    let most = 0;
    for (let frame = 0; frame < 1_500; frame += 1) {
      garbage.add(FILE_BUFFER_BYTES + 5 * png.encode(new Uint8Array(noise), size, size).length);
      // Objects of the system are freed after this turn of the event loop.
      await setImmediate();
      most = Math.max(most, held() - before);
    }
    assert.ok(most < 20e6, `up to ${most} bytes more in 1,500 frames`);
  });

  test("a frame is freed without the garbage collector, and a smaller one does not show the last", () => {
    const png = new PngFile();
    const [large, small] = [
      { width: 1280, height: 720 },
      { width: 2, height: 2 },
    ];
    const encode = (value: number, size: typeof large) => {
      const rgba = new Uint8Array(4 * size.width * size.height).fill(value);
      const file = png.encode(rgba, size, { width: 2, height: 2 });
      assert.equal(rgba.buffer.byteLength, 0);
      return [...PNG.sync.read(file).data];
    };
    encode(200, large);
    const before = process.memoryUsage().arrayBuffers;
    for (let value = 1; value <= 5; value += 1) {
      assert.deepEqual(encode(value, large), Array(4).fill([value, value, value, 255]).flat());
    }
    const grown = process.memoryUsage().arrayBuffers - before;
    assert.ok(grown < 4 * large.width * large.height, `${grown} bytes more after five frames`);
    assert.deepEqual(encode(9, small), Array(4).fill([9, 9, 9, 255]).flat());
  });
});
