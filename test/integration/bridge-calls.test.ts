// Calls over the bridge: two Goop² reference peers that cannot call, each with a bridge and a real plugin.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { startBridge } from "../../plugin/host/goop-bridge/start-bridge.ts";
import { SMALL_PICTURE } from "../support/fakes/small-picture.ts";
import { startGoopHttp } from "../support/goop-peer/goop/goop-http.ts";
import { startGoopNode } from "../support/goop-peer/goop-node.ts";
import { type BridgedPeer, startBridgedPeer } from "../support/plugin/bridged-peer.ts";

const SETTING_POLL_MS = 20;

describe("calls over two bridges", { timeout: 300_000 }, () => {
  let alice: BridgedPeer;
  let bob: BridgedPeer;

  before(async () => {
    [alice, bob] = await Promise.all([startBridgedPeer("Alice"), startBridgedPeer("Bob")]);
    await alice.node.dial(bob.node.address);
  });
  after(() => Promise.all([alice?.stop(), bob?.stop()]));

  async function call(media: "audio" | "video" = "video"): Promise<string> {
    const { callId } = await alice.bridge.host.plugin.request("call.start", {
      peerId: bob.node.peerId,
      media,
    });
    await bob.next("call.incoming", (incoming) => incoming.callId === callId);
    return callId;
  }

  async function connect(): Promise<string> {
    const callId = await call();
    await bob.bridge.host.plugin.request("call.accept", { callId });
    await Promise.all(
      [alice, bob].map((one) =>
        one.next("call.changed", (now) => now.callId === callId && now.phase === "connected"),
      ),
    );
    return callId;
  }

  async function hangUp(from: BridgedPeer, callId: string): Promise<void> {
    await from.bridge.host.plugin.request("call.hangup", { callId });
    await Promise.all([alice, bob].map((one) => one.next("call.ended", (end) => end.callId === callId)));
  }

  /** Waits until a frame of the other side reaches the host. */
  async function assertRemoteFrame(one: BridgedPeer, callId: string): Promise<void> {
    const { plugin } = one.bridge.host;
    const frame = Promise.withResolvers<string>();
    const off = plugin.onNotification("frame", ({ dataUrl }) => frame.resolve(dataUrl));
    const { stream } = await plugin.request("frames.subscribe", { callId, source: "remote" });
    assert.match(await frame.promise, /^data:image\/jpeg;/);
    off();
    await plugin.request("frames.unsubscribe", { stream });
  }

  test("each knows the other from Goop²'s list of peers", async () => {
    const isOther = (label: string) => (change: { contacts: { label: string; reachable: boolean }[] }) =>
      change.contacts.some((contact) => contact.label === label && contact.reachable);
    await alice.next("contacts.changed", isOther("Bob"));
    await bob.next("contacts.changed", isOther("Alice"));
    assert.equal(alice.bridge.host.state.label, "Alice");
    assert.equal(alice.bridge.host.state.signalling?.peerId, alice.node.peerId);
  });

  test("a call connects, shows frames and ends, and the bridge sends no receipt", async () => {
    const callId = await connect();
    await Promise.all([assertRemoteFrame(alice, callId), assertRemoteFrame(bob, callId)]);
    await hangUp(bob, callId);
    for (const one of [alice, bob]) {
      assert.ok(one.requests().includes("POST /api/mq/send"));
      assert.ok(one.requests().every((line) => !line.includes("/api/mq/ack")));
    }
  });

  test("an event stream that is cut during a call is reopened, and the call goes on", async () => {
    const callId = await connect();
    bob.goopHttp().inbox.drop();
    await bob.lines.take((line) => line.includes("are lost"), "the loss");
    await bob.lines.take((line) => line.includes("are back"), "the return");
    await assertRemoteFrame(bob, callId);
    // The other side's message arrives on the new stream.
    await alice.bridge.host.plugin.request("call.setCamera", { callId, on: false });
    await bob.next("call.changed", (now) => now.callId === callId && now.remote.camera === "off");
    await hangUp(alice, callId);
  });

  test("a call goes on while Goop² restarts", async () => {
    const callId = await connect();
    await bob.restartGoopHttp(() => assertRemoteFrame(bob, callId));
    await bob.lines.take((line) => line.includes("are back"), "the return");
    await hangUp(alice, callId);
    const next = await connect();
    await hangUp(bob, next);
  });

  test("a hang-up while Goop² is away is sent when it is back", async () => {
    const callId = await connect();
    await bob.restartGoopHttp(async () => {
      await bob.bridge.host.plugin.request("call.hangup", { callId });
      await bob.next("call.ended", (end) => end.callId === callId);
    });
    const { reason, endedBy } = await alice.next("call.ended", (end) => end.callId === callId);
    assert.deepEqual([reason, endedBy], ["hungUp", "remote"]);
  });

  test("a call to a peer that Goop² cannot reach ends as unreachable", async () => {
    const { callId } = await alice.bridge.host.plugin.request("call.start", {
      peerId: "12D3KooWFpTTmrP1NAthPQnMmeTyUYYuvihqt71UKLSth6xSGsVf",
      media: "audio",
    });
    const { reason } = await alice.next("call.ended", (end) => end.callId === callId);
    assert.equal(reason, "unreachable");
  });

  test("calls that are switched off in Goop² are refused with the reason, and the other Goop² learns it", async () => {
    /** Alice's contacts show it. Changes that came before are in her queue too. */
    const isTold = async (off: boolean): Promise<void> => {
      const { contacts } = await alice.bridge.host.plugin.request("contacts.list", {});
      if (contacts.some(({ label, videoDisabled }) => label === "Bob" && videoDisabled === off)) return;
      await alice.next("contacts.changed");
      await isTold(off);
    };
    /** Bob's plugin has the setting. The bridge reads it from Goop² each second. */
    const isApplied = async (off: boolean): Promise<void> => {
      for (;;) {
        const { settings } = await bob.bridge.host.plugin.request("settings.update", { settings: {} });
        if (settings.videoDisabled === off) return;
        await delay(SETTING_POLL_MS);
      }
    };
    bob.goopHttp().quick.video_disabled = true;
    await isApplied(true);
    await isTold(true);
    await alice.node.send(bob.node.peerId, "call:placed-all-the-same", { type: "call-request" });
    const refusals = () => alice.node.log.callPayloads("placed-all-the-same", "call-hangup");
    await alice.node.log.until(() => refusals().length > 0);
    assert.equal(refusals()[0]?.reason, "videoDisabled");
    bob.goopHttp().quick.video_disabled = false;
    await isApplied(false);
    await isTold(false);
    const callId = await connect();
    await hangUp(alice, callId);
  });

  test("another plugin resumes the call of a plugin that died, under the same id", async () => {
    const callId = await connect();
    const { pid } = bob.bridge.host;
    assert.ok(pid);
    process.kill(pid, "SIGKILL");
    for (const phase of ["reconnecting", "connected"]) {
      await alice.next("call.changed", (now) => now.callId === callId && now.phase === phase);
    }
    assert.notEqual(bob.bridge.host.pid, pid);
    await assertRemoteFrame(alice, callId);
    await assertRemoteFrame(bob, callId);
    await alice.bridge.host.plugin.request("call.hangup", { callId });
    await alice.next("call.ended", (end) => end.callId === callId);
  });
});

describe("a Goop² that kept messages while no client listened", { timeout: 120_000 }, () => {
  test("rings for the call that still waits, and for no call that is over", async () => {
    const [alice, bob] = [await startGoopNode({ label: "Alice" }), await startGoopNode({ label: "Bob" })];
    const goop = await startGoopHttp(bob);
    try {
      await alice.dial(bob.address);
      const send = (callId: string, type: string) =>
        alice.send(bob.peerId, `call:${callId}`, { type, mediaType: "video" });
      for (const callId of ["stale-1", "waiting", "stale-2"]) await send(callId, "call-request");
      await send("stale-1", "call-request");
      for (const callId of ["stale-1", "stale-2"]) await send(callId, "call-hangup");
      assert.equal(goop.inbox.kept, 6);
      const late = await bridgeOn(goop.url);
      try {
        assert.equal(await late.incoming, "waiting");
        // A second ring would have come with the first, because both were held until the end of the replay.
        await send("waiting", "call-hangup");
        await late.ended;
        assert.deepEqual(late.ringing, ["waiting"]);
      } finally {
        await late.stop();
      }
    } finally {
      await goop.stop();
      await Promise.all([alice.stop(), bob.stop()]);
    }
  });
});

/** A bridge to a running Goop², and the calls for which its plugin rings. */
async function bridgeOn(url: string) {
  const bridge = await startBridge({
    goop: new URL(url),
    report: () => undefined,
    signal: new AbortController().signal,
    settings: {
      camera: "test-pattern",
      microphone: "tone",
      speaker: "none",
      picture: SMALL_PICTURE,
      iceServers: [],
    },
  });
  const [incoming, ended] = [Promise.withResolvers<string>(), Promise.withResolvers<void>()];
  const ringing: string[] = [];
  bridge.host.plugin.onNotification("call.incoming", ({ callId }) => {
    ringing.push(callId);
    incoming.resolve(callId);
  });
  bridge.host.plugin.onNotification("call.ended", () => ended.resolve());
  return { incoming: incoming.promise, ended: ended.promise, ringing, stop: bridge.stop };
}
