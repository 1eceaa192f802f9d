// The MJPEG proxy: passes frames on, and ends with the client and with the call.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import { createFrames } from "../../../plugin/frames/create-frames.ts";
import type { Frames } from "../../../plugin/frames/frames.ts";
import { sendMjpeg } from "../../../plugin/host/goop-api/mjpeg-proxy.ts";
import { RequestError } from "../../../plugin/host/goop-api/request-body.ts";
import { closeServer, listenOnLoopback } from "../../../plugin/http/loopback.ts";
import type { HostLink } from "../../../plugin/rpc/host-link.ts";
import { linkInMemory } from "../../../plugin/rpc/memory-pair.ts";
import { PAGE_ORIGIN, startMjpegViewer } from "../../support/browser/frame-viewers.ts";
import { countedFrame, FakeNative, next, settled } from "../../support/fakes/fake-frames.ts";
import { handlersWith, notificationsWith } from "../../support/fakes/handlers.ts";

describe("the MJPEG proxy", { timeout: 30_000 }, () => {
  let frames: Frames;
  let native: FakeNative;
  let plugin: HostLink;
  let url: string;
  let origin: string;
  let server: ReturnType<typeof createServer>;
  let outcome: Promise<unknown>;
  let override: { url?: string };
  beforeEach(async () => {
    override = {};
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
        "frames.subscribe": async (params) => ({ ...(await frames.subscribe(params)), ...override }),
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

  /** Offers frames until the proxy's client is connected, because only then they are encoded. */
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

  test("passes on each frame, and its stream ends when the client leaves", async () => {
    const client = startMjpegViewer(url);
    await show(1);
    assert.equal((await client.next()).bytes.toString(), "picture1");
    client.leave();
    assert.equal(await outcome, "ended");
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
  });

  test("ends with the call", async () => {
    const client = startMjpegViewer(url);
    await show(1);
    await client.next();
    frames.endCall("c");
    await client.closed;
    assert.equal(await outcome, "ended");
  });

  test("answers 204 for a call that ends before its first frame", async () => {
    const client = startMjpegViewer(url);
    await encoding(1);
    frames.endCall("c");
    next(native.encodes).finish();
    await assert.rejects(client.answered, /HTTP 204/);
    assert.equal(await outcome, "ended");
  });

  test("leaves no stream when the client leaves before the first frame", async () => {
    const client = startMjpegViewer(url);
    await encoding(1);
    client.leave();
    next(native.encodes).finish();
    assert.equal(await outcome, "ended");
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
  });

  test("gives up a plugin that hangs, and leaves no stream", async () => {
    const silent = createServer().on("checkContinue", () => undefined);
    override = { url: `http://127.0.0.1:${await listenOnLoopback(silent, 0)}/` };
    await assert.rejects(startMjpegViewer(url).answered, /HTTP 500/);
    assert.match(String(await outcome), /accepted no request for frames within 5000 ms/);
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
    await closeServer(silent);
  });

  test("resets the client's connection when the plugin dies, so that no browser takes it for the end", async () => {
    const dying = createServer((_request, response) => {
      response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=b" });
      response.write("--b\r\nContent-Type: image/jpeg\r\n\r\npicture");
      setImmediate(() => response.destroy());
    });
    override = { url: `http://127.0.0.1:${await listenOnLoopback(dying, 0)}/` };
    const { port } = new URL(url);
    const socket = connect(Number(port), "127.0.0.1", () =>
      socket.write("GET / HTTP/1.1\r\nHost: b\r\n\r\n"),
    );
    socket.resume();
    const [error] = (await once(socket, "error")) as [NodeJS.ErrnoException];
    assert.equal(error.code, "ECONNRESET");
    assert.equal(await outcome, "ended");
    await closeServer(dying);
  });

  test("reports a plugin that refuses, and leaves no stream", async () => {
    origin = "http://127.0.0.1:1";
    await assert.rejects(startMjpegViewer(url).answered, /HTTP 500/);
    const error = await outcome;
    assert.ok(error instanceof RequestError && /refused its frames: 403/.test(error.message), String(error));
    assert.throws(() => frames.unsubscribe("s1"), /no stream s1/);
  });
});
