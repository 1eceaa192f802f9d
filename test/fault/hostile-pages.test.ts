// Pages of other sites, and other programs, attack every loopback server of two hosts in a call. They are refused and counted.
// The call goes on, and the user's own pages still get in.

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { WebSocket } from "ws";
import { listRunning } from "../../plugin/diagnostics/runtime-file.ts";
import { type GoopPages, startGoopPages } from "../../plugin/host/goop-pages/goop-pages.ts";
import { type Pair, startPair } from "../../plugin/host/pair.ts";
import { openSocket, type TestSocket } from "../support/browser/page-socket.ts";
import {
  ask,
  type Change,
  guessTokens,
  holdSockets,
  requestText,
  type Target,
} from "../support/network/hostile-page.ts";

/** Each for a WebSocket takes a connection. A server answers the others on one connection. */
const GUESSES_OF = { upgrade: 400, plain: 2_800 };
const GUESSES = 10_000;
const SOCKETS = 1_000;
/** The limits of the server of frames and of the inspection server. */
const MAX_DESCRIPTORS = 128 + 64;
/** On a busy machine, few arrive in a second. */
const FRAMES = 10;

const folder = mkdtempSync(join(tmpdir(), "hostile-pages-"));
let pair: Pair;
let page: TestSocket;
let goop: Server;
let goopPages: GoopPages;
let stream: FrameReader;
/** What is open, the newest last. */
const ends: (() => unknown)[] = [() => rmSync(folder, { recursive: true })];
let targets: Target[] = [];
const callId = { value: "" };

/** A page that shows the frames of the call. */
class FrameReader {
  readonly socket: WebSocket;
  readonly arrivedMs: number[] = [];

  constructor(url: string, origin: string) {
    this.socket = new WebSocket(url, { origin });
    this.socket.on("message", (data: Buffer) => {
      this.arrivedMs.push(performance.now());
      this.socket.send(data.subarray(0, 4));
    });
  }

  /** Resolves when so many more have arrived. */
  async frames(count: number): Promise<void> {
    const wanted = this.arrivedMs.length + count;
    while (this.arrivedMs.length < wanted) await once(this.socket, "message");
  }

  /** Frames a second since that moment. */
  rateSince(startMs: number): number {
    const count = this.arrivedMs.filter((at) => at > startMs).length;
    return (1_000 * count) / (performance.now() - startMs);
  }
}

before(async () => {
  process.env.XDG_RUNTIME_DIR = folder;
  const picture = { width: 320, height: 240, fps: 15 };
  pair = await startPair({
    devices: { camera: "test-pattern", microphone: "tone", speaker: "none" },
    settings: { debugging: true, picture },
  });
  ends.push(() => pair.stop());
  const { alice, bob } = pair;
  goop = createServer((_request, response) => response.setHeader("content-type", "text/html").end("Goop²"));
  await once(goop.listen(0, "127.0.0.1"), "listening");
  const { port } = goop.address() as AddressInfo;
  goopPages = await startGoopPages({ goop: new URL(`http://127.0.0.1:${port}`), port: 0 });
  ends.push(
    () => goop.close(),
    () => goopPages.close(),
  );
  goopPages.attach(alice);
  page = await openSocket(alice);
  const other = await openSocket(bob);
  const peerId = bob.state.signalling?.peerId ?? "";
  callId.value = (await page.request("call.start", { peerId, media: "video" })).callId;
  await other.notification("call.incoming");
  await other.request("call.accept", { callId: callId.value });
  await page.notification("call.changed", ({ phase }) => phase === "connected");
  stream = await showFrames();
  ends.push(() => stream.socket.terminate());
  targets = await targetsOf();
});

after(async () => {
  for (const end of ends.reverse()) await end();
});

const originOf = (port: number) => `http://127.0.0.1:${port}`;

async function showFrames(): Promise<FrameReader> {
  const options = {
    source: "remote",
    delivery: "websocket",
    format: "jpeg",
    quality: 50,
    credit: 4,
  } as const;
  const { url = "" } = await page.request("frames.subscribe", { callId: callId.value, ...options });
  const reader = new FrameReader(url, originOf(pair.alice.port));
  await reader.frames(1);
  return reader;
}

const watched = () => {
  const found = listRunning(join(folder, "goop-call-plugin")).find(({ pid }) => pid === pair.alice.pid);
  assert.ok(found?.watch);
  return found.watch;
};

async function targetsOf(): Promise<Target[]> {
  const { alice } = pair;
  const link = (name: string, port: number, token: string): Target => ({
    ...{ name, port, token, isUpgrade: true, path: "/link", origin: originOf(port) },
    headers: { "Sec-WebSocket-Protocol": `goop-call.v1, token.${token}` },
  });
  const frames = new URL(stream.socket.url);
  const inspected = new URL(watched().pageUrl);
  const stately = new URL(watched().statelyUrl);
  const entered = await fetch(goopPages.url, { redirect: "manual" });
  const cookie = entered.headers.get("set-cookie")?.split(";")[0] ?? "";
  const proxied = (name: string, origin: string): Target => ({
    ...{ name, port: Number(new URL(origin).port), origin, isUpgrade: false, path: "/p/x" },
    headers: { Cookie: cookie },
    token: cookie.split("=")[1] ?? "",
  });
  return [
    link("the page server", alice.port, alice.token),
    {
      ...{ name: "the call API", port: alice.port, origin: originOf(alice.port), isUpgrade: false },
      ...{
        path: "/api/call/active",
        headers: { Authorization: `Bearer ${alice.token}` },
        token: alice.token,
      },
    },
    {
      ...{ name: "the server of frames", port: Number(frames.port), origin: originOf(alice.port) },
      ...{ isUpgrade: true, path: frames.pathname + frames.search, headers: {} },
      token: frames.searchParams.get("token") ?? "",
    },
    link("the inspection server", Number(inspected.port), inspected.hash.slice("#token=".length)),
    {
      ...{
        name: "the Stately inspector",
        port: Number(stately.port),
        origin: "",
        isUpgrade: true,
        headers: {},
      },
      ...{ path: stately.pathname + stately.search, token: stately.searchParams.get("token") ?? "" },
    },
    proxied("the pages of Goop²", goopPages.origin),
    proxied("the sites of peers", goopPages.sitesOrigin),
  ];
}

/** Everything that Alice's servers refused so far. */
async function refusals(): Promise<{ refused: number; closed: number }> {
  const { refusals: list } = await pair.alice.plugin.request("debug.refusals", {});
  const of = (name: string) => list.find(({ reason }) => reason === name)?.count ?? 0;
  const hosts = [pair.alice.turnedAway(), goopPages.turnedAway()];
  return {
    refused: of("page") + hosts.reduce((sum, { refused }) => sum + refused, 0),
    closed: of("pageConnection") + hosts.reduce((sum, { closed }) => sum + closed, 0),
  };
}

const pid = () => pair.alice.pid ?? 0;
const descriptors = () => readdirSync(`/proc/${pid()}/fd`).length;
const memoryMb = () =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid()}/status`, "utf8"))?.[1]) / 1024;

/** Frames that the other side's camera has sent us, at the time of the last measurement. */
async function received(): Promise<{ frames: number; at: number }> {
  const { at, frames } = await page.notification("call.statistics");
  return { frames: frames.received, at };
}

interface Shares {
  readonly received: number;
  readonly shown: number;
}

/**
 * Runs the attack while frames flow.
 * @returns frames a second during it, as a part of those before and after; of both the smaller, as others use the machine too
 */
async function shareDuring(attack: () => Promise<void>): Promise<Shares> {
  const quietly = () => ratesOf(() => stream.frames(FRAMES));
  const before = await quietly();
  const during = await ratesOf(async () => {
    await attack();
    await stream.frames(FRAMES);
  });
  const after = await quietly();
  const of = (rate: keyof Shares) => during[rate] / Math.min(before[rate], after[rate]);
  return { received: of("received"), shown: of("shown") };
}

async function ratesOf(work: () => Promise<void>): Promise<Shares> {
  const first = await received();
  const startMs = performance.now();
  await work();
  const shown = stream.rateSince(startMs);
  const last = await received();
  return { received: (last.frames - first.frames) / (last.at - first.at), shown };
}

describe("a hostile page in the middle of a call", { timeout: 400_000 }, () => {
  test("that has even the token is refused under another name or origin", async () => {
    const changes: readonly [string, Change & { address?: string }][] = [
      ["its own name", { host: "evil.example" }],
      ["a name that was rebound", { host: "127.0.0.1.nip.io" }],
      ["a name that begins like an address", { host: "127.evil.example" }],
      ["the same name as its origin", { host: "evil.example", origin: "http://evil.example" }],
      ["no name", { host: "" }],
      ["the port of another server", { host: "127.0.0.1:1" }],
      ["0.0.0.0", { host: "0.0.0.0", address: "0.0.0.0" }],
      ["the origin of its site", { origin: "https://evil.example" }],
      ["the origin of a sandbox", { origin: "null" }],
    ];
    for (const target of targets) {
      for (const [what, { address, ...change }] of changes) {
        const { refused } = await refusals();
        const withPort =
          change.host && !change.host.includes(":") ? { host: `${change.host}:${target.port}` } : {};
        const status = await ask(target.port, requestText(target, { ...change, ...withPort }), address);
        assert.ok([400, 403].includes(status), `${target.name}, ${what}: ${status}`);
        // Node itself refuses a request without Host.
        if (what !== "no name")
          assert.equal((await refusals()).refused, refused + 1, `${target.name}, ${what}`);
      }
    }
  });

  test("that embeds an address of the call API starts no call and changes none", async () => {
    const { alice } = pair;
    const target = targets.find(({ name }) => name === "the call API");
    assert.ok(target);
    const { refused } = await refusals();
    const image = "Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n";
    const form = `Origin: https://evil.example\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n`;
    const host = `HTTP/1.1\r\nHost: 127.0.0.1:${alice.port}\r\nConnection: close\r\n`;
    const paths = ["start?remote_peer=x", "accept", "hangup", "toggle-video"].map(
      (name) => `/api/call/${name}`,
    );
    for (const path of paths) {
      assert.equal(await ask(alice.port, `GET ${path} ${host}${image}\r\n`), 403);
      assert.equal(await ask(alice.port, `POST ${path} ${host}${form}\r\n{}`), 403);
      assert.equal(await ask(alice.port, `POST ${path} ${host}Content-Length: 2\r\n\r\n{}`), 401);
    }
    assert.equal((await refusals()).refused - refused, 3 * paths.length);
    const { calls } = await alice.plugin.request("call.list", {});
    assert.deepEqual(
      calls.map(({ phase }) => phase),
      ["connected"],
    );
  });

  test(`that guesses ${GUESSES} tokens is refused each time and counted, and the call goes on`, async () => {
    const { refused } = await refusals();
    const share = await shareDuring(async () => {
      for (const target of targets) {
        const statuses = await guessTokens(target, GUESSES_OF[target.isUpgrade ? "upgrade" : "plain"]);
        for (const status of statuses.keys())
          assert.ok([401, 403].includes(status), `${target.name}: ${status}`);
        for (const near of [target.token.slice(0, -1), `${target.token}A`, target.token.toLowerCase(), ""]) {
          const status = await ask(target.port, requestText(target, { token: near }));
          assert.ok([401, 403].includes(status), `${target.name}, a token like the right one: ${status}`);
        }
      }
    });
    assert.equal((await refusals()).refused - refused, GUESSES + 4 * targets.length);
    assert.ok(share.received > 0.5, `${share.received} of the frames arrived`);
    assert.ok(share.shown > 0.5, `${share.shown} of the frames were shown`);
  });

  test(`that holds ${SOCKETS} sockets at each server costs little, and keeps out nobody`, async () => {
    const held: Socket[] = [];
    const servers = [...new Map(targets.map((target) => [target.port, target])).values()];
    const open = descriptors();
    const [memory, closed] = [memoryMb(), (await refusals()).closed];
    try {
      const share = await shareDuring(async () => {
        for (const target of servers) held.push(...(await holdSockets(target, SOCKETS)));
      });
      assert.ok(share.received > 0.5, `${share.received} of the frames arrived`);
      assert.ok(share.shown > 0.5, `${share.shown} of the frames were shown`);
      assert.ok(descriptors() - open <= MAX_DESCRIPTORS, `${descriptors() - open} more descriptors`);
      assert.ok(memoryMb() - memory < 64, `${memoryMb() - memory} MB more`);
      assert.ok((await refusals()).closed - closed > SOCKETS);
      for (const target of targets.filter(({ name }) => name !== "the server of frames")) {
        const status = await ask(target.port, requestText(target));
        assert.equal(
          status,
          target.isUpgrade ? 101 : target.name === "the pages of Goop²" ? 302 : 200,
          target.name,
        );
      }
      const another = await showFrames();
      another.socket.terminate();
      const reloaded = await openSocket(pair.alice);
      const { calls } = await reloaded.request("call.list", {});
      assert.deepEqual(
        calls.map(({ phase }) => phase),
        ["connected"],
      );
      reloaded.close();
    } finally {
      for (const socket of held) socket.destroy();
    }
  });
});
