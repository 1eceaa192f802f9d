// How an answer of pictures ends: whole for a reader that reads, and in bounded time for one that does not.

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { FrameClient } from "../../../plugin/frames/frame-client.ts";
import { createMjpegClient } from "../../../plugin/frames/mjpeg-client.ts";
import { closeServer, listenOnLoopback } from "../../../plugin/http/loopback.ts";

const HEAD = { seq: 1, capturedAt: 0, width: 4, height: 2 };

describe("an answer of pictures", { timeout: 30_000 }, () => {
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

  test("ends with the newest picture once more and the closing delimiter", async () => {
    const answer = fetch(`http://127.0.0.1:${port}`);
    const reader = await asked;
    const picture = Buffer.from("a longer one");
    await reader.write(HEAD, picture);
    picture.fill("x");
    picture.set(Buffer.from("second"));
    await reader.write(HEAD, picture.subarray(0, 6));
    // The encoder writes its next picture into the same buffer.
    picture.fill("x");
    reader.close();
    reader.close();
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

  test("is cut off for a reader that does not read its end", async () => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    socket.write("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
    const reader = await asked;
    // More than the kernel takes for a connection that nobody reads.
    const writing = reader.write(HEAD, new Uint8Array(16 * 1024 * 1024));
    reader.close();
    await assert.rejects(writing);
    await gone.promise;
    socket.destroy();
  });
});
