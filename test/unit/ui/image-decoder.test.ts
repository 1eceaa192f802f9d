// How the page decodes a frame: by an image, and as a bitmap where the page's policy keeps bytes from images. The functions of the
// browser are replaced.

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

  test("JPEG bytes become an image", async () => {
    assert.ok((await decode(JPEG)) instanceof FakeImage);
    assert.deepEqual(order, ["drawn"]);
  });

  test("JPEG bytes that no image takes become a bitmap, whose memory is released as soon as it is drawn", async () => {
    FakeImage.unreadable = "blob:";
    const image = await decode(JPEG);
    await Promise.resolve();
    assert.ok(image && !(image instanceof FakeImage));
    assert.deepEqual(order, ["drawn", "closed"]);
  });

  test("JPEG bytes that neither takes are unreadable, also on a page without bitmaps", async () => {
    FakeImage.unreadable = "blob:";
    replace("createImageBitmap", async () => {
      throw new Error("no image");
    });
    assert.equal(await decode(JPEG), undefined);
    replace("createImageBitmap", undefined);
    assert.equal(await decode(JPEG), undefined);
  });

  test("a data URL becomes an image, and an unreadable one none", async () => {
    assert.ok((await decode("data:image/jpeg;base64,AA")) instanceof FakeImage);
    FakeImage.unreadable = "data:";
    assert.equal(await decode("data:image/jpeg;base64,AA"), undefined);
  });
});
