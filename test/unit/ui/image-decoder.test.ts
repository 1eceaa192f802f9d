// How the page decodes a frame: JPEG bytes off the main thread, and by an image where the page has no such way. The functions of
// the browser are replaced.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createImageDecoder } from "../../../plugin/ui/video/painter.ts";

const JPEG = new Blob([new Uint8Array([1])], { type: "image/jpeg" });

/** Loads every address but those that begin as `unreadable` says. */
class FakeImage {
  static unreadable = "never:";
  onload: () => void = () => undefined;
  onerror: () => void = () => undefined;
  set src(url: string) {
    const event = () => (url.startsWith(FakeImage.unreadable) ? this.onerror() : this.onload());
    setImmediate(event);
  }
}

describe("the decoder of frames", () => {
  let order: string[];
  const names = ["Image", "createImageBitmap"] as const;
  const replace = (name: (typeof names)[number], value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  };
  beforeEach(() => {
    order = [];
    FakeImage.unreadable = "never:";
    replace("Image", FakeImage);
    replace("createImageBitmap", async () => ({ close: () => order.push("closed") }));
  });
  afterEach(() => {
    for (const name of names) Reflect.deleteProperty(globalThis, name);
  });

  const decode = (data: string | Blob): Promise<CanvasImageSource | undefined> =>
    new Promise((resolve) =>
      createImageDecoder()(data, (image) => {
        order.push("drawn");
        resolve(image);
      }),
    );

  test("JPEG bytes become a bitmap, whose memory is released as soon as it is drawn", async () => {
    const image = await decode(JPEG);
    await Promise.resolve();
    assert.ok(image && !(image instanceof FakeImage));
    assert.deepEqual(order, ["drawn", "closed"]);
  });

  test("JPEG bytes that no bitmap takes are tried as an image", async () => {
    replace("createImageBitmap", async () => {
      throw new Error("not supported");
    });
    assert.ok((await decode(JPEG)) instanceof FakeImage);
    FakeImage.unreadable = "blob:";
    assert.equal(await decode(JPEG), undefined);
  });

  test("JPEG bytes are shown by a page without bitmaps", async () => {
    replace("createImageBitmap", undefined);
    assert.ok((await decode(JPEG)) instanceof FakeImage);
  });

  test("a data URL becomes an image, and an unreadable one none", async () => {
    assert.ok((await decode("data:image/jpeg;base64,AA")) instanceof FakeImage);
    FakeImage.unreadable = "data:";
    assert.equal(await decode("data:image/jpeg;base64,AA"), undefined);
  });
});
