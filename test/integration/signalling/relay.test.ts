// Signalling on loopback between plugins that can only connect through a circuit relay.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import { makeRelayIdentity, type RelayNode, startRelayNode } from "../../support/network/relay-node.ts";
import { type RecordedSignalling, recordSignalling } from "../../support/network/signalling-recorder.ts";

type Plugin = RecordedSignalling<Libp2pSignalling>;
let running: { close(): Promise<void> }[] = [];

beforeEach(() => {
  running = [];
});
afterEach(async () => {
  for (const one of running.toReversed()) await one.close();
});

async function startRelay(identity = makeRelayIdentity()): Promise<RelayNode> {
  const relay = await startRelayNode(await identity);
  running.push({ close: () => relay.stop() });
  return relay;
}

/** Does not listen by default, so that peers can reach it only through a relay. */
async function startPlugin(label: string, relays: readonly string[], listen: readonly string[] = []) {
  const plugin = await recordSignalling((callbacks) =>
    createLibp2pSignalling(
      {
        label,
        listen,
        peers: [],
        mdns: false,
        presence: true,
        relays,
        log: () => undefined,
        timings: { relayCheckMs: 50, redialMs: 50 },
      },
      callbacks,
    ),
  );
  running.push(plugin.end);
  return plugin;
}

const relayedAddress = (relay: RelayNode, plugin: Plugin) =>
  `${relay.address}/p2p-circuit/p2p/${plugin.self.peerId}`;
/** Waits for the reservation. @returns the plugin's address through the relay */
async function untilReservedAt(plugin: Plugin, relay: RelayNode): Promise<string> {
  const via = relayedAddress(relay, plugin);
  await plugin.until(() => plugin.addresses().includes(via));
  return via;
}

test("two plugins exchange signals and identities through a relay alone", async () => {
  const relay = await startRelay();
  const [alice, bob] = [
    await startPlugin("Alice", [relay.address]),
    await startPlugin("Bob", [relay.address]),
  ];
  assert.deepEqual([alice.self.addresses, bob.self.addresses], [[], []]);
  bob.end.setAvailability({ videoDisabled: true });
  const via = await untilReservedAt(bob, relay);
  const contact = await alice.end.addContact(via);
  assert.deepEqual([contact.label, contact.reachable], ["Bob", true]);
  await alice.until(() => alice.end.contacts()[0]?.videoDisabled === true);
  await alice.end.send(bob.self.peerId, "c", { type: "call-request", mediaType: "video" });
  await bob.until(() => bob.signals.length === 1);
  assert.equal(bob.signals[0]?.from, alice.self.peerId);
  const sdp = "v=0\r\n".padEnd(20_000, "a");
  await bob.end.send(alice.self.peerId, "c", { type: "call-offer", sdp });
  await alice.until(() => alice.signals.length === 1);
  assert.deepEqual(alice.signals[0]?.signal, { type: "call-offer", sdp });
  bob.end.setAvailability({ videoDisabled: false });
  await alice.until(() => alice.end.contacts()[0]?.videoDisabled === false);
});

test("a direct address is preferred to the relay", async () => {
  const relay = await startRelay();
  const alice = await startPlugin("Alice", [relay.address]);
  const bob = await startPlugin("Bob", [relay.address], ["/ip4/127.0.0.1/tcp/0"]);
  const via = await untilReservedAt(bob, relay);
  await alice.end.addContact(bob.self.addresses[0] ?? "");
  await alice.end.addContact(via);
  await alice.end.send(bob.self.peerId, "c", { type: "call-request" });
  await bob.until(() => bob.signals.length === 1);
  assert.deepEqual(alice.end.diagnostics().connections, { direct: 2, relayed: 0 });
});

test("the plugin reserves again at a relay that starts late or restarts", async () => {
  const first = await startRelay();
  const port = Number(/\/tcp\/(\d+)\//.exec(first.address)?.[1]);
  await first.stop();
  const identity = makeRelayIdentity(port);
  const stopped = await startRelayNode(await identity);
  await stopped.stop();
  const bob = await startPlugin("Bob", [stopped.address, "/nonsense"]);
  let relay = await startRelayNode(await identity);
  await untilReservedAt(bob, relay);
  await relay.stop();
  await bob.until(() => bob.addresses().length === 0);
  relay = await startRelay(identity);
  await untilReservedAt(bob, relay);
  const alice = await startPlugin("Alice", [relay.address]);
  await alice.end.addContact(relayedAddress(relay, bob));
  await alice.end.send(bob.self.peerId, "c", { type: "call-request" });
  await bob.until(() => bob.signals.length === 1);
});

test("without a reservation the peer is unreachable", async () => {
  const relay = await startRelay();
  const alice = await startPlugin("Alice", [relay.address]);
  const bob = await startPlugin("Bob", []);
  await assert.rejects(alice.end.addContact(relayedAddress(relay, bob)), { code: "unreachable" });
});
