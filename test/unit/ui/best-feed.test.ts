// How the page chooses between the plugin's socket and data URLs over the link: real sockets, and a link that answers as plugins
// and hosts do.

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { afterEach, beforeEach, describe, test } from "node:test";
import { type WebSocket as ServerSocket, WebSocketServer } from "ws";
import { LinkError } from "../../../plugin/ui/link/page-link.ts";
import { openBestFeed } from "../../../plugin/ui/video/best-feed.ts";
import type { FrameLink, IncomingFrame } from "../../../plugin/ui/video/frame-feed.ts";
import type { OpenStream } from "../../../plugin/ui/video/stream-subscription.ts";
import { findFreePort, listenOnLoopback } from "../../support/network/loopback.ts";

/** A frame as the plugin's socket sends it. */
function message(seq: number, jpeg: readonly number[]): Buffer {
  const head = Buffer.alloc(16);
  head.writeUInt32BE(seq, 0);
  head.writeDoubleBE(5, 4);
  head.writeUInt16BE(64, 12);
  head.writeUInt16BE(48, 14);
  return Buffer.concat([head, Buffer.from(jpeg)]);
}

type Answer = { stream: string; url?: string } | LinkError;

class AnsweringLink implements FrameLink {
  /** Methods with the delivery or the stream, in order. */
  readonly sent: string[] = [];
  readonly handlers = new Map<string, (frame: never) => void>();
  /** The answer to a subscription with the delivery `websocket`. */
  served: Answer = { stream: "w" };
  line: Answer = { stream: "s" };

  async request(method: string, params: object): Promise<never> {
    const { delivery = "stdio", stream } = params as { delivery?: string; stream?: string };
    this.sent.push(`${method.replace("frames.", "")} ${stream ?? delivery}`);
    const answer = delivery === "websocket" ? this.served : this.line;
    if (method === "frames.subscribe" && answer instanceof LinkError) throw answer;
    return answer as never;
  }
  notify(_method: string, { stream, seq }: { stream: string; seq: number }): void {
    this.sent.push(`ack ${stream} ${seq}`);
  }
  onFrame(stream: string, handler: (frame: never) => void): () => void {
    this.handlers.set(stream, handler);
    return () => this.handlers.delete(stream);
  }
}

const OPTIONS = { callId: "c", source: "remote", maxWidth: 640, maxFps: undefined } as const;

describe("the page's choice of a delivery", () => {
  let http: Server;
  let sockets: WebSocketServer;
  let url: string;
  let link: AnsweringLink;
  let frames: IncomingFrame[];
  let onFrame: () => void;
  let losses: number;
  let onLoss: () => void;
  const opened: OpenStream[] = [];
  beforeEach(async () => {
    http = createServer();
    sockets = new WebSocketServer({ server: http });
    url = (await listenOnLoopback(http)).replace("http", "ws");
    link = new AnsweringLink();
    link.served = { stream: "w", url };
    frames = [];
    losses = 0;
    onFrame = () => undefined;
    onLoss = () => undefined;
  });
  afterEach(async () => {
    for (const stream of opened.splice(0)) await stream.close();
    for (const socket of sockets.clients) socket.terminate();
    sockets.close();
    http.close();
  });

  const open = async (): Promise<void> => {
    const stream = await openBestFeed(
      link,
      OPTIONS,
      (frame) => {
        frames.push(frame);
        onFrame();
      },
      () => {
        losses += 1;
        onLoss();
      },
    );
    opened.push(stream);
  };
  const accepted = () => new Promise<ServerSocket>((resolve) => sockets.once("connection", resolve));
  const lost = () => new Promise<void>((resolve) => (onLoss = resolve));

  test("takes the plugin's socket, and acknowledges over it", async () => {
    const connecting = accepted();
    const framed = new Promise<void>((resolve) => (onFrame = resolve));
    await open();
    const socket = await connecting;
    socket.send(message(7, [1, 2, 3]));
    await framed;
    const [frame] = frames;
    assert.deepEqual(
      [frame?.stream, frame?.seq, frame?.capturedAt, frame?.width, frame?.height],
      ["w", 7, 5, 64, 48],
    );
    assert.ok(frame?.data instanceof Blob);
    assert.deepEqual([...new Uint8Array(await frame.data.arrayBuffer())], [1, 2, 3]);
    const acknowledged = new Promise<Buffer>((resolve) => socket.once("message", resolve));
    frame.acknowledge();
    assert.equal((await acknowledged).readUInt32BE(0), 7);
    assert.deepEqual(link.sent, ["subscribe websocket"]);
  });

  for (const [what, served] of [
    [
      "refuses the delivery, as without page origins",
      new LinkError("invalidParams", "delivery: expected stdio"),
    ],
    ["gives an address that is none", { stream: "w", url: "not an address" }],
  ] as const) {
    test(`takes data URLs when the plugin ${what}`, async () => {
      link.served = served;
      await open();
      assert.equal(link.sent.at(-1), "subscribe stdio");
      assert.deepEqual([...link.handlers.keys()], ["s"]);
    });
  }

  test("takes data URLs when nothing listens where the page looks, and ends the stream that it does not use", async () => {
    link.served = { stream: "w", url: `ws://127.0.0.1:${await findFreePort()}/` };
    await open();
    assert.deepEqual(link.sent, ["subscribe websocket", "unsubscribe w", "subscribe stdio"]);
    assert.equal(losses, 0);
  });

  test("takes data URLs when the socket neither opens nor fails", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    sockets.close();
    const asked = new Promise<void>((resolve) => http.once("upgrade", () => resolve()));
    const opening = open();
    await asked;
    t.mock.timers.tick(1_500);
    await opening;
    assert.deepEqual(link.sent, ["subscribe websocket", "unsubscribe w", "subscribe stdio"]);
    http.closeAllConnections();
  });

  test("takes the stream of a plugin that knows no other delivery as it is", async () => {
    link.served = { stream: "s9" };
    await open();
    assert.deepEqual(link.sent, ["subscribe websocket"]);
    assert.deepEqual([...link.handlers.keys()], ["s9"]);
  });

  test("does not ask for the socket again on a link where data URLs replaced it", async () => {
    link.served = new LinkError("invalidParams", "delivery");
    await open();
    link.served = { stream: "w", url };
    await open();
    assert.deepEqual(link.sent, ["subscribe websocket", "subscribe stdio", "subscribe stdio"]);
    const other = new AnsweringLink();
    other.served = { stream: "w", url };
    opened.push(
      await openBestFeed(
        other,
        OPTIONS,
        () => undefined,
        () => undefined,
      ),
    );
    assert.deepEqual(other.sent, ["subscribe websocket"]);
  });

  test("does not blame the socket for a call that is over", async () => {
    link.served = { stream: "w", url: `ws://127.0.0.1:${await findFreePort()}/` };
    link.line = new LinkError("unknownCall", "call c has ended");
    await assert.rejects(open(), { kind: "unknownCall" });
    link.served = { stream: "w", url };
    await open();
    assert.equal(link.sent.at(-1), "subscribe websocket");
  });

  test("passes on a refusal that says nothing about the delivery", async () => {
    link.served = new LinkError("tooManyStreams", "call c has 16 streams");
    await assert.rejects(open(), { kind: "tooManyStreams" });
    assert.deepEqual(link.sent, ["subscribe websocket"]);
  });

  test("reports each lost socket, and gives it up after three without a frame", async () => {
    for (let time = 1; time <= 3; time += 1) {
      const connecting = accepted();
      await open();
      const ended = lost();
      (await connecting).terminate();
      await ended;
      assert.equal(losses, time);
    }
    await open();
    assert.equal(link.sent.at(-1), "subscribe stdio");
  });

  test("keeps to a socket that is lost again and again after a frame", async () => {
    for (let time = 1; time <= 4; time += 1) {
      const connecting = accepted();
      await open();
      const framed = new Promise<void>((resolve) => (onFrame = resolve));
      const socket = await connecting;
      socket.send(message(time, [1]));
      await framed;
      const ended = lost();
      socket.terminate();
      await ended;
    }
    await open();
    assert.equal(link.sent.at(-1), "subscribe websocket");
  });
});
