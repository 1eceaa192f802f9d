// The life of a call between real processes: every way it begins and ends, as both hosts are told of it.

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

  test("the callee's host is told who calls, and the caller's host that it rings", async () => {
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

  test("a declined call ends as rejected on both sides", async () => {
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

  test("no answer ends the call by itself", async () => {
    await alice.host.request("settings.update", { settings: { timeouts: SHORT } });
    try {
      const callId = await ring();
      assert.deepEqual(await endings(callId), { alice: ["noAnswer", "local"], bob: ["noAnswer", "remote"] });
    } finally {
      await alice.host.request("settings.update", { settings: { timeouts: { ringMs: 60_000 } } });
    }
  });

  test("a third peer hears that the callee is busy", async () => {
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

  test("both calling at once get one call that is connected without a question", async () => {
    alice.clearNotifications();
    bob.clearNotifications();
    const [byAlice, byBob] = await Promise.all([
      alice.host.request("call.start", { peerId: bob.peerId, media: "video" }),
      bob.host.request("call.start", { peerId: alice.peerId, media: "video" }),
    ]);
    const [stays, goes] = alice.peerId < bob.peerId ? [byAlice, byBob] : [byBob, byAlice];
    const isStaying = (call: { callId: string; phase: string }) =>
      call.callId === stays.callId && call.phase === "connected";
    await Promise.all([alice.next("call.changed", isStaying), bob.next("call.changed", isStaying)]);
    const loser = goes === byAlice ? alice : bob;
    const end = await loser.next("call.ended");
    assert.deepEqual([end.callId, end.reason], [goes.callId, "superseded"]);
    await alice.host.request("call.hangup", { callId: stays.callId });
    await endings(stays.callId);
  });

  test("a peer that is not there is unreachable", async () => {
    const carol = await startPlugin({ label: "Carol" });
    await alice.host.request("contacts.add", { address: carol.address });
    await carol.stop();
    alice.clearNotifications();
    const { callId } = await alice.host.request("call.start", { peerId: carol.peerId, media: "audio" });
    const end = await alice.next("call.ended");
    assert.deepEqual([end.callId, end.reason, end.endedBy], [callId, "unreachable", "local"]);
  });

  test("a voice call opens no camera, and one can be switched on within it", async () => {
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
  test("its process killed in mid-call ends the call as lost once the time to recover is over", async () => {
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
