// A real plugin process and a deployed Goop² peer that know each other, and calls between them that are observed at both ends.

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
/** Enough frames on each side to include full-size ones, after the small frames of the first seconds. */
const FRAMES = 10;
/** An older frame would belong to another call. A machine under load may show frames that are seconds old. */
const MAX_AGE_MS = 20_000;

/** Its sound goes to a private sound server, where it can be recorded. */
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

  /** A new peer dials the plugin. Resolves when the plugin lists it with its label. */
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

  /** Waits until both know the other's key. */
  async untilSealed(): Promise<void> {
    await this.peer.node.table.until(
      this.plugin.peerId,
      (known) => known.publicKey !== "" && known.encryptionSupported,
    );
  }

  /** @param answer the media with which the plugin accepts */
  async peerCalls(kind: MediaKind = "video", answer: MediaKind = kind): Promise<ConnectedCall> {
    this.plugin.clearNotifications();
    const call = await this.peer.calls.start(this.plugin.peerId, kind);
    const { callId, media } = await this.plugin.next("call.incoming", (one) => one.callId === call.channelId);
    assert.equal(media, kind);
    await this.plugin.host.request("call.accept", { callId, media: answer });
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

  /** Identifies frames by their stamps and sound by its pitch. @returns the stamps that each side received */
  async assertMediaBothWays(callId: string): Promise<{ plugin: SeenStamp[]; peer: SeenStamp[] }> {
    const [peer, plugin] = await Promise.all([this.assertPeerVideo(), this.assertPluginVideo(callId)]);
    await Promise.all([this.assertPeerSound(), this.assertPluginSound()]);
    return { plugin, peer };
  }

  async assertPeerVideo(): Promise<SeenStamp[]> {
    return assertLive(await this.peer.observer.untilStamps(FRAMES));
  }

  async assertPluginVideo(callId: string): Promise<SeenStamp[]> {
    return assertLive(await untilPluginStamps(this.plugin, callId, FRAMES));
  }

  async assertPeerSound(): Promise<void> {
    await this.peer.observer.untilTone(PLUGIN_TONE_HZ);
  }

  /** Sound passes the server with a delay, so half a second is recorded at a time. */
  async assertPluginSound(): Promise<void> {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      if (isTone(await this.#pulse.record(500), PULSE_RATE, this.peer.toneHz)) return;
    }
    assert.fail(`the plugin does not play ${this.peer.toneHz} Hz`);
  }

  /** Ends the call from one side, and waits for both. @returns the plugin's `reason` and `endedBy` */
  async end(callId: string, call: DeployedCall, by: "plugin" | "peer"): Promise<[string, string]> {
    if (by === "peer") await call.hangup();
    else await this.plugin.host.request("call.hangup", { callId });
    const [{ reason, endedBy }] = await Promise.all([
      this.plugin.next("call.ended", (end) => end.callId === callId),
      call.ended,
    ]);
    return [reason, endedBy];
  }

  /** Checks every message that the plugin has sent to this peer. */
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
  const late = stamps.filter(({ ageMs }) => ageMs < 0 || ageMs > MAX_AGE_MS);
  assert.deepEqual(late, [], "frames of another time");
  return stamps;
}
