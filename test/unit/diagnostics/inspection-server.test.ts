// The inspection server: who may connect, what a client can do, and when the connection ends.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { createWebSocketReceiver, type StatelyInspectionEvent } from "@statelyai/inspect";
import { createActor } from "xstate";
import { ChartFeed } from "../../../plugin/diagnostics/chart-feed.ts";
import { createInspection, type Inspection } from "../../../plugin/diagnostics/inspection.ts";
import { listRunning } from "../../../plugin/diagnostics/runtime-file.ts";
import { type RpcError, timeoutsSchema } from "../../../rpc-schema/index.ts";
import { callManagerMachine } from "../../../statecharts/index.ts";
import {
  type InspectionClient,
  linkOf,
  openInspectionClient,
  tryToOpen,
} from "../../support/charts/inspection-client.ts";

const manager = createActor(callManagerMachine, { input: { timeouts: timeoutsSchema.parse({}) } });
const feed = new ChartFeed({ roots: [manager], now: Date.now });
let folder: string;
let isDebugging = true;
let inspection: Inspection;
const sockets: InspectionClient[] = [];
const bundled: boolean[] = [];

before(() => void manager.start());
after(() => void manager.stop());
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), "goop-inspect-")), "goop-call-plugin");
  inspection = createInspection({
    feed,
    folder,
    version: "1.2.3",
    refusals: () => [],
    settings: () => ({ debugging: isDebugging }),
    async bundle({ masked }) {
      bundled.push(masked);
      return { path: "/bundle.json", bytes: 2 };
    },
    log: () => undefined,
  });
});
afterEach(async () => {
  await inspection.close();
  for (const socket of sockets.splice(0)) await socket.end();
  rmSync(join(folder, ".."), { recursive: true });
});

/** Changes the setting, and waits until the server has followed it. */
async function set(debugging: boolean) {
  isDebugging = debugging;
  inspection.follow(debugging, "Alice");
  const [running] = await settled(([found]) => found !== undefined && (found.watch !== null) === debugging);
  return running;
}

async function settled(holds: (running: ReturnType<typeof listRunning>) => boolean) {
  for (;;) {
    const running = listRunning(folder);
    if (holds(running)) return running;
    await new Promise(setImmediate);
  }
}

async function open() {
  const running = await set(true);
  assert.ok(running?.watch);
  return running.watch;
}

async function connect(pageUrl: string): Promise<InspectionClient> {
  const socket = await openInspectionClient(pageUrl);
  sockets.push(socket);
  return socket;
}

async function get(pageUrl: string, headers: Record<string, string> = {}): Promise<number> {
  const { hostname, port, pathname } = new URL(pageUrl);
  const asked = request({ host: hostname, port, path: pathname, headers }).end();
  const [response] = await once(asked, "response");
  response.resume();
  return response.statusCode;
}

describe("the inspection server", () => {
  test("runs exactly while the setting `debugging` is on, with a new token each time", async () => {
    assert.equal((await set(false))?.watch, null);
    const first = await open();
    const second = await open();
    assert.deepEqual(second, first);
    const client = await connect(first.pageUrl);
    const off = await set(false);
    assert.deepEqual([off?.label, off?.version, off?.watch], ["Alice", "1.2.3", null]);
    await client.closed;
    await assert.rejects(get(first.pageUrl), { code: "ECONNREFUSED" });
    const third = await open();
    assert.notEqual(new URL(third.pageUrl).hash, new URL(first.pageUrl).hash);
    await inspection.close();
    await assert.rejects(get(third.pageUrl), { code: "ECONNREFUSED" });
    assert.deepEqual(listRunning(folder), []);
  });

  test("writes its address for its user alone", async () => {
    await open();
    assert.equal(statSync(folder).mode & 0o777, 0o700);
    assert.equal(statSync(join(folder, `${process.pid}.json`)).mode & 0o777, 0o600);
  });

  test("serves the chart viewer with a strict policy, and only under its own host name", async () => {
    const { pageUrl } = await open();
    assert.match(pageUrl, /^http:\/\/127\.0\.0\.1:\d+\/charts#token=[\w-]{32}$/);
    assert.equal(await get(pageUrl), 200);
    assert.equal(await get(pageUrl, { host: "evil.example" }), 403);
    assert.equal(await get(pageUrl.replace("/charts", "/etc/passwd")), 404);
  });

  test("refuses a socket without the token, from another origin, or under another host name", async () => {
    const { pageUrl, statelyUrl } = await open();
    const { url, origin, protocols } = linkOf(pageUrl);
    const [protocol = ""] = protocols;
    const host = new URL(url).host;
    const evil = { origin: "http://evil.example" };
    const rebound = { origin, headers: { host: "evil.example" } };
    assert.equal(await tryToOpen(url, protocols, { origin }), "open");
    assert.equal(await tryToOpen(url, [protocol], { origin }), 401);
    assert.equal(await tryToOpen(url, [protocol, `token.${"A".repeat(32)}`], { origin }), 401);
    assert.equal(await tryToOpen(url, protocols, evil), 403);
    assert.equal(await tryToOpen(url, protocols), 403);
    assert.equal(await tryToOpen(url, protocols, rebound), 403);
    assert.equal(await tryToOpen(`ws://${host}/other`, protocols, { origin }), 404);
    assert.equal(await tryToOpen(statelyUrl, []), "open");
    assert.equal(await tryToOpen(statelyUrl, [], { origin: "http://localhost:8080" }), "open");
    assert.equal(await tryToOpen(`ws://${host}/stately?token=${"A".repeat(32)}`, []), 401);
    assert.equal(await tryToOpen(`ws://${host}/stately`, []), 401);
    assert.equal(await tryToOpen(statelyUrl, [], evil), 403);
    assert.equal(await tryToOpen(statelyUrl, [], { headers: { host: "evil.example" } }), 403);
  });

  test("answers read-only methods and no others", async () => {
    const client = await connect((await open()).pageUrl);
    const { result } = await client.ask("charts.list");
    const { charts } = result as { charts: { id: string }[] };
    assert.deepEqual(charts.map(({ id }) => id).sort(), [
      "adapt",
      "attach",
      "call",
      "callManager",
      "link",
      "media",
      "preview",
    ]);
    assert.deepEqual((await client.ask("debug.bundle")).result, { path: "/bundle.json", bytes: 2 });
    assert.deepEqual(bundled, [true]);
    for (const method of ["call.start", "settings.update", "shutdown", "exit", "call.snapshot", "nothing"]) {
      assert.equal((await client.ask(method)).error?.data?.name, "methodNotFound", method);
    }
    assert.equal((await client.ask("debug.bundle", { masked: 1 })).error?.data?.name, "invalidParams");
    assert.equal((await client.sendRaw("{")).error?.data?.name, "invalidRequest");
  });

  test("refuses a request between the end of the setting and its own end", async () => {
    const client = await connect((await open()).pageUrl);
    isDebugging = false;
    const kind: RpcError["kind"] = "debuggingOff";
    assert.equal((await client.ask("charts.subscribe")).error?.data?.name, kind);
  });

  test("gives each client its own subscription, which does not depend on other clients", async () => {
    const { pageUrl } = await open();
    const [one, other] = [await connect(pageUrl), await connect(pageUrl)];
    const isSeen = (selfId: string) => (entries: InspectionClient["entries"]) =>
      entries.some((entry) => entry.kind === "step" && entry.changed.selfId === selfId);
    await one.ask("charts.subscribe");
    manager.send({ type: "signalling.ready", selfId: "first" });
    await one.until(isSeen("first"));
    await other.ask("charts.subscribe");
    await other.until(isSeen("first"));
    assert.deepEqual(
      other.entries.slice(0, 2).map(({ kind }) => kind),
      ["actor", "step"],
    );
    await one.end();
    manager.send({ type: "signalling.ready", selfId: "second" });
    await other.until(isSeen("second"));
    await other.ask("charts.unsubscribe");
  });

  test("serves the protocol of the Stately inspector", async () => {
    const { statelyUrl } = await open();
    const received: StatelyInspectionEvent[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    createWebSocketReceiver({ server: statelyUrl }).subscribe((event) => {
      received.push(event);
      if (event.type === "@xstate.snapshot" && event.event.type === "signalling.ready") resolve();
      if (event.type === "@xstate.snapshot" && event.event.type === "xstate.init") {
        manager.send({ type: "signalling.ready", selfId: "third" });
      }
    });
    await promise;
    assert.deepEqual(
      received.map(({ type, sessionId, rootId }) => [type, sessionId, rootId]),
      [
        ["@xstate.actor", "callManager", "callManager"],
        ["@xstate.snapshot", "callManager", "callManager"],
        ["@xstate.event", "callManager", "callManager"],
        ["@xstate.snapshot", "callManager", "callManager"],
      ],
    );
    const [actor] = received;
    assert.ok(actor?.type === "@xstate.actor" && actor.definition);
    assert.equal(JSON.parse(actor.definition).id, "callManager");
  });

  test("logs a failure to write its address, and the plugin continues", async () => {
    writeFileSync(folder, "");
    const { promise, resolve } = Promise.withResolvers<string>();
    inspection = createInspection({
      feed,
      folder,
      version: "1.2.3",
      refusals: () => [],
      settings: () => ({ debugging: true }),
      bundle: () => Promise.reject(new Error("not asked for")),
      log: (level, message) => resolve(`${level}: ${message}`),
    });
    inspection.follow(true, "Alice");
    assert.match(await promise, /^warn: `inspect` cannot connect: a file of this name exists \(EEXIST\)/);
  });
});
