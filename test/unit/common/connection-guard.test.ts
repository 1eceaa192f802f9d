// Pages on this machine can connect to a loopback server as often as they like. Their connections do not keep out an authorised
// client, and are counted.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, get } from "node:http";
import { connect, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { loadNative } from "../../../native/index.ts";
import { createFrameServer, type FrameServer } from "../../../plugin/frames/frame-server.ts";
import { ConnectionGuard } from "../../../plugin/http/connection-guard.ts";
import { closeServer, listenOnLoopback } from "../../../plugin/http/loopback.ts";

const MAX = 16;
const ORIGIN = "http://127.0.0.1:8080";

describe("a guarded server", () => {
  const server = createServer((_request, response) => response.end("served"));
  const guard = new ConnectionGuard(server, MAX);
  const sockets: Socket[] = [];
  let port = 0;
  before(async () => {
    port = await listenOnLoopback(server, 0);
  });
  after(async () => {
    for (const socket of sockets) socket.destroy();
    await closeServer(server);
  });

  const hold = async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    sockets.push(socket);
    await once(socket, "connect");
  };

  test("answers a request behind a thousand connections that say nothing", async () => {
    for (let count = 0; count < 1_000; count += 1) await hold();
    const [response] = await once(get({ port, host: "127.0.0.1", agent: false }), "response");
    response.setEncoding("utf8");
    assert.equal((await response.toArray()).join(""), "served");
    assert.ok(guard.counts.closed >= 1_000 - MAX, `${guard.counts.closed} closed`);
  });
});

describe("the server of frames", () => {
  let server: FrameServer;
  let url = "";
  let gone = 0;
  const onGone = () => {
    gone += 1;
  };
  let written: (() => Promise<void>) | undefined;
  before(async () => {
    server = createFrameServer(
      () => [ORIGIN],
      () => loadNative().openResettingListener(),
    );
    url = await server.add("s1", "websocket", (client) => {
      written = () => client.write({ seq: 1, capturedAt: 0, width: 2, height: 2 }, Buffer.from("jpeg"));
      return { onAcknowledge: () => undefined, onGone };
    });
  });
  after(() => server.close());

  const refused = async (address: string, options: { origin?: string; headers?: Record<string, string> }) => {
    const socket = new WebSocket(address, options);
    const [, response] = await once(socket, "unexpected-response");
    response.resume();
    return response.statusCode;
  };

  test("refuses and counts hostile pages, while a page goes on to receive frames", async () => {
    const page = new WebSocket(url, { origin: ORIGIN });
    await once(page, "open");
    const before = server.turnedAway().refused;
    const guessed = url.replace(/token=.*/, `token=${"A".repeat(32)}`);
    assert.equal(await refused(url, { origin: "https://evil.example" }), 403);
    assert.equal(await refused(url, {}), 403, "no page");
    assert.equal(await refused(url, { origin: ORIGIN, headers: { Host: "evil.example" } }), 403, "rebinding");
    for (let guess = 0; guess < 50; guess += 1) assert.equal(await refused(guessed, { origin: ORIGIN }), 403);
    assert.equal(await refused(url, { origin: ORIGIN }), 409, "a second client");
    assert.equal(server.turnedAway().refused - before, 54);
    const { port } = new URL(url);
    const sockets = Array.from({ length: 1_000 }, () =>
      connect(Number(port), "127.0.0.1").on("error", () => undefined),
    );
    await Promise.all(
      sockets.map((socket) => Promise.race([once(socket, "connect"), once(socket, "close")])),
    );
    const frames: number[] = [];
    page.on("message", (data: Buffer) => void frames.push(data.readUInt32BE(0)));
    const message = once(page, "message");
    await written?.();
    await message;
    assert.deepEqual([frames, gone], [[1], 0]);
    for (const socket of sockets) socket.destroy();
    page.terminate();
  });
});
