// A real plugin process and one of the field's peers that know each other, and calls between them, watched at both ends.

import assert from "node:assert/strict";
import { type PluginProcess, startPlugin } from "../plugin/plugin-process.ts";
import { PULSE_RATE, type Pulse } from "../sound/pulse.ts";
import type { DeployedCall } from "./deployed-call.ts";
import { type GoopPeer, type GoopPeerOptions, startGoopPeer } from "./goop-peer.ts";
import { isTone, type SeenStamp } from "./observer.ts";
import { untilPluginStamps } from "./plugin-observer.ts";
import type { MediaKind } from "./wire/wire.ts";
import { findDeviations } from "./wire/wire-rules.ts";

export const PLUGIN_TONE_HZ = 440;
export const PEER_TONE_HZ = 600;
/** Pictures to be seen on either side: some at full size, after the first seconds' small ones. */
const PICTURES = 10;
/** Older than this, what is seen would be of another call; a machine under load may show what is seconds old. */
const LIVE_MS = 20_000;

/** Its sound goes to a private server, where it can be recorded. */
export function startBenchPlugin(pulse: Pulse): Promise<PluginProcess> {
  return startPlugin({
    label: "Plugin",
    env: pulse.env,
    settings: { microphone: "tone", toneHz: PLUGIN_TONE_HZ, speaker: "auto" },
  });
}

export interface ConnectedCall {
  readonly callId: string;
  readonly call: DeployedCall;
}

export class DeployedBench {
  readonly plugin: PluginProcess;
  readonly peer: GoopPeer;
  readonly #pulse: Pulse;

  private constructor(plugin: PluginProcess, peer: GoopPeer, pulse: Pulse) {
    this.plugin = plugin;
    this.peer = peer;
    this.#pulse = pulse;
  }

  /** A new peer dials the plugin; resolves when the plugin knows it by its label. */
  static async meet(plugin: PluginProcess, pulse: Pulse, options: GoopPeerOptions): Promise<DeployedBench> {
    const peer = await startGoopPeer({ toneHz: PEER_TONE_HZ, ...options });
    try {
      await peer.node.dial(plugin.address);
      await plugin.next("contacts.changed", ({ contacts }) =>
        contacts.some(({ peerId, label }) => peerId === peer.node.peerId && label === peer.node.label),
      );
      return new DeployedBench(plugin, peer, pulse);
    } catch (error) {
      await peer.stop();
      throw error;
    }
  }

  /** Both know the other's key. */
  async untilSealed(): Promise<void> {
    await this.peer.node.table.until(
      this.plugin.peerId,
      (known) => known.publicKey !== "" && known.encryptionSupported,
    );
  }

  async peerCalls(kind: MediaKind = "video"): Promise<ConnectedCall> {
    this.plugin.clearNotifications();
    const call = await this.peer.calls.start(this.plugin.peerId, kind);
    const { callId, media } = await this.plugin.next("call.incoming", (one) => one.callId === call.channelId);
    assert.equal(media, kind);
    await this.plugin.host.request("call.accept", { callId });
    await this.#connected(callId);
    return { callId, call };
  }

  async pluginCalls(media: MediaKind = "video"): Promise<ConnectedCall> {
    this.plugin.clearNotifications();
    const { peerId } = this.peer.node;
    const { callId } = await this.plugin.host.request("call.start", { peerId, media });
    const ring = await this.peer.nextRing(({ channelId }) => channelId === callId);
    assert.equal(ring.kind, media);
    const call = await ring.accept();
    await this.#connected(callId);
    return { callId, call };
  }

  /** Pictures by their stamps and voices by their pitch, both ways. @returns the stamps that each side saw */
  async assertMediaBothWays(callId: string): Promise<{ plugin: SeenStamp[]; peer: SeenStamp[] }> {
    const [peer, plugin] = await Promise.all([this.assertPeerVideo(), this.assertPluginVideo(callId)]);
    await Promise.all([this.assertPeerSound(), this.assertPluginSound()]);
    return { plugin, peer };
  }

  async assertPeerVideo(): Promise<SeenStamp[]> {
    return assertLive(await this.peer.observer.untilStamps(PICTURES));
  }

  async assertPluginVideo(callId: string): Promise<SeenStamp[]> {
    return assertLive(await untilPluginStamps(this.plugin, callId, PICTURES));
  }

  async assertPeerSound(): Promise<void> {
    await this.peer.observer.untilTone(PLUGIN_TONE_HZ);
  }

  /** Sound takes a moment through the server; half a second is recorded at a time. */
  async assertPluginSound(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if (isTone(await this.#pulse.record(500), PULSE_RATE, this.peer.toneHz)) return;
    }
    assert.fail(`the plugin plays something else than ${this.peer.toneHz} Hz`);
  }

  /** Ends the call from one side; both come to know. @returns the plugin's reason and who it says it was */
  async end(callId: string, call: DeployedCall, by: "plugin" | "peer"): Promise<[string, string]> {
    if (by === "peer") await call.hangup();
    else await this.plugin.host.request("call.hangup", { callId });
    const [{ reason, endedBy }] = await Promise.all([
      this.plugin.next("call.ended", (end) => end.callId === callId),
      call.ended,
    ]);
    return [reason, endedBy];
  }

  /** Of all that the plugin has sent to this peer. */
  assertWireIsAsDescribed(): void {
    assert.deepEqual(findDeviations(this.peer.node.log.streams), []);
  }

  async #connected(callId: string): Promise<void> {
    const call = await Promise.race([
      this.plugin.next("call.changed", (one) => one.callId === callId && one.phase === "connected"),
      this.plugin.next("call.ended", (one) => one.callId === callId),
    ]);
    const { complaints } = this.peer.calls;
    if ("reason" in call) {
      assert.fail(`the call ended: ${JSON.stringify(call)}\n${complaints.join("\n")}\n${this.plugin.log()}`);
    }
  }
}

function assertLive(stamps: SeenStamp[]): SeenStamp[] {
  const late = stamps.filter(({ ageMs }) => ageMs < 0 || ageMs > LIVE_MS);
  assert.deepEqual(late, [], "pictures of another time");
  return stamps;
}
