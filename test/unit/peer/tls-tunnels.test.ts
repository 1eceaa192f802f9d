// TURN over TLS in Node: what reaches the server of the setting. The loopback port is open to every program and page.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { listenOnLoopback } from "../../../plugin/http/loopback.ts";
import { openTlsTunnels, type TlsTunnels } from "../../../plugin/peer/path/tls-tunnels.ts";

/** An Allocate request without attributes, RFC 8656 section 7.1. */
const ALLOCATE = Buffer.from("000300002112a442000102030405060708090a0b", "hex");
/** Begins as STUN's type and length do. */
const WITHOUT_COOKIE = Buffer.from("0003000000000000", "hex");

/** Plays the TURN server. Nothing here needs its answer. */
let server: Server;
let tunnels: TlsTunnels;
const reached: Socket[] = [];
before(async () => {
  server = createServer((socket) => {
    reached.push(socket);
    socket.on("error", () => socket.destroy());
    server.emit("reached");
  });
  const port = await listenOnLoopback(server, 0);
  tunnels = await openTlsTunnels([{ urls: [`turns:127.0.0.1:${port}`] }]);
});
after(() => {
  tunnels.close();
  for (const socket of reached) socket.destroy();
  server.close();
});

function connectAsEngine(): Socket {
  const url = tunnels.iceServers[0]?.urls[0] ?? "";
  const [, port] = /^turn:127\.0\.0\.1:(\d+)\?transport=tcp$/.exec(url) ?? [];
  const socket = connect(Number(port), "127.0.0.1");
  socket.on("error", () => socket.destroy());
  return socket;
}

for (const [name, first] of [
  ["a page's request", Buffer.from("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")],
  ["bytes without the magic cookie", WITHOUT_COOKIE],
  ["a single byte", Buffer.from([0])],
] as const) {
  test(`${name} reaches no server, and its connection ends`, async () => {
    const socket = connectAsEngine();
    socket.write(first);
    await once(socket, "close");
    assert.equal(reached.length, 0);
  });
}

test("a TURN message reaches the server, also while many idle connections are open", async () => {
  const idle = Array.from({ length: 100 }, connectAsEngine);
  await Promise.all(idle.map((socket) => once(socket, "connect")));
  const engine = connectAsEngine();
  const isReached = once(server, "reached");
  engine.write(ALLOCATE);
  await isReached;
  for (const socket of [...idle, engine]) socket.destroy();
});
