// Pictures that the page fetches: who is let in, who is not, and what a reader may do to the plugin.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { WebSocket } from "ws";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import type { Frames } from "../../../plugin/frames/frames.ts";
import { type FrameDelivery, frameMethods, type Params, RpcError } from "../../../rpc-schema/index.ts";
import {
  openMjpegViewer,
  openSocketViewer,
  PAGE_ORIGIN,
  statusOf,
} from "../../support/browser/frame-viewers.ts";
import { countedFrame, FakeNative, FakeOutlet, next, settled } from "../../support/fakes/fake-frames.ts";

const WAILS = "wails://wails";
/** What Chromium and WebKit say of an `<img>` on our page without `crossorigin`. */
const IMG = { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors", "sec-fetch-site": "same-site" };

describe("pictures that the page fetches", { timeout: 60_000 }, () => {
  let frames: Frames;
  let native: FakeNative;
  let origins: string[];
  let nowMs: number;
  const logged: string[] = [];
  beforeEach(() => {
    origins = [PAGE_ORIGIN];
    native = new FakeNative();
    nowMs = 0;
    logged.length = 0;
    frames = createFrames({
      native,
      outlet: new FakeOutlet(),
      pageOrigins: () => origins,
      now: () => nowMs,
      log: (_level, message) => logged.push(message),
    });
  });
  afterEach(async () => {
    const closing = frames.close();
    while (native.encodes.length > 0) next(native.encodes).finish();
    await closing;
    assert.deepEqual(logged, []);
  });

  const subscribe = async (delivery: FrameDelivery, wish: Partial<Params<"frames.subscribe">> = {}) => {
    const params = { callId: "c", source: "remote", delivery, ...wish };
    const { stream, url } = await frames.subscribe(frameMethods["frames.subscribe"].params.parse(params));
    return { stream, url: url ?? "" };
  };
  const offer = (mark: number): void => {
    nowMs += 1000 / 30;
    frames.offer("c", "remote", countedFrame(mark));
  };
  const knockSocket = (url: string, headers: Record<string, string>) =>
    openSocketViewer(url, headers).then(
      (viewer) => {
        viewer.leave();
        return "open";
      },
      (error: Error) => error.message,
    );
  /** An answer of pictures comes with the first of them. */
  const knockImage = async (url: string, headers: Record<string, string>) => {
    let status = 0;
    const asked = retried(async () => {
      status = await statusOf(url, headers);
      if (status === 409) throw new Error("HTTP 409");
    });
    while (status === 0 || status === 409) {
      offer(1);
      while (native.encodes.length > 0) next(native.encodes).finish();
      await settled();
    }
    await asked;
    return status;
  };

  test("a wrong token, a stream that is not there and a bare path are all refused alike, and closed", async () => {
    const { url } = await subscribe("mjpeg");
    for (const wrong of [
      url.slice(0, -1) + (url.endsWith("A") ? "B" : "A"),
      url.replace(/token=.*/, "token="),
      url.replace(/\?.*/, ""),
      url.replace("/s1?", "/s2?"),
      new URL("/", url).href,
    ]) {
      assert.equal(await statusOf(wrong, { origin: PAGE_ORIGIN }), 403, wrong);
    }
    assert.equal(await knockSocket(url.replace("http", "ws").replace("/s1?", "/s9?"), {}), "HTTP 403");
  });

  test("each stream has a token of its own", async () => {
    const [one, other] = [await subscribe("mjpeg"), await subscribe("mjpeg")];
    assert.notEqual(new URL(one.url).search, new URL(other.url).search);
    const crossed = one.url.replace(/\?.*/, new URL(other.url).search);
    assert.equal(await statusOf(crossed, { origin: PAGE_ORIGIN }), 403);
  });

  test("another name for this machine in the Host header is refused, so that no page can rebind its own", async () => {
    const [image, socket] = [await subscribe("mjpeg"), await subscribe("websocket")];
    for (const host of [
      "evil.example",
      `evil.example:${new URL(image.url).port}`,
      "127.0.0.1",
      "127.0.0.1:1",
    ]) {
      assert.equal(await statusOf(image.url, { origin: PAGE_ORIGIN, host }), 403, host);
      assert.equal(await knockSocket(socket.url, { host }), "HTTP 403", host);
    }
    const localhost = `localhost:${new URL(image.url).port}`;
    assert.equal(await knockImage(image.url, { origin: PAGE_ORIGIN, host: localhost }), 200);
  });

  test("a socket is opened for the host's pages alone, and never without an origin", async () => {
    const { url } = await subscribe("websocket");
    assert.equal(await knockSocket(url, { origin: "http://127.0.0.1:8081" }), "HTTP 403");
    assert.equal(await knockSocket(url, { origin: "null" }), "HTTP 403");
    const bare = new WebSocket(url);
    const [, { statusCode }] = await once(bare, "unexpected-response");
    assert.equal(statusCode, 403);
    bare.on("error", () => undefined);
    bare.terminate();
    assert.equal(await knockSocket(url, {}), "open");
  });

  test("an <img> is served to the host's pages, by what its browser says of it", async () => {
    const { url } = await subscribe("mjpeg");
    for (const [headers, status] of [
      [{ origin: PAGE_ORIGIN }, 200],
      [IMG, 200],
      [{ ...IMG, referer: `${PAGE_ORIGIN}/calls` }, 200],
      [{}, 200],
      [{ origin: "https://evil.example" }, 403],
      [{ ...IMG, referer: "https://evil.example/" }, 403],
      [{ ...IMG, referer: `${PAGE_ORIGIN}.evil.example/` }, 403],
      [{ ...IMG, "sec-fetch-site": "cross-site" }, 403],
      [{ ...IMG, "sec-fetch-site": "none" }, 403],
      [{ ...IMG, "sec-fetch-dest": "document", "sec-fetch-mode": "navigate" }, 403],
      [{ ...IMG, "sec-fetch-dest": "script" }, 403],
    ] as const) {
      assert.equal(await knockImage(url, headers), status, JSON.stringify(headers));
    }
    origins = [WAILS];
    assert.equal(
      await knockImage(url, { ...IMG, "sec-fetch-site": "cross-site" }),
      200,
      "a page of another scheme",
    );
    assert.equal(await knockImage(url, IMG), 403, "which the other one is not any more");
  });

  test("the page may read the pixels of what it asked for by its origin, and of nothing else", async () => {
    const { url } = await subscribe("mjpeg");
    const viewer = await openMjpegViewer(url);
    offer(1);
    next(native.encodes).finish();
    const head = await viewer.answered;
    assert.equal(head["access-control-allow-origin"], PAGE_ORIGIN);
    assert.equal(head["cache-control"], "no-store");
    // WebKit judges each part by its own head.
    assert.match(
      (await viewer.next()).head ?? "",
      new RegExp(`^Access-Control-Allow-Origin: ${PAGE_ORIGIN}\r$`, "m"),
    );
    viewer.leave();
  });

  test("each stream is fetched by its own way only, and only by GET", async () => {
    const [image, socket] = [await subscribe("mjpeg"), await subscribe("websocket")];
    assert.equal(await statusOf(image.url, { origin: PAGE_ORIGIN }, "POST"), 405);
    assert.equal(await statusOf(socket.url, { origin: PAGE_ORIGIN }), 400);
    assert.equal(await knockSocket(image.url.replace("http", "ws"), {}), "HTTP 400");
  });

  test("a stream has one reader at a time, and one that comes again begins anew", async () => {
    const { url } = await subscribe("websocket");
    const first = await openSocketViewer(url);
    assert.equal(await knockSocket(url, {}), "HTTP 409");
    offer(1);
    next(native.encodes).finish();
    assert.equal((await first.next()).seq, 1);
    first.leave();
    await first.closed;
    const again = await retried(() => openSocketViewer(url));
    offer(2);
    while (native.encodes.length === 0) await settled();
    next(native.encodes).finish();
    assert.equal((await again.next()).seq, 1);
    again.leave();
  });

  test("nothing is encoded before the page fetches, nor after it left", async () => {
    const { url } = await subscribe("mjpeg");
    offer(1);
    assert.equal(native.encodes.length, 0);
    const viewer = await openMjpegViewer(url);
    offer(2);
    next(native.encodes).finish();
    assert.equal((await viewer.next()).bytes.toString(), "picture2");
    viewer.leave();
    const watching = () => frames.counts("c", "remote").unwatched;
    while (watching() < 2) {
      offer(3);
      while (native.encodes.length > 0) next(native.encodes).finish();
      await settled();
    }
    offer(4);
    assert.equal(native.encodes.length, 0);
    assert.equal(frames.counts("c", "remote").failed, 0, "a reader that leaves is no failure of a picture");
  });

  test("a stream that ends without a picture is answered without one, since WebKitGTK does not survive an empty one", async () => {
    const { url, stream } = await subscribe("mjpeg");
    const viewer = await openMjpegViewer(url);
    frames.unsubscribe(stream);
    await assert.rejects(viewer.answered, /HTTP 204/);
    await viewer.closed;
  });

  test("behind a reader that does not read, one picture waits and the newest takes its place", async () => {
    // Larger than what the kernel takes for a connection that nobody reads.
    native.encodedBytes = 16 * 1024 * 1024;
    const { url } = await subscribe("mjpeg");
    const viewer = await openMjpegViewer(url);
    viewer.pause();
    offer(1);
    next(native.encodes).finish();
    await settled();
    for (const mark of [2, 3, 4, 5]) offer(mark);
    await settled();
    assert.equal(native.encodes.length, 0, "nothing is made while the last one has not left");
    const { replaced, waiting } = frames.counts("c", "remote");
    assert.deepEqual({ replaced, waiting }, { replaced: 3, waiting: 2 });
    viewer.leave();
  });

  test("a reader that says anything but a seq is thrown out", async () => {
    const { url } = await subscribe("websocket");
    for (const message of ["1", Buffer.alloc(3), Buffer.alloc(65)]) {
      const socket = await retried(async () => {
        const opened = new WebSocket(url, { origin: PAGE_ORIGIN });
        opened.on("error", () => undefined);
        await once(opened, "open");
        return opened;
      });
      socket.send(message);
      const [code] = await once(socket, "close");
      assert.ok(code === 1008 || code === 1009, `closed with ${code}`);
    }
  });

  test("acknowledging what was never sent grants no more than what was", async () => {
    const { url, stream } = await subscribe("websocket", { credit: 1 });
    const viewer = await openSocketViewer(url);
    offer(1);
    next(native.encodes).finish();
    await viewer.next();
    frames.acknowledge(stream, 1);
    offer(2);
    await settled();
    assert.equal(native.encodes.length, 0, "only the socket of the stream pays");
    viewer.acknowledge(1_000_000);
    while (native.encodes.length === 0) await settled();
    next(native.encodes).finish();
    await viewer.next();
    offer(3);
    await settled();
    assert.equal(native.encodes.length, 0);
    viewer.leave();
  });

  test("lossless pictures, and pages that the host did not name, are refused by name", async () => {
    const refused = (field: string) => (error: unknown) =>
      error instanceof RpcError && error.kind === "invalidParams" && error.issues?.[0]?.field === field;
    await assert.rejects(subscribe("websocket", { format: "png" }), refused("format"));
    origins = [];
    await assert.rejects(subscribe("mjpeg"), refused("delivery"));
    assert.equal((await subscribe("stdio")).url, "");
  });

  test("a call that ends while the port is being opened leaves no stream", async () => {
    const asked = subscribe("websocket");
    frames.endCall("c");
    await assert.rejects(asked, (error) => error instanceof RpcError && error.kind === "unknownCall");
  });

  test("closing ends every reader and the port, also one that only knocked", async () => {
    const [image, socket] = [await subscribe("mjpeg"), await subscribe("websocket")];
    const viewers = [await openMjpegViewer(image.url), await openSocketViewer(socket.url)];
    const port = Number(new URL(image.url).port);
    const idle = connect(port, "127.0.0.1");
    idle.on("error", () => undefined);
    await once(idle, "connect");
    await frames.close();
    await Promise.all(viewers.map(({ closed }) => closed));
    await assert.rejects(statusOf(image.url), /ECONNREFUSED/);
    idle.destroy();
  });
});

/** The server notices a moment later than we that a reader has gone. */
async function retried<T>(open: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof Error && /409/.test(error.message))) throw error;
    }
  }
}
