// Presence messages between plugins, and with an independent peer.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as poll } from "node:timers/promises";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import type { Timings } from "../../../plugin/signalling/timings.ts";
import { type GossipPeer, startGossipPeer } from "../../support/network/gossip-peer.ts";
import {
  addressOf,
  type RecordedSignalling,
  recordSignalling,
} from "../../support/network/signalling-recorder.ts";

type Plugin = RecordedSignalling<Libp2pSignalling>;
let running: { close(): Promise<void> }[] = [];

beforeEach(() => {
  running = [];
});
afterEach(async () => {
  await Promise.all(running.map((one) => one.close()));
});

interface PluginOptions {
  readonly peers?: readonly string[];
  readonly presence?: boolean;
  readonly timings?: Partial<Timings>;
}

async function startPlugin(label: string, { peers = [], presence = true, timings }: PluginOptions = {}) {
  const plugin = await recordSignalling((callbacks) =>
    createLibp2pSignalling(
      {
        label,
        listen: ["/ip4/127.0.0.1/tcp/0"],
        peers,
        mdns: false,
        presence,
        log: () => undefined,
        timings: { presencePauseMs: 10, retryPauseMs: 10, ...timings },
      },
      callbacks,
    ),
  );
  running.push(plugin.end);
  return plugin;
}

async function startPeer(): Promise<GossipPeer> {
  const peer = await startGossipPeer();
  running.push({ close: () => peer.stop() });
  return peer;
}

const contactOf = (plugin: Plugin, peerId: string) =>
  plugin.end.contacts().find((contact) => contact.peerId === peerId);

describe("published presence", () => {
  test("a new subscriber receives the plugin's presence at once, in Goop²'s format", async () => {
    const plugin = await startPlugin("Plugin");
    const peer = await startPeer();
    await peer.dial(addressOf(plugin));
    const { from, message } = await peer.untilReceived(() => true);
    assert.equal(from, plugin.self.peerId);
    const { ts, ...rest } = message;
    assert.ok(Number.isSafeInteger(ts));
    assert.deepEqual(rest, {
      type: "update",
      peerId: plugin.self.peerId,
      content: "Plugin",
      encryptionSupported: true,
    });
  });

  test("switching calls off and on is published at once, and again with every heartbeat", async () => {
    const plugin = await startPlugin("Plugin", { timings: { presenceHeartbeatMs: 50 } });
    const peer = await startPeer();
    await peer.dial(addressOf(plugin));
    await peer.untilReceived(({ message }) => message.videoDisabled === undefined);
    plugin.end.setAvailability({ videoDisabled: true });
    const isOff = ({ message }: { message: Record<string, unknown> }) => message.videoDisabled === true;
    await peer.untilReceived(isOff);
    await peer.untilReceived(() => peer.received.filter(isOff).length >= 3);
    plugin.end.setAvailability({ videoDisabled: false });
    const offs = peer.received.length;
    await peer.untilReceived((presence) => peer.received.indexOf(presence) >= offs && !isOff(presence));
  });

  test("a closing plugin publishes an offline message", async () => {
    const plugin = await startPlugin("Plugin");
    const peer = await startPeer();
    await peer.dial(addressOf(plugin));
    await peer.untilReceived(() => true);
    await plugin.end.close();
    const { message } = await peer.untilReceived((presence) => presence.message.type === "offline");
    assert.deepEqual(Object.keys(message), ["type", "peerId", "ts"]);
    assert.equal(message.peerId, plugin.self.peerId);
  });

  test("a plugin with presence switched off publishes nothing and receives nothing", async () => {
    const [quiet, plugin, peer] = [
      await startPlugin("Quiet", { presence: false }),
      await startPlugin("Plugin"),
      await startPeer(),
    ];
    await peer.dial(addressOf(quiet));
    await plugin.end.addContact(addressOf(quiet));
    await peer.dial(addressOf(plugin));
    await peer.untilReceived(({ from }) => from === plugin.self.peerId);
    await quiet.end.send(plugin.self.peerId, "c", { type: "call-request" });
    quiet.end.setAvailability({ videoDisabled: true });
    await plugin.until(() => contactOf(plugin, quiet.self.peerId)?.videoDisabled === true);
    assert.deepEqual(
      peer.received.filter(({ from }) => from === quiet.self.peerId),
      [],
    );
    assert.deepEqual(quiet.end.contacts(), []);
  });
});

describe("received presence", () => {
  let plugin: Plugin;
  let peer: GossipPeer;

  const presence = (fields: object = {}) => ({
    type: "update",
    peerId: peer.peerId,
    content: "Gustav",
    ts: Date.now(),
    ...fields,
  });

  async function connect(timings: Partial<Timings> = {}) {
    plugin = await startPlugin("Plugin", { timings });
    peer = await startPeer();
    await peer.dial(addressOf(plugin));
  }

  test("a peer that is online becomes a contact with its label and availability", async () => {
    await connect();
    await peer.publish(presence({ type: "online", videoDisabled: true, activeTemplate: "x", new: {} }));
    await plugin.until(() => contactOf(plugin, peer.peerId) !== undefined);
    await plugin.until(() => contactOf(plugin, peer.peerId)?.videoDisabled === true);
    assert.equal(contactOf(plugin, peer.peerId)?.label, "Gustav");
    assert.equal(contactOf(plugin, peer.peerId)?.reachable, true);
    await peer.publish(presence({ content: "August" }));
    await plugin.until(() => contactOf(plugin, peer.peerId)?.label === "August");
    assert.equal(contactOf(plugin, peer.peerId)?.videoDisabled, false);
  });

  test("loopback, link-local, foreign and invalid addresses are ignored", async () => {
    await connect();
    const id = peer.peerId;
    const other = plugin.self.peerId;
    const addrs = [
      "/ip4/192.0.2.7/tcp/4001",
      `/ip4/192.0.2.8/tcp/4001/p2p/${id}`,
      `/ip4/192.0.2.9/tcp/4001/p2p/${other}/p2p-circuit`,
      "/ip4/127.0.0.1/tcp/1",
      "/ip4/169.254.1.1/tcp/1",
      "/ip6/::1/tcp/1",
      "/ip6/fe80::1/tcp/1",
      `/ip4/192.0.2.10/tcp/1/p2p/${other}`,
      "nonsense",
      "",
    ];
    await peer.publish(presence({ addrs }));
    await plugin.until(() => (contactOf(plugin, id)?.addresses.length ?? 0) >= 3);
    assert.deepEqual(contactOf(plugin, id)?.addresses.slice(0, 3), [
      `/ip4/192.0.2.7/tcp/4001/p2p/${id}`,
      `/ip4/192.0.2.8/tcp/4001/p2p/${id}`,
      `/ip4/192.0.2.9/tcp/4001/p2p/${other}/p2p-circuit/p2p/${id}`,
    ]);
  });

  test("forged and malformed messages are dropped and counted", async () => {
    await connect();
    const victim = await startPeer();
    await peer.publish(presence({ peerId: victim.peerId, content: "Victim" }));
    await peer.publish({ ...presence(), type: "punch" });
    await peer.publishBytes(new TextEncoder().encode("{"));
    await peer.publishBytes(
      new TextEncoder().encode(JSON.stringify(presence({ email: "x".repeat(20_000) }))),
    );
    await peer.publish(presence());
    await plugin.until(() => contactOf(plugin, peer.peerId) !== undefined);
    const { forged, malformed, peers } = plugin.end.diagnostics().presence;
    assert.deepEqual({ forged, malformed, peers }, { forged: 1, malformed: 3, peers: 1 });
    assert.equal(contactOf(plugin, victim.peerId), undefined);
  });

  test("a message older than the newest is ignored", async () => {
    await connect();
    await peer.publish(presence({ ts: 2_000, content: "new" }));
    await peer.publish(presence({ ts: 1_000, content: "old", videoDisabled: true }));
    await peer.publish(presence({ ts: 2_001, content: "newer" }));
    await plugin.until(() => contactOf(plugin, peer.peerId)?.label === "newer");
    assert.ok(plugin.contactLists.flat().every(({ label }) => label !== "old"));
    assert.equal(plugin.end.diagnostics().presence.stale, 1);
  });

  test("a peer that left becomes unreachable, and later stops being a contact", async () => {
    await connect({ presenceSweepMs: 10, presenceExpiryMs: 100, forgetMs: 100 });
    await peer.publish(presence());
    await plugin.until(() => contactOf(plugin, peer.peerId) !== undefined);
    await peer.publish({ type: "offline", peerId: peer.peerId, ts: Date.now() });
    await peer.stop();
    await plugin.until(() => contactOf(plugin, peer.peerId)?.reachable === false);
    await plugin.until(() => contactOf(plugin, peer.peerId) === undefined);
  });
});

test("plugins without a connection receive each other's presence through a third one", async () => {
  const timings = { presenceHeartbeatMs: 100 };
  const middle = await startPlugin("Middle", { timings });
  const [left, right] = [
    await startPlugin("Left", { timings, peers: [addressOf(middle)] }),
    await startPlugin("Right", { timings, peers: [addressOf(middle)] }),
  ];
  right.end.setAvailability({ videoDisabled: true });
  await left.until(() => contactOf(left, right.self.peerId)?.videoDisabled === true);
  await right.until(() => contactOf(right, left.self.peerId)?.label === "Left");
  right.end.setAvailability({ videoDisabled: false });
  await left.until(() => contactOf(left, right.self.peerId)?.videoDisabled === false);
});

test("a flood of forged presence stays within its limits, and known peers are still accepted", async () => {
  const plugin = await startPlugin("Plugin", { timings: { presenceHeartbeatMs: 60_000 } });
  const friend = await startPeer();
  await friend.dial(addressOf(plugin));
  await friend.publish({ type: "online", peerId: friend.peerId, content: "Friend", ts: 1 });
  await plugin.until(() => contactOf(plugin, friend.peerId) !== undefined);
  for (let flood = 0; flood < 3; flood += 1) {
    const flooder = await startPeer();
    await flooder.dial(addressOf(plugin));
    const noise = Array.from({ length: 500 }, (_, index) =>
      flooder.publish({ type: "update", peerId: flooder.peerId, content: `Forged ${index}`, ts: index + 1 }),
    );
    await Promise.all(noise);
  }
  await friend.publish({ type: "update", peerId: friend.peerId, content: "Friend again", ts: 2 });
  await plugin.until(() => contactOf(plugin, friend.peerId)?.label === "Friend again");
  // Messages of other connections may arrive after the friend's, and no event reports a drop.
  while (plugin.end.diagnostics().presence.tooMany < 50) await poll(5);
  assert.ok(plugin.end.diagnostics().presence.peers <= 4);
});
