// Discovery by mDNS on a LAN of two network namespaces. No packet leaves the machine.

import assert from "node:assert/strict";
import { after, test } from "node:test";
import { createTestLan } from "../../support/network/netns.ts";
import { startSignallingProcess } from "../../support/network/signalling-process.ts";
import { startZeroconf } from "../../support/network/zeroconf-process.ts";

const lan = createTestLan();
after(() => lan.remove());

test("two nodes discover each other, fetch their labels, and exchange signals", async () => {
  const options = { listen: ["/ip4/0.0.0.0/tcp/0"], mdns: true };
  const alice = await startSignallingProcess({ ...options, label: "Alice" }, lan.ends[0]);
  const bob = await startSignallingProcess({ ...options, label: "Bob" }, lan.ends[1]);
  try {
    const found = (process: typeof alice, label: string) =>
      process.untilEvent(
        (event) => event.contacts?.some((each) => each.label === label && each.reachable) ?? false,
      );
    const { contacts } = await found(bob, "Alice");
    assert.deepEqual(
      contacts?.map(({ peerId }) => peerId),
      [alice.peerId],
    );
    assert.ok(contacts?.[0]?.addresses.some((address) => address.startsWith("/ip4/10.77.0.1/tcp/")));
    assert.equal(await bob.send(alice.peerId, "call-1", { type: "call-request" }), "acknowledged");
    assert.equal((await alice.untilEvent((event) => event.signal !== undefined)).signal?.from, bob.peerId);
    await found(alice, "Bob");
    assert.equal(await alice.send(bob.peerId, "call-1", { type: "call-ack" }), "acknowledged");
    assert.deepEqual(await Promise.all([alice.leave(), bob.leave()]), [0, 0]);
  } finally {
    await Promise.all([alice.kill(), bob.kill()]);
  }
});

const GOPHER = "/ip4/10.77.0.2/tcp/4009/p2p/12D3KooWFpTTmrP1NAthPQnMmeTyUYYuvihqt71UKLSth6xSGsVf";

test("a Go peer finds the plugin with an address that it can dial", async () => {
  const alice = await startSignallingProcess(
    { listen: ["/ip4/0.0.0.0/tcp/0"], mdns: true, label: "Alice" },
    lan.ends[0],
  );
  const gopher = startZeroconf(GOPHER, lan.ends[1], "ask");
  try {
    const { ips, text } = await gopher.found;
    assert.deepEqual(ips, ["10.77.0.1"]);
    assert.equal(text.length, 1);
    assert.match(text[0] ?? "", /^dnsaddr=\/ip4\/10\.77\.0\.1\/tcp\/\d+\/p2p\//);
    assert.ok(text[0]?.endsWith(alice.peerId));
  } finally {
    await Promise.all([gopher.stop(), alice.kill()]);
  }
});

test("a new plugin announces itself without a query, and finds a Go peer that answers", async () => {
  const gopher = startZeroconf(GOPHER, lan.ends[1], "answer");
  const alice = await startSignallingProcess(
    { listen: ["/ip4/0.0.0.0/tcp/0"], mdns: true, label: "Alice" },
    lan.ends[0],
  );
  try {
    assert.deepEqual((await gopher.found).ips, ["10.77.0.1"]);
    const { contacts } = await alice.untilEvent((event) => (event.contacts?.length ?? 0) > 0);
    assert.deepEqual(contacts?.[0]?.addresses, [GOPHER]);
  } finally {
    await Promise.all([gopher.stop(), alice.kill()]);
  }
});
