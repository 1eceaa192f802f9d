// The addresses of a peer that dialled us. A plugin that resumes a call after a crash can only reach the peer at these.

import assert from "node:assert/strict";
import { test } from "node:test";
import { generateKey } from "../../../plugin/signalling/encryption/key-file.ts";
import { startLibp2pNode } from "../../../plugin/signalling/libp2p/libp2p-node.ts";
import type { NodeOptions, SignallingNode } from "../../../plugin/signalling/node.ts";

async function startNode(events: Partial<NodeOptions["events"]> = {}): Promise<SignallingNode> {
  const options: NodeOptions = {
    key: generateKey(),
    listen: ["/ip4/127.0.0.1/tcp/0"],
    mdns: false,
    handlers: new Map(),
    events: {
      onConnected: () => undefined,
      onConnectedAgain: () => undefined,
      onDisconnected: () => undefined,
      onFound: () => undefined,
      onIdentified: () => undefined,
      onAddressesChanged: () => undefined,
      ...events,
    },
    log: () => undefined,
    stopMs: 5_000,
  };
  return startLibp2pNode(options);
}

test("a peer that connected just now is asked for its addresses, before libp2p has stored any", async () => {
  const connected = Promise.withResolvers<string[]>();
  const callee = await startNode({
    onConnected: (peerId) => {
      const known = callee.knownAddresses(peerId, new AbortController().signal);
      connected.resolve(known.then(({ addresses }) => [...addresses]));
    },
  });
  const caller = await startNode();
  try {
    await caller.connect(
      { peerId: callee.peerId, addresses: callee.addresses() },
      AbortSignal.timeout(10_000),
    );
    assert.deepEqual(await connected.promise, caller.addresses());
  } finally {
    await Promise.all([caller.stop(), callee.stop()]);
  }
});

test("a peer that was never connected has no known addresses", async () => {
  const [node, other] = [await startNode(), await startNode()];
  try {
    const known = await node.knownAddresses(other.peerId, new AbortController().signal);
    assert.deepEqual(known, { peerId: other.peerId, addresses: [] });
  } finally {
    await Promise.all([node.stop(), other.stop()]);
  }
});
