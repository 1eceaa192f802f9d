// The life of a call between real processes: every way to begin and end it, as reported to both hosts.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import type { PluginNotificationParams } from "../../rpc-schema/index.ts";
import {
  connectCall,
  hangUpAll,
  type PluginProcess,
  startPair,
  startPlugin,
} from "../support/plugin/plugin-process.ts";

const SHORT = { requestMs: 5_000, ringMs: 1_500, lostMs: 500, restartMs: 4_000 };

const MAX_CROSSING_ATTEMPTS = 10;

/** Starts two calls that cross. On a busy machine one may ring first, so that the other is refused. Then they start again. */
async function crossingCalls(
  one: PluginProcess,
  other: PluginProcess,
): Promise<[{ callId: string }, { callId: string }]> {
  for (let attempt = 1; ; attempt += 1) {
    one.clearNotifications();
    other.clearNotifications();
    const [first, second] = await Promise.allSettled([
      one.host.request("call.start", { peerId: other.peerId, media: "video" }),
      other.host.request("call.start", { peerId: one.peerId, media: "video" }),
    ]);
    if (first.status === "fulfilled" && second.status === "fulfilled") return [first.value, second.value];
    assert.ok(attempt < MAX_CROSSING_ATTEMPTS, "no two calls crossed");
    const [started] = [first, second].filter((result) => result.status === "fulfilled");
    const caller = started === first ? one : other;
    assert.ok(started?.status === "fulfilled");
    const { callId } = started.value;
    await caller.host.request("call.hangup", { callId });
    await Promise.all([one, other].map((side) => side.next("call.ended", (end) => end.callId === callId)));
  }
}

describe("a call between two processes", () => {
  let alice: PluginProcess;
  let bob: PluginProcess;
  let stop: () => Promise<void>;

  before(async () => {
    ({ alice, bob, stop } = await startPair());
  });
  after(() => stop());
  afterEach(() => Promise.all([hangUpAll(alice), hangUpAll(bob)]));

  async function ring(): Promise<string> {
    alice.clearNotifications();
    bob.clearNotifications();
    const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "video" });
    await bob.next("call.incoming", (call) => call.callId === callId);
    await alice.next("call.changed", (call) => call.callId === callId && call.phase === "ringing");
    return callId;
  }

  async function endings(callId: string) {
    const ofCall = (end: { callId: string }) => end.callId === callId;
    const [a, b] = await Promise.all([alice.next("call.ended", ofCall), bob.next("call.ended", ofCall)]);
    return { alice: [a.reason, a.endedBy], bob: [b.reason, b.endedBy] };
  }

  test("the callee's host gets the caller, and the caller's host gets the phase ringing", async () => {
    alice.clearNotifications();
    bob.clearNotifications();
    const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "audio" });
    const incoming = await bob.next("call.incoming");
    assert.deepEqual(
      [incoming.callId, incoming.peerId, incoming.peerLabel, incoming.media, incoming.direction],
      [callId, alice.peerId, "Alice", "audio", "incoming"],
    );
    await alice.next("call.changed", (call) => call.phase === "ringing");
    await alice.host.request("call.hangup", { callId });
    assert.deepEqual(await endings(callId), {
      alice: ["cancelled", "local"],
      bob: ["cancelled", "remote"],
    });
  });

  test("a rejected call ends as rejected on both sides", async () => {
    const callId = await ring();
    await bob.host.request("call.reject", { callId });
    assert.deepEqual(await endings(callId), { alice: ["rejected", "remote"], bob: ["rejected", "local"] });
  });

  for (const side of ["caller", "callee"] as const) {
    test(`the ${side} hangs up a connected call`, async () => {
      const callId = await connectCall(alice, bob);
      await (side === "caller" ? alice : bob).host.request("call.hangup", { callId });
      const [a, b] = side === "caller" ? ["local", "remote"] : ["remote", "local"];
      assert.deepEqual(await endings(callId), { alice: ["hungUp", a], bob: ["hungUp", b] });
    });
  }

  test("a call without an answer ends as noAnswer", async () => {
    await alice.host.request("settings.update", { settings: { timeouts: SHORT } });
    try {
      const callId = await ring();
      assert.deepEqual(await endings(callId), { alice: ["noAnswer", "local"], bob: ["noAnswer", "remote"] });
    } finally {
      await alice.host.request("settings.update", { settings: { timeouts: { ringMs: 60_000 } } });
    }
  });

  test("a third peer gets busy", async () => {
    const carol = await startPlugin({ label: "Carol" });
    try {
      await carol.host.request("contacts.add", { address: bob.address });
      const callId = await connectCall(alice, bob);
      const { callId: second } = await carol.host.request("call.start", {
        peerId: bob.peerId,
        media: "audio",
      });
      const end = await carol.next("call.ended");
      assert.deepEqual([end.callId, end.reason, end.endedBy], [second, "busy", "remote"]);
      assert.equal((await bob.host.request("call.list", {})).calls.length, 1);
      await alice.host.request("call.hangup", { callId });
      await endings(callId);
    } finally {
      await carol.stop();
    }
  });

  test("in a glare one call remains and connects without an accept", async () => {
    const [byAlice, byBob] = await crossingCalls(alice, bob);
    const [winner, loser] = alice.peerId < bob.peerId ? [byAlice, byBob] : [byBob, byAlice];
    const isWinner = (call: { callId: string; phase: string }) =>
      call.callId === winner.callId && call.phase === "connected";
    await Promise.all([alice.next("call.changed", isWinner), bob.next("call.changed", isWinner)]);
    const loserSide = loser === byAlice ? alice : bob;
    const end = await loserSide.next("call.ended");
    assert.deepEqual([end.callId, end.reason], [loser.callId, "superseded"]);
    await alice.host.request("call.hangup", { callId: winner.callId });
    await endings(winner.callId);
  });

  test("a call to an offline peer ends as unreachable", async () => {
    const carol = await startPlugin({ label: "Carol" });
    await alice.host.request("contacts.add", { address: carol.address });
    await carol.stop();
    alice.clearNotifications();
    const { callId } = await alice.host.request("call.start", { peerId: carol.peerId, media: "audio" });
    const end = await alice.next("call.ended");
    assert.deepEqual([end.callId, end.reason, end.endedBy], [callId, "unreachable", "local"]);
  });

  test("a voice call opens no camera until the user switches it on", async () => {
    const callId = await connectCall(alice, bob, "audio");
    const { calls } = await alice.host.request("call.list", {});
    assert.equal(calls[0]?.local.camera.state, "off");
    await alice.host.request("call.setCamera", { callId, on: true });
    await bob.next("call.changed", (call) => call.remote.camera === "on");
    const framed = firstFrame(bob);
    await bob.host.request("frames.subscribe", { callId, source: "remote" });
    await framed;
    await alice.host.request("call.hangup", { callId });
    await endings(callId);
  });
});

describe("a peer that vanishes", () => {
  test("a peer whose process is killed during a call: the call ends as connectionLost after the recovery time", async () => {
    const { alice, bob, stop } = await startPair({ settings: { timeouts: SHORT } });
    try {
      const callId = await connectCall(alice, bob);
      await bob.kill();
      const end: PluginNotificationParams<"call.ended"> = await alice.next("call.ended");
      assert.deepEqual([end.callId, end.reason, end.endedBy], [callId, "connectionLost", "local"]);
      assert.equal(await alice.stop(), 0);
    } finally {
      await stop();
    }
  });
});

function firstFrame({ host }: PluginProcess): Promise<Buffer> {
  return new Promise((resolve) => {
    const off = host.onFrameLine((line) => {
      off();
      resolve(line);
    });
  });
}
