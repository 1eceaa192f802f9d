// Calls of two real processes over the simulated relay: what each kind of bad network does to a call, and that the call goes on.

import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import "../../support/process/exit-at-end.ts";
import {
  BLACKOUT,
  FREE_LINK,
  type LinkShape,
  type PacketFate,
} from "../../support/network/simulated/link-shape.ts";
import { relayedPayload } from "../../support/network/simulated/relayed-transports.ts";
import { isSound, stampOf } from "../../support/network/simulated/rtp-packets.ts";
import type { NetworkSide } from "../../support/network/simulated/simulated-network.ts";
import { UdpRelay } from "../../support/network/simulated/udp-relay.ts";
import { type HostRelayedPair, startHostRelayedPair } from "../../support/plugin/host-relayed-pair.ts";
import { connectCall, type PluginProcess } from "../../support/plugin/plugin-process.ts";

const SEED = 12;
/** A peer that lost its path may restart ICE at once, and goes on doing so for longer than this test may last. */
const TIMEOUTS = { lostMs: 200, restartMs: 60_000 };
const ROUGH: LinkShape = { ...FREE_LINK, delayMs: 10, jitterMs: 20, duplicated: 0.1, reordered: 0.1 };
/** Frames that the receiver has decoded since. */
const FRAMES = 15;
/** The clock rate of Opus: RFC 7587, section 4.1. */
const STAMPS_PER_MS = 48;
/** Longer than a busy machine delays a block of sound. */
const SILENT_MS = 3_000;

interface Fates {
  readonly passed: number;
  readonly lost: number;
  readonly twice: number;
}
const NONE: Fates = { passed: 0, lost: 0, twice: 0 };

describe(`a call over a relay with the seed ${SEED}`, { timeout: 180_000 }, () => {
  let relay: UdpRelay;
  let pair: HostRelayedPair;
  let callId: string;
  const fates: Record<NetworkSide, Fates> = { a: NONE, b: NONE };
  /** Packets of Alice's sound, also of those that get lost. */
  const sound: { atMs: number; stamp: number }[] = [];

  before(async () => {
    relay = await UdpRelay.start({
      seed: SEED,
      onPacket(from, packet, fate) {
        fates[from] = withFate(fates[from], fate);
        if (from === "a" && isSound(packet)) sound.push({ atMs: performance.now(), stamp: stampOf(packet) });
      },
    });
    pair = await startHostRelayedPair({ timeouts: TIMEOUTS }, ({ from, payload }) =>
      relayedPayload(relay, from === "alice" ? "a" : "b", payload),
    );
    callId = await connectCall(pair.alice, pair.bob);
    await bothReceive();
  });
  beforeEach(() => {
    shapeBoth(FREE_LINK);
    for (const side of ["a", "b"] as const) fates[side] = NONE;
  });
  after(async () => {
    await pair?.stop();
    relay?.stop();
  });

  function shapeBoth(shape: LinkShape): void {
    for (const side of ["a", "b"] as const) relay.setShape(side, shape);
  }

  /** Resolves when both sides have decoded further frames, over the network as it is now. */
  async function bothReceive(): Promise<void> {
    await Promise.all([pair.alice, pair.bob].map(receivesFrames));
  }

  async function receivesFrames(side: PluginProcess): Promise<void> {
    side.clearNotifications();
    const before = await side.next("call.statistics");
    await side.next("call.statistics", ({ frames }) => frames.received >= before.frames.received + FRAMES);
  }

  async function phases(): Promise<string[]> {
    const lists = await Promise.all([pair.alice, pair.bob].map(({ host }) => host.request("call.list", {})));
    return lists.flatMap(({ calls }) => calls.map((call) => `${call.callId === callId} ${call.phase}`));
  }

  test("goes on while packets of both directions arrive twice, late and after younger ones", async () => {
    shapeBoth(ROUGH);
    await bothReceive();
    for (const side of ["a", "b"] as const) assert.ok(fates[side].twice > 0, JSON.stringify(fates[side]));
    assert.deepEqual(await phases(), ["true connected", "true connected"]);
  });

  test("shows pictures of both sides while one direction loses a third in bursts", async () => {
    relay.setShape("a", { ...FREE_LINK, loss: 0.3, lossBurst: 4 });
    await bothReceive();
    assert.ok(fates.a.lost > 0, JSON.stringify(fates.a));
    assert.equal(fates.b.lost, 0);
  });

  test("comes back after one direction lost everything", async () => {
    for (const side of [pair.alice, pair.bob]) side.clearNotifications();
    relay.setShape("b", BLACKOUT);
    await pair.alice.next("call.changed", ({ phase }) => phase === "reconnecting");
    assert.equal(fates.a.lost, 0);
    relay.setShape("b", FREE_LINK);
    pair.alice.clearNotifications();
    await pair.alice.next("call.changed", ({ phase }) => phase === "connected");
    await bothReceive();
  });

  // Receivers keep sound and pictures together by these stamps.
  test("stamps sound by the time, through a mute, a missing microphone and an outage", async () => {
    const { host } = pair.alice;
    const first = sound.at(-1);
    assert.ok(first);
    await host.request("call.setMicrophone", { callId, on: false });
    await delay(SILENT_MS);
    await host.request("call.setMicrophone", { callId, on: true });
    await host.request("call.useDevice", { callId, kind: "microphone", deviceId: "none" });
    await delay(SILENT_MS);
    pair.alice.clearNotifications();
    shapeBoth(BLACKOUT);
    await pair.alice.next("call.changed", ({ phase }) => phase === "reconnecting");
    await delay(SILENT_MS);
    shapeBoth(FREE_LINK);
    await host.request("call.useDevice", { callId, kind: "microphone", deviceId: "tone" });
    await bothReceive();
    const last = sound.at(-1);
    assert.ok(last);
    // Stamps are of 32 bits and wrap around: RFC 3550, section 5.1.
    const stampedMs = ((last.stamp - first.stamp) >>> 0) / STAMPS_PER_MS;
    const behindMs = last.atMs - first.atMs - stampedMs;
    assert.ok(Math.abs(behindMs) < SILENT_MS / 2, `the stamps are ${behindMs} ms behind`);
  });

  test("goes on when the address of a side changes", async () => {
    await relay.moveAddress("a");
    await bothReceive();
    await pair.alice.host.request("call.hangup", { callId });
    assert.equal((await pair.bob.next("call.ended", (end) => end.callId === callId)).reason, "hungUp");
  });
});

function withFate({ passed, lost, twice }: Fates, fate: PacketFate): Fates {
  if (typeof fate === "string") return { passed, lost: lost + 1, twice };
  return { passed: passed + 1, lost, twice: twice + (fate.copies === 2 ? 1 : 0) };
}
