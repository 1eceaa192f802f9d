// Served frames: access control, and what a client can do to the plugin.

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
/** The headers of Chromium and WebKit for an `<img>` without `crossorigin` on our page. */
const IMG = { "sec-fetch-dest": "image", "sec-fetch-mode": "no-cors", "sec-fetch-site": "same-site" };

describe("served frames", { timeout: 60_000 }, () => {
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

  const subscribe = async (delivery: FrameDelivery, options: Partial<Params<"frames.subscribe">> = {}) => {
    const params = { callId: "c", source: "remote", delivery, ...options };
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
  /** An MJPEG response starts with the first frame. */
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

  test("a wrong token, an unknown stream and a bare path are refused in the same way, and closed", async () => {
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

  test("each stream has its own token", async () => {
    const [one, other] = [await subscribe("mjpeg"), await subscribe("mjpeg")];
    assert.notEqual(new URL(one.url).search, new URL(other.url).search);
    const crossed = one.url.replace(/\?.*/, new URL(other.url).search);
    assert.equal(await statusOf(crossed, { origin: PAGE_ORIGIN }), 403);
  });

  test("another name in the Host header is refused, to prevent DNS rebinding", async () => {
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

  test("a socket opens for the host's pages only, and never without an origin", async () => {
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

  test("an <img> is served to the host's pages, according to its request headers", async () => {
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
    assert.equal(await knockImage(url, IMG), 403, "the other origin is no longer allowed");
  });

  test("a page may read pixels only of frames that it requested with its origin", async () => {
    const { url } = await subscribe("mjpeg");
    const viewer = await openMjpegViewer(url);
    offer(1);
    next(native.encodes).finish();
    const head = await viewer.answered;
    assert.equal(head["access-control-allow-origin"], PAGE_ORIGIN);
    assert.equal(head["cache-control"], "no-store");
    // WebKit checks the head of each part.
    assert.match(
      (await viewer.next()).head ?? "",
      new RegExp(`^Access-Control-Allow-Origin: ${PAGE_ORIGIN}\r$`, "m"),
    );
    viewer.leave();
  });

  test("each stream is served only over its own delivery, and only to GET", async () => {
    const [image, socket] = [await subscribe("mjpeg"), await subscribe("websocket")];
    assert.equal(await statusOf(image.url, { origin: PAGE_ORIGIN }, "POST"), 405);
    assert.equal(await statusOf(socket.url, { origin: PAGE_ORIGIN }), 400);
    assert.equal(await knockSocket(image.url.replace("http", "ws"), {}), "HTTP 400");
  });

  test("a stream has one client at a time, and a reconnecting client starts again at seq 1", async () => {
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

  test("nothing is encoded before a client connects, nor after it leaves", async () => {
    const { url } = await subscribe("mjpeg");
    offer(1);
    assert.equal(native.encodes.length, 0);
    const viewer = await openMjpegViewer(url);
    next(native.encodes).finish();
    assert.equal((await viewer.next()).bytes.toString(), "picture1");
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
    assert.equal(frames.counts("c", "remote").failed, 0, "a client that leaves is not a failure");
  });

  test("a stream that ends without a frame responds with 204, because WebKitGTK crashes on an empty response", async () => {
    const { url, stream } = await subscribe("mjpeg");
    const viewer = await openMjpegViewer(url);
    frames.unsubscribe(stream);
    await assert.rejects(viewer.answered, /HTTP 204/);
    await viewer.closed;
  });

  test("with a client that does not read, one frame waits and newer frames replace it", async () => {
    // Larger than the kernel's buffer for an unread connection.
    native.encodedBytes = 16 * 1024 * 1024;
    const { url } = await subscribe("mjpeg");
    const viewer = await openMjpegViewer(url);
    viewer.pause();
    offer(1);
    next(native.encodes).finish();
    await settled();
    for (const mark of [2, 3, 4, 5]) offer(mark);
    await settled();
    assert.equal(native.encodes.length, 0, "nothing is encoded while the last frame is being written");
    const { replaced, waiting } = frames.counts("c", "remote");
    assert.deepEqual({ replaced, waiting }, { replaced: 3, waiting: 2 });
    viewer.leave();
  });

  test("a client that sends anything but a seq is disconnected", async () => {
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

  test("acknowledging unsent frames grants no extra credit", async () => {
    const { url, stream } = await subscribe("websocket", { credit: 1 });
    const viewer = await openSocketViewer(url);
    offer(1);
    next(native.encodes).finish();
    await viewer.next();
    frames.acknowledge(stream, 1);
    offer(2);
    await settled();
    assert.equal(native.encodes.length, 0, "only the stream's own socket grants credit");
    viewer.acknowledge(1_000_000);
    while (native.encodes.length === 0) await settled();
    next(native.encodes).finish();
    await viewer.next();
    offer(3);
    await settled();
    assert.equal(native.encodes.length, 0);
    viewer.leave();
  });

  test("PNG, and a host without pageOrigins, are refused by name", async () => {
    const refused = (field: string) => (error: unknown) =>
      error instanceof RpcError && error.kind === "invalidParams" && error.issues?.[0]?.field === field;
    await assert.rejects(subscribe("websocket", { format: "png" }), refused("format"));
    origins = [];
    await assert.rejects(subscribe("mjpeg"), refused("delivery"));
    assert.equal((await subscribe("stdio")).url, "");
  });

  test("a call that ends while the port opens leaves no stream", async () => {
    const asked = subscribe("websocket");
    frames.endCall("c");
    await assert.rejects(asked, (error) => error instanceof RpcError && error.kind === "unknownCall");
  });

  test("closing disconnects every client and closes the port, also for unaccepted connections", async () => {
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

/** The server notices the end of a client a moment later than the client. */
async function retried<T>(open: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof Error && /409/.test(error.message))) throw error;
    }
  }
}
