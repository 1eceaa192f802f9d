// The list of known peers has a limited size, and is reported only after a change.

import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { KnownPeers } from "../../../plugin/signalling/contacts/known-peers.ts";
import {
  MAX_ADDRESSES_PER_CONTACT,
  MAX_CONTACTS,
  MAX_STRANGERS_AMONG_CONTACTS,
} from "../../../plugin/signalling/timings.ts";
import type { Contact } from "../../../rpc-schema/index.ts";

let reported: Contact[][] = [];
let list = new KnownPeers(() => undefined);

beforeEach(() => {
  reported = [];
  list = new KnownPeers((contacts) => void reported.push(contacts));
});

const peer = (index: number) => ({ peerId: `FakePeer${index}`, addresses: [`/memory/p2p/FakePeer${index}`] });

test("the whole list is reported after a change, and not otherwise", () => {
  list.add(peer(1), "found", false);
  list.add(peer(1), "found", false);
  list.setReachable("FakePeer1", false);
  list.setReachable("FakePeer1", true);
  list.describe("FakePeer1", { label: "Eva" });
  list.describe("FakePeer1", { label: "Eva" });
  assert.equal(reported.length, 3);
  assert.deepEqual(reported.at(-1), [{ ...peer(1), label: "Eva", reachable: true, videoDisabled: false }]);
});

test("a peer without a label is shown by the end of its id", () => {
  list.add({ peerId: "FakePeerABCDEFGH", addresses: [] }, "caller", true);
  assert.equal(list.get("FakePeerABCDEFGH")?.label, "ABCDEFGH");
});

test("addresses are kept newest first, without duplicates, up to a limit", () => {
  for (let port = 1; port <= MAX_ADDRESSES_PER_CONTACT + 5; port += 1) {
    list.add({ peerId: "FakePeer1", addresses: [`/ip4/10.0.0.1/tcp/${port}`] }, "found", false);
  }
  const addresses = list.get("FakePeer1")?.addresses ?? [];
  assert.equal(addresses.length, MAX_ADDRESSES_PER_CONTACT);
  assert.equal(addresses[0], `/ip4/10.0.0.1/tcp/${MAX_ADDRESSES_PER_CONTACT + 5}`);
});

test("a list full of strangers drops the oldest one that is not connected", () => {
  list.add(peer(0), "given", false);
  list.add(peer(1), "found", true);
  for (let index = 2; index <= MAX_STRANGERS_AMONG_CONTACTS; index += 1)
    list.add(peer(index), "found", false);
  assert.equal(list.add(peer(MAX_CONTACTS), "caller", true), true);
  assert.equal(list.all().length, MAX_STRANGERS_AMONG_CONTACTS + 1);
  assert.deepEqual(
    [list.has("FakePeer0"), list.has("FakePeer1"), list.has("FakePeer2")],
    [true, true, false],
  );
});

test("a list full of connected strangers accepts no more of them", () => {
  for (let index = 0; index < MAX_STRANGERS_AMONG_CONTACTS; index += 1) list.add(peer(index), "found", true);
  assert.equal(list.add(peer(MAX_CONTACTS), "caller", true), false);
  assert.equal(list.has(`FakePeer${MAX_CONTACTS}`), false);
});

test("connected strangers leave room for peers that the user chose", () => {
  const chosen = new Set<string>();
  const choosy = new KnownPeers(
    () => undefined,
    (peerId) => chosen.has(peerId),
  );
  for (let index = 0; index < MAX_CONTACTS; index += 1) choosy.add(peer(index), "found", true);
  const ofUser = Array.from({ length: MAX_CONTACTS }, (_, index) => peer(1_000 + index));
  for (const one of ofUser.slice(1)) chosen.add(one.peerId);
  const [given, ...others] = ofUser;
  assert.ok(given && choosy.add(given, "given", false));
  for (const one of others) assert.ok(choosy.add(one, "caller", false), one.peerId);
  assert.deepEqual(
    choosy.all().map(({ peerId }) => peerId),
    ofUser.map(({ peerId }) => peerId),
  );
});
