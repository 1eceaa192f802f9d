// A call's picture under the host's own address: passed on whole, ended with the reader and with the call.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import type { Frames } from "../../../plugin/frames/frames.ts";
import { RequestError } from "../../../plugin/host/goop-api/request-body.ts";
import { sendMjpeg } from "../../../plugin/host/page/mjpeg-proxy.ts";
import { closeServer, listenOnLoopback } from "../../../plugin/http/loopback.ts";
import type { HostLink } from "../../../plugin/rpc/host-link.ts";
import { linkInMemory } from "../../../plugin/rpc/memory-pair.ts";
import { PAGE_ORIGIN, startMjpegViewer } from "../../support/browser/frame-viewers.ts";
import { countedFrame, FakeNative, next, settled } from "../../support/fakes/fake-frames.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";

describe("a call's picture under the host's address", { timeout: 30_000 }, () => {
  let frames: Frames;
  let native: FakeNative;
  let plugin: HostLink;
  let url: string;
  let origin: string;
  let server: ReturnType<typeof createServer>;
  let outcome: Promise<unknown>;
  let elsewhere: { url?: string };
  beforeEach(async () => {
    elsewhere = {};
    native = new FakeNative();
    const linked = linkInMemory({ log: () => undefined, onHostGone: () => undefined });
    plugin = linked.host;
    frames = createFrames({
      native,
      outlet: linked.plugin.outlet,
      pageOrigins: () => [PAGE_ORIGIN],
      log: () => undefined,
    });
    linked.plugin.serve(
      handlersWith({
        "frames.subscribe": async (params) => ({ ...(await frames.subscribe(params)), ...elsewhere }),
        "frames.unsubscribe": ({ stream }) => {
          frames.unsubscribe(stream);
          return null;
        },
      }),
      notificationsWith({}),
    );
    origin = PAGE_ORIGIN;
    const ended = Promise.withResolvers<unknown>();
    outcome = ended.promise;
    server = createServer((request, response) => {
      sendMjpeg({ plugin, callId: "c", source: "remote", origin }, request, response).then(
        () => ended.resolve("ended"),
        (error) => {
          ended.resolve(error);
          response.writeHead(500).end();
        },
      );
    });
    url = `http://127.0.0.1:${await listenOnLoopback(server, 0)}/`;
  });
  afterEach(async () => {
    await frames.close();
    await closeServer(server);
    plugin.close();
  });

  /** Offers until the proxy's own reader has been let in, which is when pictures are made. */
  const encoding = async (mark: number) => {
    while (native.encodes.length === 0) {
      frames.offer("c", "remote", countedFrame(mark));
      await settled();
    }
  };
  const show = async (mark: number) => {
    await encoding(mark);
    next(native.encodes).finish();
  };

  test("comes picture by picture, and its stream ends when the reader goes", async () => {
    const viewer = startMjpegViewer(url);
    await show(1);
    assert.equal((await viewer.next()).bytes.toString(), "picture1");
    viewer.leave();
    assert.equal(await outcome, "ended");
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
  });

  test("ends with the call", async () => {
    const viewer = startMjpegViewer(url);
    await show(1);
    await viewer.next();
    frames.endCall("c");
    await viewer.closed;
    assert.equal(await outcome, "ended");
  });

  test("a call that ends before its first picture is answered without one", async () => {
    const viewer = startMjpegViewer(url);
    await encoding(1);
    frames.endCall("c");
    next(native.encodes).finish();
    await assert.rejects(viewer.answered, /HTTP 204/);
    assert.equal(await outcome, "ended");
  });

  test("a reader that leaves before the first picture leaves no stream", async () => {
    const viewer = startMjpegViewer(url);
    await encoding(1);
    viewer.leave();
    next(native.encodes).finish();
    assert.equal(await outcome, "ended");
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
  });

  test("a plugin that hangs is not waited for, and leaves no stream", async () => {
    const silent = createServer().on("checkContinue", () => undefined);
    elsewhere = { url: `http://127.0.0.1:${await listenOnLoopback(silent, 0)}/` };
    await assert.rejects(startMjpegViewer(url).answered, /HTTP 500/);
    assert.match(String(await outcome), /took no request for pictures in 5000 ms/);
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
    await closeServer(silent);
  });

  test("a plugin that breaks off resets the reader's connection, so that no browser takes it for an end", async () => {
    const dying = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=b" });
      response.write("--b\r\nContent-Type: image/jpeg\r\n\r\npicture");
      setImmediate(() => response.destroy());
    });
    elsewhere = { url: `http://127.0.0.1:${await listenOnLoopback(dying, 0)}/` };
    const { port } = new URL(url);
    const reader = connect(Number(port), "127.0.0.1", () =>
      reader.write("GET / HTTP/1.1\r\nHost: b\r\n\r\n"),
    );
    reader.resume();
    const [error] = (await once(reader, "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNRESET");
    assert.equal(await outcome, "ended");
    await closeServer(dying);
  });

  test("a plugin that refuses is an answer in words, and leaves no stream", async () => {
    origin = "http://127.0.0.1:1";
    await assert.rejects(startMjpegViewer(url).answered, /HTTP 500/);
    const error = await outcome;
    assert.ok(
      error instanceof RequestError && /refused its pictures: 403/.test(error.message),
      String(error),
    );
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
  });
});
