// A user of deployed Goop² has two windows. Both ring. One takes the plugin's call, and the other one rejects it: both windows and
// the plugin end the call.

import "../../support/process/exit-at-end.ts";
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { DeployedCall } from "../../support/goop-peer/deployed-call.ts";
import { type GoopPeer, startGoopPeer } from "../../support/goop-peer/goop-peer.ts";
import { type PluginProcess, startPlugin } from "../../support/plugin/plugin-process.ts";

/** Only detects a window that stays open. Goop²'s page itself gives up 17 s after its path is gone. */
const LIMIT_MS = 10_000;

describe("a friend with two windows", () => {
  let plugin: PluginProcess;

  before(async () => {
    plugin = await startPlugin({ label: "Plugin" });
  });
  after(() => plugin.stop());

  async function withPeer(
    flavour: "native" | "browser",
    work: (peer: GoopPeer) => Promise<void>,
  ): Promise<void> {
    const peer = await startGoopPeer({ flavour, label: `Greta ${flavour}` });
    try {
      await peer.node.dial(plugin.address);
      await plugin.next("contacts.changed", ({ contacts }) =>
        contacts.some(({ peerId, label }) => peerId === peer.node.peerId && label === peer.node.label),
      );
      await work(peer);
    } finally {
      await peer.stop();
    }
  }

  async function pluginCalls(peer: GoopPeer): Promise<string> {
    plugin.clearNotifications();
    const { peerId } = peer.node;
    return (await plugin.host.request("call.start", { peerId, media: "video" })).callId;
  }

  /** @param reject of the other window */
  async function assertEndsBoth(
    t: { diagnostic(text: string): void },
    peer: GoopPeer,
    call: DeployedCall,
    reject: () => Promise<void>,
  ): Promise<void> {
    const callId = call.channelId;
    await plugin.next("call.changed", (one) => one.callId === callId && one.phase === "connected");
    const rejectedAt = performance.now();
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`no end within ${LIMIT_MS} ms`)), LIMIT_MS);
    const ends = Promise.all([
      call.ended,
      plugin.next("call.ended", (one) => one.callId === callId),
      reject(),
    ]);
    const [end, { reason, endedBy }] = await Promise.race([ends, late.promise]);
    clearTimeout(timer);
    t.diagnostic(`both ended ${(performance.now() - rejectedAt).toFixed(0)} ms after the rejection`);
    assert.deepEqual([end, reason, endedBy], ["remote hung up", "hungUp", "remote"]);
    await peer.node.send(plugin.peerId, `call:${callId}`, { type: "call-hangup" });
    // The answer to a later message follows any answer to the hang-up before it.
    await peer.node.send(plugin.peerId, "call:no-such-call", { type: "call-ack" });
    await peer.node.log.until((log) => log.callPayloads("no-such-call", "call-hangup").length > 0);
    assert.deepEqual(peer.node.log.callPayloads(callId, "call-hangup"), [
      { type: "call-hangup", reason: "hungUp" },
    ]);
  }

  test("in browser mode: the window that took the call closes when the other one rejects it", (t) =>
    withPeer("browser", async (peer) => {
      const other = peer.openWindow();
      const callId = await pluginCalls(peer);
      const call = await (await peer.nextRing(({ channelId }) => channelId === callId)).accept();
      const ring = await other.nextRing(({ channelId }) => channelId === callId);
      await assertEndsBoth(t, peer, call, () => ring.reject());
    }));

  test("in native mode: the session that all windows share ends when one of them rejects", (t) =>
    withPeer("native", async (peer) => {
      const callId = await pluginCalls(peer);
      const ring = await peer.nextRing(({ channelId }) => channelId === callId);
      await assertEndsBoth(t, peer, await ring.accept(), () => ring.reject());
    }));
});
