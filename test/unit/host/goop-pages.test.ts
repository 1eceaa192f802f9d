// Who may use the proxied pages of Goop², who makes the calls there, and what the sites of peers may do.

import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:http";
import { after, before, beforeEach, describe, test } from "node:test";
import { html, NAVIGATION, PAGE, ProxiedGoop } from "../../support/fakes/proxied-goop.ts";

describe("the proxied pages of Goop²", { timeout: 240_000 }, () => {
  let proxied: ProxiedGoop;
  before(async () => {
    proxied = await ProxiedGoop.start();
  });
  beforeEach(() => proxied.reset());
  after(() => proxied.close());

  describe("access", () => {
    test("the printed address gives a cookie that scripts cannot read, and a page without the token in its address", async () => {
      const { statusCode, headers } = await proxied.ask(proxied.pages.url, { cookie: "" });
      assert.equal(statusCode, 303);
      assert.equal(headers.location, "/");
      assert.match(String(headers["set-cookie"]), /; Path=\/; HttpOnly; SameSite=Strict$/);
      assert.equal(await proxied.statusOf("/goop-call/enter?token=wrong", { cookie: "" }), 401);
      assert.equal(await proxied.statusOf("/goop-call/enter", { cookie: "" }), 401);
    });

    for (const [what, headers, status] of [
      ["without the cookie", { cookie: "" }, 401],
      ["with a wrong token", { cookie: "goop-call-1=x" }, 401],
      ["for another host", { host: "evil.example" }, 403],
      ["of another origin", { origin: "http://evil.example" }, 403],
      ["of a sandboxed page", { origin: "null" }, 403],
      ["of a page at another port", { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors" }, 403],
      ["of a foreign page", { "sec-fetch-site": "cross-site" }, 403],
      [
        "to show the page in another page's frame",
        { "sec-fetch-site": "same-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" },
        403,
      ],
    ] as const) {
      test(`a request ${what} never reaches Goop² or the host`, async () => {
        for (const path of ["/peers", "/api/call/active", "/goop-call/ui/main.ts", "/p/x/"]) {
          assert.equal(await proxied.statusOf(path, headers), status, path);
        }
        assert.equal(await proxied.connect("/echo", { headers }), status);
        assert.deepEqual([proxied.seen, proxied.called], [[], []]);
      });
    }

    test("a WebSocket without an origin is refused", async () => {
      assert.equal(await proxied.connect("/echo", { headers: { origin: "" } }), 403);
      assert.equal(await proxied.connect("/echo"), "echo hello");
    });

    test("a request line that names another host is refused", async () => {
      const { port } = new URL(proxied.pages.origin);
      const outgoing = request({
        host: "127.0.0.1",
        port,
        path: "http://evil.example/peers",
        headers: { cookie: proxied.cookie, host: `127.0.0.1:${port}` },
      });
      outgoing.end();
      const [response] = await once(outgoing, "response");
      response.resume();
      assert.equal(response.statusCode, 400);
      assert.deepEqual(proxied.seen, []);
    });

    test("Goop² sees its own host and origin, and never the cookie of the session", async () => {
      const headers = {
        cookie: `theirs=1; ${proxied.cookie}`,
        origin: proxied.pages.origin,
        referer: `${proxied.pages.origin}/peers`,
      };
      assert.equal(await proxied.statusOf("/api/settings/quick", headers, "POST"), 200);
      const [only] = proxied.seen;
      assert.equal(only?.headers.host, proxied.origin.slice("http://".length));
      assert.equal(only?.headers.origin, proxied.origin);
      assert.equal(only?.headers.referer, `${proxied.origin}/peers`);
      assert.equal(only?.headers.cookie, "theirs=1");
    });
  });

  describe("calls", () => {
    test("the call API is answered by the host, and each page can connect to it", async () => {
      assert.equal(await proxied.bodyOf("/api/call/active"), "the host");
      const token = /data-token="([\w-]+)"/.exec(await proxied.bodyOf("/peers", NAVIGATION))?.[1];
      assert.ok(token);
      const link = "/goop-call/link";
      assert.equal(
        await proxied.connect(link, { protocols: ["goop-call.v1", `token.${token}`] }),
        "the host",
      );
      assert.equal(await proxied.connect(link, { protocols: ["goop-call.v1", "token.wrong"] }), 401);
      assert.equal(await proxied.connect("/api/call/media/x"), 501);
      assert.deepEqual(proxied.called, ["/api/call/active"]);
    });

    test("the inserted tag loads a plain script, and the modules that it imports", async () => {
      const path = /<script src="([^"]+)"/.exec(await proxied.bodyOf("/peers", NAVIGATION))?.[1] ?? "";
      const script = await proxied.bodyOf(path);
      assert.doesNotMatch(script, /^(export|import) /m);
      const module = new URL(
        /import\("(\.[^"]+)"\)/.exec(script)?.[1] ?? "",
        new URL(path, proxied.pages.origin),
      );
      const source = await proxied.bodyOf(module.pathname);
      const imports = [...source.matchAll(/^import .* from "(\.[^"]+)";$/gm)].map(([, one = ""]) => one);
      assert.ok(imports.length > 3);
      for (const one of imports)
        assert.equal(await proxied.statusOf(new URL(one, module).pathname), 200, one);
    });
  });

  describe("the sites of peers", () => {
    const framed = {
      "sec-fetch-site": "same-site",
      "sec-fetch-mode": "navigate",
      "sec-fetch-dest": "iframe",
    };

    test("have an origin of their own, in whose pages no script is inserted and no call is possible", async () => {
      const moved = await proxied.ask("/p/peer/index.html?x=1");
      assert.equal(moved.headers.location, `${proxied.pages.sitesOrigin}/p/peer/index.html?x=1`);
      assert.equal(await proxied.bodyOf(`${proxied.pages.sitesOrigin}/p/peer/index.html`, framed), PAGE);
      assert.equal(await proxied.statusOf(`${proxied.pages.sitesOrigin}/sdk/goop-data.js`), 200);
      for (const path of ["/api/call/start", "/goop-call/ui/main.ts"]) {
        assert.equal(await proxied.statusOf(proxied.pages.sitesOrigin + path), 404, path);
      }
      assert.equal(await proxied.connect("/goop-call/link", { origin: proxied.pages.sitesOrigin }), 404);
      assert.equal(await proxied.connect("/echo", { origin: proxied.pages.sitesOrigin }), "echo hello");
    });

    test("appear in a frame of Goop²'s page, and their links to Goop² lead to the calling pages", async () => {
      proxied.answer = html(PAGE, {
        "content-security-policy": "default-src 'none'; frame-ancestors 'self'",
      });
      const site = await proxied.ask(`${proxied.pages.sitesOrigin}/p/peer/`, framed);
      assert.equal(
        site.headers["content-security-policy"],
        `default-src 'none'; frame-ancestors 'self' ${proxied.pages.origin}`,
      );
      const link = await proxied.ask(`${proxied.pages.sitesOrigin}/peers`, NAVIGATION);
      assert.equal(link.headers.location, `${proxied.pages.origin}/peers`);
    });

    test("need the cookie too", async () => {
      assert.equal(await proxied.statusOf(`${proxied.pages.sitesOrigin}/p/peer/`, { cookie: "" }), 401);
    });
  });
});
