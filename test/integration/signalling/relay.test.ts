// Signalling between plugins that cannot reach each other and know a circuit relay, on loopback.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import {
  createLibp2pSignalling,
  type Libp2pSignalling,
} from "../../../plugin/signalling/libp2p-signalling.ts";
import { makeRelayIdentity, type RelayNode, startRelayNode } from "../../support/network/relay-node.ts";
import { type WatchedSignalling, watchSignalling } from "../../support/network/signalling-recorder.ts";

type Plugin = WatchedSignalling<Libp2pSignalling>;
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

/** Listens nowhere unless told, so only a relay can bring anybody here. */
async function startPlugin(label: string, relays: readonly string[], listen: readonly string[] = []) {
  const plugin = await watchSignalling((callbacks) =>
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

const viaOf = (relay: RelayNode, plugin: Plugin) => `${relay.address}/p2p-circuit/p2p/${plugin.self.peerId}`;
/** The plugin's own address by the relay, once it has a place there. */
async function untilReachedBy(plugin: Plugin, relay: RelayNode): Promise<string> {
  const via = viaOf(relay, plugin);
  await plugin.until(() => plugin.addresses().includes(via));
  return via;
}

test("two plugins that know each other by a relay only signal both ways, and learn who the other is", async () => {
  const relay = await startRelay();
  const [alice, bob] = [
    await startPlugin("Alice", [relay.address]),
    await startPlugin("Bob", [relay.address]),
  ];
  assert.deepEqual([alice.self.addresses, bob.self.addresses], [[], []]);
  bob.end.setAvailability({ videoDisabled: true });
  const via = await untilReachedBy(bob, relay);
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

test("a direct address is tried before the relay", async () => {
  const relay = await startRelay();
  const alice = await startPlugin("Alice", [relay.address]);
  const bob = await startPlugin("Bob", [relay.address], ["/ip4/127.0.0.1/tcp/0"]);
  const via = await untilReachedBy(bob, relay);
  await alice.end.addContact(bob.self.addresses[0] ?? "");
  await alice.end.addContact(via);
  await alice.end.send(bob.self.peerId, "c", { type: "call-request" });
  await bob.until(() => bob.signals.length === 1);
  assert.deepEqual(alice.end.diagnostics().connections, { direct: 2, relayed: 0 });
});

test("a relay that was away at the start, or goes and comes back, has a place for the plugin again", async () => {
  const first = await startRelay();
  const port = Number(/\/tcp\/(\d+)\//.exec(first.address)?.[1]);
  await first.stop();
  const identity = makeRelayIdentity(port);
  const away = await startRelayNode(await identity);
  await away.stop();
  const bob = await startPlugin("Bob", [away.address, "/nonsense"]);
  let relay = await startRelayNode(await identity);
  await untilReachedBy(bob, relay);
  await relay.stop();
  await bob.until(() => bob.addresses().length === 0);
  relay = await startRelay(identity);
  await untilReachedBy(bob, relay);
  const alice = await startPlugin("Alice", [relay.address]);
  await alice.end.addContact(viaOf(relay, bob));
  await alice.end.send(bob.self.peerId, "c", { type: "call-request" });
  await bob.until(() => bob.signals.length === 1);
});

test("without a relay's place there is no way, and the caller is told", async () => {
  const relay = await startRelay();
  const alice = await startPlugin("Alice", [relay.address]);
  const bob = await startPlugin("Bob", []);
  await assert.rejects(alice.end.addContact(viaOf(relay, bob)), { code: "unreachable" });
});
