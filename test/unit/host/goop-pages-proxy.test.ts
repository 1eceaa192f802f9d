// What the proxy of Goop²'s pages passes on and what it changes: pages, headers, redirects, streams, uploads and WebSockets.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { text } from "node:stream/consumers";
import { after, before, beforeEach, describe, test } from "node:test";
import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { WebSocket } from "ws";
import { html, NAVIGATION, PAGE, ProxiedGoop } from "../../support/fakes/proxied-goop.ts";

describe("the proxy of Goop²'s pages", { timeout: 240_000 }, () => {
  let proxied: ProxiedGoop;
  before(async () => {
    proxied = await ProxiedGoop.start();
  });
  beforeEach(() => proxied.reset());
  after(() => proxied.close());

  describe("pages", () => {
    test("the script comes first in the head, and links to Goop² stay in the bridge", async () => {
      const port = new URL(proxied.origin).port;
      const links = `<a href="${proxied.origin}/self">a</a><a href="http://localhost:${port}/x">b</a>`;
      const other = `<a href="${proxied.origin}0/self">c</a>`;
      proxied.answer = html(`<html><head lang="x"><script src="/app.js"></script></head>${links}${other}`);
      const body = await proxied.bodyOf("/peers", NAVIGATION);
      assert.match(body, /<head lang="x"><script src="\/goop-call\/[^>]+><\/script><script src="\/app.js">/);
      assert.ok(
        body.endsWith(
          `<a href="${proxied.pages.origin}/self">a</a><a href="${proxied.pages.origin}/x">b</a>${other}`,
        ),
      );
    });

    for (const [encoding, encode] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
      ["br", brotliCompressSync],
      ["zstd", zstdCompressSync],
    ] as const) {
      test(`a page that is compressed with ${encoding} gets the script too`, async () => {
        proxied.answer = html(encode(PAGE), { "content-encoding": encoding, etag: '"1"' });
        const response = await proxied.ask("/peers", NAVIGATION);
        assert.deepEqual(
          [response.headers["content-encoding"], response.headers.etag, response.headers["cache-control"]],
          [undefined, undefined, "no-store"],
        );
        assert.match(await text(response), /<script src="\/goop-call[^<]+<\/script><title>Goop²<.*é<\/body>/);
        assert.equal(proxied.seen[0]?.headers["accept-encoding"], "identity");
      });
    }

    for (const [what, reply, headers] of [
      ["a part of a page that a script fetches", html("<head>x"), { "sec-fetch-mode": "cors" }],
      ["a page in an unknown encoding", html("<head>x", { "content-encoding": "odd" }), NAVIGATION],
      ["a text", html("<head>x", { "content-type": "text/plain" }), NAVIGATION],
      ["a page without a head", html("<header>x"), NAVIGATION],
    ] as const) {
      test(`${what} passes unchanged`, async () => {
        proxied.answer = reply;
        assert.match(await proxied.bodyOf("/x", headers), /^<head(er)?>x$/);
      });
    }

    test("a compressed file passes in its compressed form", async () => {
      const body = gzipSync("body");
      proxied.answer = html(body, { "content-type": "text/javascript", "content-encoding": "gzip" });
      const response = await proxied.ask("/assets/app.js", { "accept-encoding": "gzip" });
      assert.equal(response.headers["content-encoding"], "gzip");
      assert.deepEqual(Buffer.concat(await response.toArray()), body);
    });

    test("tags and addresses that are cut anywhere are found", async () => {
      const body = `<html><head>${"é".repeat(400)}<a href="${proxied.origin}/self">${"x".repeat(700)}`;
      proxied.answer = async (_, response) => {
        response.writeHead(200, { "content-type": "text/html" });
        for (const byte of Buffer.from(body)) {
          await new Promise((done) => response.write(Buffer.of(byte), done));
        }
        response.end();
      };
      const read = await proxied.bodyOf("/peers", NAVIGATION);
      assert.equal(
        read.replace(/<script[^<]+<\/script>/, ""),
        body.replace(proxied.origin, proxied.pages.origin),
      );
      assert.match(read, /^<html><head><script src/);
    });

    test("a content security policy keeps its rules and allows the script, its socket and its frames", async () => {
      const policy = "default-src 'none'; script-src https://a.example; img-src 'self'";
      proxied.answer = html(PAGE, { "content-security-policy": policy });
      const { headers } = await proxied.ask("/peers", NAVIGATION);
      const host = proxied.pages.origin.slice("http://".length);
      assert.equal(
        headers["content-security-policy"],
        `default-src 'none'; script-src https://a.example 'self'; img-src 'self' data:; connect-src 'self' ws://${host}`,
      );
      proxied.answer = html(PAGE, { "content-security-policy": "base-uri 'none'" });
      assert.equal(
        (await proxied.ask("/x", NAVIGATION)).headers["content-security-policy"],
        "base-uri 'none'",
      );
    });

    test("cookies pass, without a domain of their own and never under the session's name", async () => {
      const name = proxied.cookie.split("=")[0];
      proxied.answer = (_, response) => {
        response.writeHead(200, {
          "set-cookie": ["a=1; Path=/", "b=2; Domain=proxied.goop.example", `${name}=stolen`],
        });
        response.end();
      };
      assert.deepEqual((await proxied.ask("/x")).headers["set-cookie"], ["a=1; Path=/", "b=2"]);
    });

    for (const [location, expected] of [
      ["/self#settings", "/self#settings"],
      ["GOOP/groups/hosted?x=1", "/groups/hosted?x=1"],
      ["edit", "/a/edit"],
      ["//evil.example/", undefined],
      ["https://evil.example/", undefined],
      ["GOOP//evil.example/", "//evil.example/"],
    ] as const) {
      test(`a redirect to ${location} ${expected === undefined ? "is refused" : "stays in the bridge"}`, async () => {
        proxied.answer = (_, response) =>
          response.writeHead(302, { location: location.replace("GOOP", proxied.origin) }).end();
        const { statusCode, headers } = await proxied.ask("/a/b");
        if (expected === undefined) assert.deepEqual([statusCode, headers.location], [502, undefined]);
        else assert.deepEqual([statusCode, headers.location], [302, proxied.pages.origin + expected]);
      });
    }
  });

  describe("streams", () => {
    test("each server-sent event passes at once, and Goop² learns that the page has gone", async () => {
      const stream = Promise.withResolvers<ServerResponse>();
      proxied.answer = (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
        stream.resolve(response);
      };
      const events = await proxied.ask("/api/mq/events");
      const upstream = await stream.promise;
      for (const event of ["data: 1\n\n", "data: 2\n\n"]) {
        upstream.write(event);
        assert.equal(String((await once(events, "data"))[0]), event);
      }
      const gone = once(upstream, "close");
      events.destroy();
      await gone;
    });

    test("an answer that Goop² breaks off is broken off for the page too", async () => {
      proxied.answer = (_, response) => {
        response.writeHead(200, { "content-length": "100" }).write("half");
        response.once("drain", () => undefined);
        setImmediate(() => response.destroy());
      };
      await assert.rejects(async () => text(await proxied.ask("/x")), /aborted/);
    });

    test("an upload is not stored in the bridge: it goes on as fast as Goop² reads it", async () => {
      const chunk = Buffer.alloc(1024 * 1024);
      const total = 96 * chunk.length;
      let [written, received, longestLead] = [0, 0, 0];
      proxied.answer = async (incoming, response) => {
        for await (const part of incoming as AsyncIterable<Buffer>) {
          received += part.length;
          longestLead = Math.max(longestLead, written - received);
          // The other sides get turns, as if this one were slow.
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      };
      const headers = { cookie: proxied.cookie };
      const upload = request(new URL("/api/avatar/upload", proxied.pages.origin), {
        method: "POST",
        headers,
      });
      const answered = once(upload, "response");
      for (; written < total; written += chunk.length) {
        if (!upload.write(chunk)) await once(upload, "drain");
      }
      upload.end();
      const [response] = await answered;
      response.resume();
      assert.equal(received, total);
      // Sockets and streams on the way hold some megabytes.
      assert.ok(longestLead < total / 3, `${longestLead} bytes were on the way`);
    });

    test("Goop² that is away is answered with a sentence, and is used again when it is back", async () => {
      proxied.goop.closeAllConnections();
      const { port } = new URL(proxied.origin);
      await new Promise((resolve) => proxied.goop.close(resolve));
      const response = await proxied.ask("/peers");
      assert.equal(response.statusCode, 502);
      assert.match(
        await text(response),
        /^Goop² at http:\/\/127\.0\.0\.1:\d+ does not answer: .*ECONNREFUSED/,
      );
      assert.equal(await proxied.connect("/echo"), 502);
      await once(proxied.goop.listen(Number(port), "127.0.0.1"), "listening");
      assert.equal(await proxied.statusOf("/peers"), 200);
    });

    test("a WebSocket that Goop² resets ends in the page, and the next one works", async () => {
      const taken: Socket[] = [];
      const take = (socket: Socket) => taken.push(socket);
      proxied.goop.on("connection", take);
      const { origin } = proxied.pages;
      const headers = { cookie: proxied.cookie, origin };
      const socket = new WebSocket(new URL("/echo", origin.replace("http", "ws")), { headers });
      await once(socket, "open");
      const closed = once(socket, "close");
      for (const one of taken) one.resetAndDestroy();
      await closed;
      proxied.goop.off("connection", take);
      assert.equal(await proxied.connect("/echo"), "echo hello");
    });

    test("a refused WebSocket has Goop²'s status", async () => {
      assert.equal(await proxied.connect("/nothing"), 400);
    });
  });
});
