// A real plugin gets call messages that are late, duplicated, from other peers, or far too many. Also a page that is reloaded during
// a call.

import "../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
import { type GoopNode, startGoopNode } from "../support/goop-peer/goop-node.ts";
import { type GoopPeer, startGoopPeer } from "../support/goop-peer/goop-peer.ts";
import { PageSession } from "../support/goop-peer/page/page-session.ts";
import { untilPluginStamps } from "../support/goop-peer/plugin-observer.ts";
import {
  connectCall,
  hangUpAll,
  type PluginProcess,
  startPair,
  startPlugin,
} from "../support/plugin/plugin-process.ts";

const FRAMES = 10;
/** Over real streams. test/unit/app/flood.test.ts sends ten times as many in memory. */
const FLOOD = 1_000;
/** Half of the streams that one peer may have open at a time. */
const AT_ONCE = 32;
/** Rings in a row, and refusals in a row and a second (plugin/calls/README.md). */
const MAX_RINGS = 6;
const MAX_REFUSALS = 20;

describe("a page that is reloaded", () => {
  let plugin: PluginProcess;
  let page: GoopPeer;

  before(async () => {
    [plugin, page] = await Promise.all([
      startPlugin({ label: "Plugin" }),
      startGoopPeer({ flavour: "browser", label: "Gustav" }),
    ]);
    await page.node.dial(plugin.address);
    await plugin.next("contacts.changed", ({ contacts }) => contacts.some(({ label }) => label === "Gustav"));
  });
  after(async () => {
    await Promise.all([plugin?.stop(), page?.stop()]);
  });
  afterEach(() => hangUpAll(plugin));

  async function connected(who: "plugin" | "page"): Promise<{ callId: string; session: PageSession }> {
    plugin.clearNotifications();
    const pageCalls = async () => {
      const call = await page.calls.start(plugin.peerId, "video");
      await plugin.next("call.incoming", ({ callId }) => callId === call.channelId);
      await plugin.host.request("call.accept", { callId: call.channelId });
      return call;
    };
    const pluginCalls = async () => {
      const { callId } = await plugin.host.request("call.start", {
        peerId: page.node.peerId,
        media: "video",
      });
      return (await page.nextRing(({ channelId }) => channelId === callId)).accept();
    };
    const session = await (who === "page" ? pageCalls() : pluginCalls());
    assert.ok(session instanceof PageSession);
    await phase(session.channelId, "connected");
    return { callId: session.channelId, session };
  }

  const phase = (callId: string, wanted: string) =>
    plugin.next("call.changed", (call) => call.callId === callId && call.phase === wanted);

  for (const caller of ["plugin", "page"] as const) {
    test(`reconnects a call that the ${caller} started: frames flow both ways on a new connection`, async () => {
      const { callId, session } = await connected(caller);
      for (let times = 0; times < 2; times += 1) {
        plugin.clearNotifications();
        await session.reconnect();
        await phase(callId, "reconnecting");
        await phase(callId, "connected");
        await Promise.all([page.observer.untilStamps(FRAMES), untilPluginStamps(plugin, callId, FRAMES)]);
      }
      const { calls } = await plugin.host.request("call.list", {});
      assert.deepEqual(
        calls.map((call) => [call.callId, call.phase, call.local.camera.state]),
        [[callId, "connected", "live"]],
      );
    });
  }

  test("reconnects although its message arrives twice", async () => {
    const { callId, session } = await connected("plugin");
    plugin.clearNotifications();
    const copy: Signal = { type: "call-reconnect", channelId: callId, mediaType: "video" };
    await Promise.all([session.reconnect(), page.node.send(plugin.peerId, `call:${callId}`, copy)]);
    await phase(callId, "reconnecting");
    await Promise.all([page.observer.untilStamps(FRAMES), untilPluginStamps(plugin, callId, FRAMES)]);
  });

  test("gets a hang-up when its call has ended", async () => {
    const { callId, session } = await connected("plugin");
    await plugin.host.request("call.hangup", { callId });
    await session.ended;
    page.node.log.forget();
    const stale = { type: "call-reconnect", channelId: callId, mediaType: "video" };
    await page.node.send(plugin.peerId, `call:${callId}`, stale);
    await page.node.log.until((log) => log.callPayloads(callId, "call-hangup").length > 0);
  });
});

describe("a peer that is not in the call", () => {
  let pair: Awaited<ReturnType<typeof startPair>>;
  let mallory: GoopNode;

  before(async () => {
    [pair, mallory] = await Promise.all([startPair(), startGoopNode({ label: "Mallory" })]);
    await mallory.dial(pair.alice.address);
  });
  after(async () => {
    await Promise.all([pair?.stop(), mallory?.stop()]);
  });
  afterEach(() => Promise.all([hangUpAll(pair.alice), hangUpAll(pair.bob)]));

  const framesArrive = (callId: string) => untilPluginStamps(pair.alice, callId, FRAMES);

  test("cannot end, answer or reconnect a call whose id it knows", async () => {
    const { alice, bob } = pair;
    const callId = await connectCall(alice, bob);
    alice.clearNotifications();
    const candidate = {
      candidate: "candidate:1 1 udp 1 192.0.2.1 9 typ host",
      sdpMid: "0",
      sdpMLineIndex: 0,
    };
    const messages: Signal[] = [
      { type: "call-request", mediaType: "video" },
      { type: "call-ack", mode: "browser" },
      { type: "call-ringing" },
      { type: "call-offer", sdp: "v=0\r\n" },
      { type: "call-answer", sdp: "v=0\r\n" },
      { type: "ice-candidate", candidate },
      { type: "call-media", microphone: false, camera: false },
      { type: "call-reconnect", channelId: callId, mediaType: "video" },
      { type: "call-reconnect-ack", mode: "browser" },
      { type: "call-hangup" },
    ];
    for (const message of messages) await mallory.send(alice.peerId, `call:${callId}`, message);
    await framesArrive(callId);
    const { calls } = await alice.host.request("call.list", {});
    assert.deepEqual(
      calls.map((call) => [call.callId, call.phase, call.remote.camera]),
      [[callId, "connected", "on"]],
    );
    assert.deepEqual(mallory.log.callPayloads(callId), []);
  });

  /** Sends call requests with distinct ids until `enough` aborts. @returns the duration in seconds */
  async function flood(enough: AbortSignal): Promise<number> {
    const startedAt = performance.now();
    const request = { type: "call-request", mode: "native", platform: "linux", mediaType: "video" };
    let next = 0;
    const send = async (): Promise<void> => {
      for (let n = next++; n < FLOOD || !enough.aborted; n = next++) {
        // The plugin may drop a part of the flood.
        await mallory.send(pair.alice.peerId, `call:flood-${n}`, request).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, send));
    return (performance.now() - startedAt) / 1000;
  }

  test(`and calls more than ${FLOOD} times affects no call in progress, rings a few times, and blocks no other caller`, async () => {
    const { alice, bob } = pair;
    /** A refusal that the busy peer does not acknowledge may come once more. */
    const refusals = () =>
      new Set(
        mallory.log.streams.filter(({ payload }) => isHangup(payload)).map(({ message }) => message.topic),
      ).size;
    const first = await connectCall(alice, bob);
    let rings = 0;
    const off = alice.host.onNotification("call.incoming", ({ callId, peerId }) => {
      if (peerId !== mallory.peerId) return;
      rings += 1;
      alice.host.request("call.reject", { callId }).catch(() => undefined);
    });
    mallory.log.forget();
    const enough = new AbortController();
    const flooding = flood(enough.signal);
    let second: string;
    try {
      await mallory.log.until(() => refusals() >= MAX_REFUSALS, 60_000);
      await framesArrive(first);
      assert.equal(rings, 0);
      alice.clearNotifications();
      await alice.host.request("call.hangup", { callId: first });
      for (let ring = 0; ring < MAX_RINGS; ring += 1) {
        await alice.next("call.ended", ({ peerId }) => peerId === mallory.peerId);
        alice.clearNotifications();
      }
      second = await getThrough(bob, alice);
    } finally {
      enough.abort();
    }
    const seconds = await flooding;
    await framesArrive(second);
    off();
    const { calls } = await alice.host.request("call.list", {});
    assert.deepEqual(
      calls.map((call) => [call.callId, call.phase]),
      [[second, "connected"]],
    );
    assert.ok(rings <= MAX_RINGS + seconds / 10 + 2, `${rings} rings in ${seconds} s`);
    // Each rejected ring sends another hang-up.
    assert.ok(refusals() <= MAX_REFUSALS + seconds + 1 + rings, `${refusals()} refusals in ${seconds} s`);
  });
});

/** Calls until the callee rings. Every ten seconds a call of the flood may ring, which makes the callee busy for a moment. */
async function getThrough(caller: PluginProcess, callee: PluginProcess): Promise<string> {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    caller.clearNotifications();
    const { callId } = await caller.host.request("call.start", { peerId: callee.peerId, media: "video" });
    const outcomes = [
      callee.next("call.incoming", (call) => call.callId === callId),
      caller.next("call.ended", (end) => end.callId === callId),
    ];
    // The other outcome may never happen; its rejection is ignored.
    for (const outcome of outcomes) outcome.catch(() => undefined);
    const first = await Promise.race(outcomes);
    if ("reason" in first) continue;
    await callee.host.request("call.accept", { callId });
    await callee.next("call.changed", (call) => call.callId === callId && call.phase === "connected");
    return callId;
  }
  return assert.fail("busy twenty times");
}

function isHangup(payload: unknown): boolean {
  return (payload as { type?: string } | undefined)?.type === "call-hangup";
}
