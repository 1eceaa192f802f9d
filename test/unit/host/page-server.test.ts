// Access checks of the page server: files, chart viewer and socket.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { type PageServer, startPageServer } from "../../../plugin/host/page/page-server.ts";

describe("the page server", () => {
  let server: PageServer;
  let opened = 0;
  before(async () => {
    server = await startPageServer(0, () => {
      opened += 1;
    });
  });
  after(() => server.close());

  const get = async (path: string, headers: Record<string, string> = {}, method = "GET") => {
    const outgoing = request({ host: "127.0.0.1", port: server.port, path, headers, method });
    outgoing.end();
    const [response] = await once(outgoing, "response");
    response.resume();
    return response;
  };
  const textOf = async (path: string) => (await fetch(`http://127.0.0.1:${server.port}${path}`)).text();
  /** "open", or the HTTP status of the refusal. */
  const connect = async (protocols: string[], headers: Record<string, string>, path = "/link") => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols, { headers });
    const result = await new Promise<string | number>((resolve) => {
      socket.on("open", () => resolve("open"));
      socket.on("unexpected-response", (_request, response) => resolve(response.statusCode ?? 0));
      socket.on("error", () => undefined);
    });
    socket.terminate();
    return result;
  };
  const own = () => ({ origin: `http://127.0.0.1:${server.port}` });

  test("every module of the page is served, and each public address leads to its module", async () => {
    const modules = await modulesIn(new URL("../../../plugin/ui/", import.meta.url));
    assert.ok(modules.length > 30);
    const shared = ["main.js", "base.css", "http/page-messages.ts"];
    for (const path of ["", ...shared, ...modules].map((name) => `/${name}`)) {
      assert.equal((await get(path)).statusCode, 200, path);
    }
    for (const name of ["goop-call", "canvas-view", "image-view", "link"]) {
      const module = /^export \* from "\.(.+)";\n$/.exec(await textOf(`/${name}.js`))?.[1] ?? "none";
      assert.ok(modules.includes(module.slice(1)), `${name}: ${module}`);
    }
  });

  test("the chart viewer has its page, modules, charts and layout engine, for this machine's own address only", async () => {
    const names = await modulesIn(new URL("../../../statecharts/viewer/", import.meta.url));
    const assets = ["main.js", "viewer.css", "chart.css", "charts.json", "elk-worker.js"];
    for (const path of ["/charts", "/charts/", ...[...names, ...assets].map((name) => `/charts/${name}`)]) {
      const { statusCode, headers } = await get(path);
      assert.equal(statusCode, 200, path);
      assert.match(headers["content-security-policy"] ?? "", /default-src 'none'/, path);
    }
    assert.equal((await get("/charts", { host: "evil.example" })).statusCode, 403);
    for (const path of ["/charts/README.md", "/charts/../package.json", "/describe/none.ts"]) {
      assert.equal((await get(path)).statusCode, 404, path);
    }
  });

  test("modules are served as JavaScript, with a policy that allows only the page itself", async () => {
    const { headers } = await get("/main.js");
    assert.match(headers["content-type"], /^text\/javascript/);
    assert.match(
      headers["content-security-policy"],
      /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/,
    );
    assert.equal(headers["x-content-type-options"], "nosniff");
  });

  test("only the listed files are served, whatever the path", async () => {
    for (const path of [
      "/tsconfig.json",
      "/README.md",
      "/../host/host.ts",
      "/%2e%2e/host/host.ts",
      "//etc/passwd",
    ]) {
      assert.equal((await get(path)).statusCode, 404, path);
    }
  });

  test("a foreign Host header is refused, as after DNS rebinding", async () => {
    assert.equal((await get("/", { host: "evil.example" })).statusCode, 403);
    assert.equal((await get("/", { host: "127.0.0.1" })).statusCode, 403);
  });

  test("only GET is allowed", async () => {
    assert.equal((await get("/", {}, "POST")).statusCode, 405);
  });

  test("the socket opens for the own page with the session's token", async () => {
    const before = opened;
    assert.equal(await connect(["goop-call.v1", `token.${server.token}`], own()), "open");
    assert.equal(opened, before + 1);
  });

  test("the socket stays closed without the token, with a wrong one, or from a foreign page", async () => {
    const good = ["goop-call.v1", `token.${server.token}`];
    assert.equal(await connect(["goop-call.v1"], own()), 401);
    assert.equal(await connect(["goop-call.v1", `token.${server.token.slice(1)}x`], own()), 401);
    assert.equal(await connect(["goop-call.v1", "token."], own()), 401);
    assert.equal(await connect(good, { origin: "http://evil.example" }), 403);
    assert.equal(await connect(good, {}), 403);
    assert.equal(await connect(good, { ...own(), host: "evil.example" }), 403);
    assert.equal(await connect(good, own(), "/other"), 404);
  });
});

/** Paths of all modules below a folder, relative to it. */
async function modulesIn(folder: URL): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".ts"));
}
