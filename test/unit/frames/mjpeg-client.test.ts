// The end of an MJPEG response: complete for a client that reads, and within a bounded time for a client that does not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { FrameClient } from "../../../plugin/frames/frame-client.ts";
import { createMjpegClient } from "../../../plugin/frames/mjpeg-client.ts";
import { closeServer, listenOnLoopback } from "../../../plugin/http/loopback.ts";

const HEAD = { seq: 1, capturedAt: 0, width: 4, height: 2 };

describe("an MJPEG response", { timeout: 30_000 }, () => {
  let server: Server;
  let port: number;
  let asked: Promise<FrameClient>;
  let gone: PromiseWithResolvers<void>;
  let timesGone: number;
  beforeEach(async () => {
    gone = Promise.withResolvers();
    timesGone = 0;
    server = createServer();
    asked = once(server, "request").then(([, response]) =>
      createMjpegClient(
        response,
        {},
        {
          onAcknowledge: () => assert.fail(),
          onGone: () => {
            timesGone += 1;
            gone.resolve();
          },
        },
      ),
    );
    port = await listenOnLoopback(server, 0);
  });
  afterEach(() => closeServer(server));

  test("ends with the newest frame again and the closing delimiter", async () => {
    const answer = fetch(`http://127.0.0.1:${port}`);
    const client = await asked;
    const picture = Buffer.from("a longer one");
    await client.write(HEAD, picture);
    picture.fill("x");
    picture.set(Buffer.from("second"));
    await client.write(HEAD, picture.subarray(0, 6));
    // The encoder reuses its buffer for the next frame.
    picture.fill("x");
    client.close();
    client.close();
    const text = await (await answer).text();
    const [before, ...parts] = text.split("--goop-call-picture-7hQ2vN5xK9");
    assert.equal(before, "");
    assert.deepEqual(
      parts.map((part) => part.split("\r\n\r\n").at(-1)),
      ["a longer one\r\n", "second\r\n", "second\r\n", "--\r\n"],
    );
    await gone.promise;
    assert.equal(timesGone, 1);
  });

  test("disconnects a client that does not read the end", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const client = await asked;
    // More than the kernel buffers for an unread connection.
    const writing = client.write(HEAD, new Uint8Array(16 * 1024 * 1024));
    client.close();
    await assert.rejects(writing);
    await gone.promise;
    socket.destroy();
  });
});
