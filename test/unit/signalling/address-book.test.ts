// The addresses that connected peers announce: which of them we dial, and how long libp2p remembers them.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { generateKeyPair } from "@libp2p/crypto/keys";
import type { PeerId } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import type { PeerPlace } from "../../../plugin/common/peer-place.ts";
import { AddressBook } from "../../../plugin/signalling/libp2p/address-book.ts";
import { MAX_ADDRESSES_PER_CONTACT, MAX_REMEMBERED_STRANGERS } from "../../../plugin/signalling/timings.ts";

const anId = async () => peerIdFromPrivateKey(await generateKeyPair("Ed25519"));

/** What libp2p remembers is a map here. */
function bookAt(place: PeerPlace, isKnown: (peerId: string) => boolean = () => false) {
  const remembered = new Map<string, string[]>();
  const store = {
    patch: async (peer: PeerId, { multiaddrs = [] }: { multiaddrs?: Multiaddr[] }) =>
      void remembered.set(peer.toString(), multiaddrs.map(String)),
    delete: async (peer: PeerId) => void remembered.delete(peer.toString()),
  };
  const libp2p = { getConnections: () => [], peerStore: store } as unknown as ConstructorParameters<
    typeof AddressBook
  >[0];
  return { remembered, book: new AddressBook(libp2p, { isKnown, log: () => undefined }, () => place) };
}

const MACHINE = ["/ip4/127.0.0.1/tcp/22", "/ip6/::1/tcp/631"];
const LINK = ["/ip4/169.254.1.1/tcp/80"];
const NETWORK = ["/ip4/192.0.2.1/tcp/4001", "/ip6/2001:db8::1/tcp/4001"];
const NAMES = ["/dns4/localhost/tcp/22", "/dnsaddr/example.org", "/dns6/example.org/tcp/1"];
const NOWHERE = ["/ip4/0.0.0.0/tcp/22", "/ip4/224.0.0.251/tcp/1", "/ip4/255.255.255.255/tcp/1"];

describe("announced addresses", () => {
  test("of this machine or link are dialled only if the peer is there, and names never", async () => {
    const peer = await anId();
    const announced = [...MACHINE, ...LINK, ...NETWORK, ...NAMES, ...NOWHERE].map((text) => multiaddr(text));
    for (const [place, expected] of [
      ["network", NETWORK],
      ["unknown", NETWORK],
      ["link", [...LINK, ...NETWORK]],
      ["machine", [...MACHINE, ...LINK, ...NETWORK]],
    ] as const) {
      const { book, remembered } = bookAt(place);
      const { addresses } = book.onIdentified(peer, announced);
      assert.deepEqual(
        addresses,
        expected.map((text) => `${text}/p2p/${peer}`),
        place,
      );
      assert.deepEqual(remembered.get(peer.toString()), expected, place);
    }
  });

  test("are limited in number", async () => {
    const many = Array.from({ length: 1_000 }, (_, index) => multiaddr(`/ip4/192.0.2.1/tcp/${index + 1}`));
    const { addresses } = bookAt("network").book.onIdentified(await anId(), many);
    assert.equal(addresses.length, MAX_ADDRESSES_PER_CONTACT);
  });

  test("of strangers that left are forgotten, and those of known peers are kept", async () => {
    const friend = await anId();
    const { book, remembered } = bookAt("network", (peerId) => peerId === friend.toString());
    const strangers = await Promise.all(Array.from({ length: 200 }, anId));
    for (const peer of [friend, ...strangers]) {
      book.onConnected(peer);
      book.onIdentified(
        peer,
        NETWORK.map((text) => multiaddr(text)),
      );
      book.onDisconnected(peer);
    }
    assert.equal(remembered.size, MAX_REMEMBERED_STRANGERS + 1);
    assert.ok(remembered.has(friend.toString()));
    assert.ok(remembered.has(String(strangers.at(-1))));
  });
});
