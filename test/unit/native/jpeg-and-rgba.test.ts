// JPEG, base64 and RGBA as JavaScript sees them, compared with references in JavaScript and ffmpeg's decoder.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import type { EncodedFrame } from "../../../native/types.ts";

const native = loadNative();

interface Frame {
  readonly data: Uint8Array;
  readonly width: number;
  readonly height: number;
}

/** A frame of the test pattern, copied out of its buffer. */
async function patternFrame(width: number, height: number): Promise<Frame> {
  const { promise, resolve, reject } = Promise.withResolvers<Frame>();
  const capture = await native.openPattern(
    { width, height, fps: 60 },
    { onFrame: (frame) => resolve({ data: Uint8Array.from(frame.data), width, height }), onError: reject },
  );
  try {
    return await promise;
  } finally {
    await capture.close();
  }
}

function flatFrame(width: number, height: number, y: number, u: number, v: number): Frame {
  const chroma = Math.ceil(width / 2) * Math.ceil(height / 2);
  const data = new Uint8Array(width * height + 2 * chroma).fill(y);
  data.fill(u, width * height, width * height + chroma);
  data.fill(v, width * height + chroma);
  return { data, width, height };
}

function jpegOf(encoded: EncodedFrame): Buffer {
  return Buffer.from(Buffer.from(encoded.base64).toString("latin1"), "base64");
}

/** Decodes with ffmpeg instead of our decoder. "gray" yields luma only, in full range. */
function decode(jpeg: Buffer, pixels: "gray" | "rgb24"): Buffer {
  const args = [
    "-v",
    "error",
    "-f",
    "mjpeg",
    "-i",
    "-",
    "-frames:v",
    "1",
    "-f",
    "rawvideo",
    "-pix_fmt",
    pixels,
    "-",
  ];
  return execFileSync("ffmpeg", args, { input: jpeg, timeout: 20_000, maxBuffer: 64 << 20 });
}

/** Full-range luma as an I420 frame for readStamp. */
function fromGrey(luma: Buffer, width: number, height: number): Frame {
  const { data } = flatFrame(width, height, 0, 128, 128);
  data.set(luma);
  return { data, width, height };
}

describe("the JPEG encoder", { timeout: 60_000 }, () => {
  for (const [width, height, maxWidth, quality] of [
    [640, 480, 640, 80],
    [640, 480, 640, 20],
    [1280, 720, 320, 60],
    [640, 360, 160, 50],
    [321, 241, 1000, 70],
  ] as const) {
    test(`keeps the stamp readable from ${width}x${height} at width ${maxWidth}, quality ${quality}`, async () => {
      const frame = await patternFrame(width, height);
      const made = await native.createJpegEncoder().encode(frame, { maxWidth, quality });
      const luma = decode(jpegOf(made), "gray");
      assert.equal(luma.length, made.width * made.height);
      const read = native.readStamp(fromGrey(luma, made.width, made.height));
      assert.deepEqual(read, native.readStamp(frame));
    });
  }

  test("scales wider frames only, keeps the aspect ratio, and rounds to even sizes", async () => {
    const encoder = native.createJpegEncoder();
    const sizes = [];
    for (const maxWidth of [2000, 640, 401, 100]) {
      const { width, height } = await encoder.encode(flatFrame(640, 480, 90, 128, 128), {
        maxWidth,
        quality: 50,
      });
      sizes.push([width, height]);
    }
    assert.deepEqual(sizes, [
      [640, 480],
      [640, 480],
      [400, 300],
      [100, 76],
    ]);
  });

  test("converts video range to full range: black is 0, white 255, and colours are correct", async () => {
    const encoder = native.createJpegEncoder();
    for (const [[y, u, v], rgb] of [
      [
        [16, 128, 128],
        [0, 0, 0],
      ],
      [
        [235, 128, 128],
        [255, 255, 255],
      ],
      [
        [81, 90, 240],
        [255, 0, 0],
      ],
      [
        [145, 54, 34],
        [0, 255, 0],
      ],
      [
        [41, 240, 110],
        [0, 0, 255],
      ],
    ] as const) {
      const made = await encoder.encode(flatFrame(65, 47, y, u, v), { maxWidth: 65, quality: 95 });
      const pixels = decode(jpegOf(made), "rgb24");
      assert.equal(pixels.length, 65 * 47 * 3);
      assert.ok(farthest(pixels, rgb) <= 4, `${[y, u, v]}: ${pixels.subarray(0, 3).join()}, expected ${rgb}`);
    }
  });

  test("base64 matches Buffer's for any number of bytes", async () => {
    const encoder = native.createJpegEncoder();
    const remainders = new Set<number>();
    for (let width = 64; remainders.size < 3; width += 2) {
      const made = await encoder.encode(await patternFrame(width, 64), { maxWidth: 9999, quality: 75 });
      const text = Buffer.from(made.base64).toString("latin1");
      assert.equal(text, Buffer.from(text, "base64").toString("base64"));
      remainders.add(jpegOf(made).length % 3);
    }
  });

  test("bytes and text agree, and both reuse their buffers", async () => {
    const encoder = native.createJpegEncoder();
    const frame = await patternFrame(320, 240);
    const options = { maxWidth: 320, quality: 70 };
    const { jpeg, width, height } = await encoder.compress(frame, options);
    const first = jpeg.buffer;
    const made = await encoder.encode(frame, options);
    assert.deepEqual(jpegOf(made), Buffer.from(jpeg));
    assert.deepEqual([width, height], [made.width, made.height]);
    assert.equal((await encoder.compress(frame, options)).jpeg.buffer, first);
    const larger = await encoder.compress(await patternFrame(640, 480), { maxWidth: 640, quality: 70 });
    assert.notEqual(larger.jpeg.buffer, first, "a larger frame takes a larger buffer");
    assert.deepEqual([...jpeg.subarray(0, 2)], [0xff, 0xd8], "the old buffer is still readable");
    await assert.rejects(encoder.compress(frame, { ...options, quality: 101 }), /quality: 101/);
  });

  test("an encoder reuses its text buffer, and two encoders have separate ones", async () => {
    const [one, other] = [native.createJpegEncoder(), native.createJpegEncoder()];
    const frame = flatFrame(320, 240, 100, 128, 128);
    const options = { maxWidth: 320, quality: 70 };
    const first = (await one.encode(frame, options)).base64.buffer;
    assert.equal((await one.encode(frame, options)).base64.buffer, first);
    assert.notEqual((await other.encode(frame, options)).base64.buffer, first);
  });

  test("a second frame during the first encode is refused, and the first encode completes", async () => {
    const encoder = native.createJpegEncoder();
    const frame = flatFrame(640, 480, 100, 128, 128);
    const first = encoder.encode(frame, { maxWidth: 640, quality: 70 });
    await assert.rejects(encoder.encode(frame, { maxWidth: 640, quality: 70 }), /still encoding/);
    assert.equal((await first).width, 640);
  });

  test("a wrong number of bytes and options out of range are refused by name", async () => {
    const encoder = native.createJpegEncoder();
    const frame = flatFrame(64, 64, 0, 0, 0);
    const options = { maxWidth: 64, quality: 70 };
    await assert.rejects(encoder.encode({ ...frame, height: 65 }, options), /6144 bytes, expected 6272/);
    await assert.rejects(encoder.encode({ ...frame, width: -64 }, options), RangeError);
    await assert.rejects(
      encoder.encode(frame, { maxWidth: 64, quality: 0 }),
      /quality: 0, expected 1 to 100/,
    );
    await assert.rejects(encoder.encode(frame, { maxWidth: Number.NaN, quality: 9 }), /maxWidth: NaN/);
  });
});

describe("conversion to RGBA", { timeout: 60_000 }, () => {
  test("differs from the BT.601 formula by at most 2, odd sizes too", async () => {
    const frame = await patternFrame(97, 55);
    const rgba = await native.toRgba(frame);
    assert.equal(rgba.length, 97 * 55 * 4);
    let worst = 0;
    for (let y = 0; y < 55; y++) {
      for (let x = 0; x < 97; x++) {
        const expected = referenceColour(frame, x, y);
        for (const [channel, value] of expected.entries()) {
          worst = Math.max(worst, Math.abs((rgba[(y * 97 + x) * 4 + channel] ?? 0) - value));
        }
      }
    }
    assert.ok(worst <= 2, `off by ${worst}`);
  });
});

/** ITU-R BT.601-7, from video range. */
function referenceColour({ data, width, height }: Frame, x: number, y: number): number[] {
  const chromaWidth = Math.ceil(width / 2);
  const chroma = width * height + Math.floor(y / 2) * chromaWidth + Math.floor(x / 2);
  const luma = ((data[y * width + x] ?? 0) - 16) * (255 / 219);
  const u = ((data[chroma] ?? 0) - 128) * (255 / 224);
  const v = ((data[chroma + chromaWidth * Math.ceil(height / 2)] ?? 0) - 128) * (255 / 224);
  const colour = [luma + 1.402 * v, luma - 0.344136 * u - 0.714136 * v, luma + 1.772 * u];
  return [...colour.map((value) => Math.round(Math.min(255, Math.max(0, value)))), 255];
}

function farthest(pixels: Buffer, rgb: readonly number[]): number {
  return pixels.reduce((worst, value, index) => Math.max(worst, Math.abs(value - (rgb[index % 3] ?? 0))), 0);
}
