// The contract of every implementation of Signalling. Run by signalling-{fake,libp2p,host}.test.ts.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { OwnAvailability, Signalling, SignallingCallbacks } from "../../plugin/signalling/port.ts";
import type { Signal } from "../../rpc-schema/index.ts";
import {
  addressOf,
  type RecordedSignalling,
  recordSignalling,
} from "../support/network/signalling-recorder.ts";

export interface EndOptions {
  readonly label: string;
  readonly peers?: readonly string[];
}

export interface SignallingUnderTest {
  create(options: EndOptions, callbacks: SignallingCallbacks): Signalling;
  /** A well-formed address without a peer. */
  readonly deadAddress: string;
}

type Add = (
  label: string,
  peers?: readonly string[],
  availability?: OwnAvailability,
) => Promise<RecordedSignalling>;

const silent: SignallingCallbacks = {
  onSignal: () => undefined,
  onContacts: () => undefined,
  onAddressChange: () => undefined,
};
const offer: Signal = { type: "call-offer", sdp: "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n" };
const candidate: Signal = {
  type: "ice-candidate",
  candidate: { candidate: "candidate:1 1 udp 1 127.0.0.1 9 typ host", sdpMid: "0", sdpMLineIndex: 0 },
};

export interface SignallingKind {
  /** own: the implementation discovers and connects peers; given: the host sets its contacts. */
  readonly contacts: "own" | "given";
}

export function signallingContract(
  name: string,
  createNetwork: () => SignallingUnderTest,
  kind: SignallingKind = { contacts: "own" },
): void {
  /** Closes every end that the body adds, on each path. */
  const withEnds = (body: (add: Add, network: SignallingUnderTest) => Promise<void>) => async () => {
    const network = createNetwork();
    const added: Signalling[] = [];
    const add: Add = (label, peers = [], availability = { videoDisabled: false }) =>
      recordSignalling((callbacks) => {
        const end = network.create({ label, peers }, callbacks);
        end.setAvailability(availability);
        added.push(end);
        return end;
      });
    try {
      await body(add, network);
    } finally {
      await Promise.all(added.map((end) => end.close()));
    }
  };
  describe(`${name}: signals`, () => signals(withEnds));
  if (kind.contacts === "own") describe(`${name}: contacts`, () => contacts(withEnds));
  describe(`${name}: places`, () => places(withEnds, kind));
  describe(`${name}: life`, () => life(withEnds));
}

type WithEnds = (body: (add: Add, network: SignallingUnderTest) => Promise<void>) => () => Promise<void>;

async function connected(add: Add): Promise<[RecordedSignalling, RecordedSignalling]> {
  const [alice, bob] = [await add("Alice"), await add("Bob")];
  await alice.end.addContact(addressOf(bob));
  return [alice, bob];
}

function places(withEnds: WithEnds, { contacts: kind }: SignallingKind): void {
  const what = kind === "own" ? "each side knows from where the other is connected" : "only the host knows";
  test(
    `${what}, and an unknown peer is connected from nowhere`,
    withEnds(async (add, network) => {
      const [alice, bob] = await connected(add);
      await alice.end.send(bob.self.peerId, "call-1", offer);
      await bob.until(() => bob.signals.length === 1);
      const here = kind === "own" ? ["127.0.0.1"] : null;
      assert.deepEqual(unique(alice.end.addressesOf(bob.self.peerId)), here);
      assert.deepEqual(unique(bob.end.addressesOf(alice.self.peerId)), here);
      const absentId = network.deadAddress.split("/").at(-1) ?? "";
      assert.deepEqual(alice.end.addressesOf(absentId), kind === "own" ? [] : null);
    }),
  );

  test(
    "a peer that has just disconnected is still known to be where it was",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      await alice.end.send(bob.self.peerId, "call-1", offer);
      await bob.until(() => bob.signals.length === 1);
      const before = unique(bob.end.addressesOf(alice.self.peerId));
      await alice.end.close();
      assert.deepEqual(unique(bob.end.addressesOf(alice.self.peerId)), before);
    }),
  );
}

/** Two sides that dial each other have two connections. */
function unique(addresses: readonly string[] | null): string[] | null {
  return addresses && [...new Set(addresses)];
}

function signals(withEnds: WithEnds): void {
  test(
    "a signal arrives unchanged with its authenticated sender, and the send resolves",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      for (const signal of [offer, candidate]) await alice.end.send(bob.self.peerId, "call-1", signal);
      await bob.until(() => bob.signals.length === 2);
      const from = alice.self.peerId;
      assert.deepEqual(bob.signals, [
        { from, callId: "call-1", signal: offer },
        { from, callId: "call-1", signal: candidate },
      ]);
    }),
  );

  test(
    "signals of one call that are sent without awaiting arrive in order",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      const order: Signal[] = [{ type: "call-ack" }, offer, { type: "call-answer", sdp: "v=0" }];
      await Promise.all(order.map((signal) => alice.end.send(bob.self.peerId, "call-1", signal)));
      await bob.until(() => bob.signals.length === order.length);
      assert.deepEqual(
        bob.signals.map(({ signal }) => signal.type),
        order.map(({ type }) => type),
      );
    }),
  );

  test(
    "the receiver of a signal can answer without an address",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      await alice.end.send(bob.self.peerId, "call-1", { type: "call-request", mediaType: "audio" });
      await bob.until(() => bob.signals.length === 1);
      await bob.end.send(alice.self.peerId, "call-1", { type: "call-ringing" });
      await alice.until(() => alice.signals.length === 1);
      assert.equal(alice.signals[0]?.from, bob.self.peerId);
    }),
  );

  test(
    "an absent peer is unreachable",
    withEnds(async (add, network) => {
      const alice = await add("Alice");
      const absentId = network.deadAddress.split("/").at(-1) ?? "";
      await assert.rejects(alice.end.send(absentId, "call-1", offer), { code: "unreachable" });
    }),
  );

  test(
    "the caller can abort a send before and during the delivery",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      await assert.rejects(alice.end.send(bob.self.peerId, "c", offer, AbortSignal.abort()), {
        code: "aborted",
      });
      const controller = new AbortController();
      const sending = alice.end.send(bob.self.peerId, "c", offer, controller.signal);
      controller.abort();
      await assert.rejects(sending, { code: "aborted" });
    }),
  );
}

function contacts(withEnds: WithEnds): void {
  test(
    "an added peer is a reachable contact with its label and address",
    withEnds(async (add) => {
      const [alice, bob] = [await add("Alice"), await add("Bob")];
      const contact = await alice.end.addContact(addressOf(bob));
      assert.deepEqual(contact, {
        peerId: bob.self.peerId,
        label: "Bob",
        addresses: contact.addresses,
        reachable: true,
        videoDisabled: false,
      });
      assert.ok(contact.addresses.includes(addressOf(bob)));
      assert.deepEqual(alice.end.contacts(), alice.contactLists.at(-1));
      assert.equal(alice.end.contacts().length, 1);
    }),
  );

  test(
    "the sender of a signal becomes a contact of the receiver",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      assert.deepEqual(bob.end.contacts(), []);
      await alice.end.send(bob.self.peerId, "call-1", offer);
      await bob.until(() =>
        bob.end.contacts().some(({ label, reachable }) => label === "Alice" && reachable),
      );
      assert.deepEqual(
        bob.end.contacts().map(({ peerId }) => peerId),
        [alice.self.peerId],
      );
    }),
  );

  test(
    "a configured peer is a contact from the start and becomes reachable",
    withEnds(async (add) => {
      const bob = await add("Bob");
      const alice = await add("Alice", [addressOf(bob)]);
      assert.deepEqual(
        alice.end.contacts().map(({ peerId }) => peerId),
        [bob.self.peerId],
      );
      await alice.until(() =>
        alice.end.contacts().some(({ label, reachable }) => label === "Bob" && reachable),
      );
    }),
  );

  test(
    "an invalid configured address does not affect the others",
    withEnds(async (add) => {
      const bob = await add("Bob");
      const alice = await add("Alice", ["/nonsense", addressOf(bob)]);
      await alice.until(() => alice.end.contacts().some(({ label }) => label === "Bob"));
      assert.equal(alice.end.contacts().length, 1);
    }),
  );

  test(
    "a peer that leaves stays a contact and becomes unreachable",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      await bob.end.close();
      await alice.until(() => alice.end.contacts().some(({ reachable }) => !reachable));
      assert.equal(alice.end.contacts()[0]?.label, "Bob");
      await assert.rejects(alice.end.send(bob.self.peerId, "call-1", offer), { code: "unreachable" });
    }),
  );

  test(
    "switching calls off and on reaches the contacts at once",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      const isDisabled = () => alice.end.contacts()[0]?.videoDisabled;
      assert.equal(isDisabled(), false);
      await bob.end.addContact(addressOf(alice));
      for (const videoDisabled of [true, false]) {
        bob.end.setAvailability({ videoDisabled });
        await alice.until(() => isDisabled() === videoDisabled);
      }
    }),
  );

  test(
    "calls that were switched off before the start are known after connecting",
    withEnds(async (add) => {
      const bob = await add("Bob", [], { videoDisabled: true });
      const alice = await add("Alice");
      await alice.end.addContact(addressOf(bob));
      await alice.until(() => alice.end.contacts()[0]?.videoDisabled === true);
    }),
  );

  test(
    "every reported list differs from the one before",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      await alice.end.addContact(addressOf(bob));
      for (const callId of ["call-1", "call-2"]) await alice.end.send(bob.self.peerId, callId, offer);
      await bob.end.close();
      await alice.until(() => alice.end.contacts().some(({ reachable }) => !reachable));
      for (const lists of [alice.contactLists, bob.contactLists]) {
        assert.ok(lists.length > 0);
        for (const [index, list] of lists.slice(1).entries()) assert.notDeepEqual(list, lists[index]);
      }
    }),
  );

  test(
    "an invalid address, our own address and an address without a peer are refused",
    withEnds(async (add, network) => {
      const alice = await add("Alice");
      const wrong = ["", "nonsense", "/ip4/127.0.0.1/tcp/1", "/p2p/short", addressOf(alice)];
      for (const address of wrong) {
        await assert.rejects(alice.end.addContact(address), { code: "invalidAddress" }, address);
      }
      await assert.rejects(alice.end.addContact(network.deadAddress), { code: "unreachable" });
      assert.deepEqual(alice.end.contacts(), []);
    }),
  );
}

function life(withEnds: WithEnds): void {
  test(
    "addresses end in the peer's id",
    withEnds(async (add) => {
      const { self } = await add("Alice");
      for (const address of self.addresses) assert.ok(address.endsWith(`/p2p/${self.peerId}`), address);
      assert.ok(self.addresses.length > 0);
    }),
  );

  test(
    "before start, every call rejects and close succeeds",
    withEnds(async (_, network) => {
      const end = network.create({ label: "Alice" }, silent);
      await assert.rejects(end.send("FakePeer11", "call-1", offer), { code: "closed" });
      await assert.rejects(end.addContact(network.deadAddress), { code: "closed" });
      assert.deepEqual(end.contacts(), []);
      await end.close();
      await assert.rejects(end.start(), { code: "closed" });
    }),
  );

  test(
    "close rejects pending sends, can be repeated, and ends the callbacks",
    withEnds(async (add) => {
      const [alice, bob] = await connected(add);
      const rejected = [offer, candidate].map((signal) =>
        assert.rejects(alice.end.send(bob.self.peerId, "call-1", signal), { code: "closed" }),
      );
      const reported = alice.contactLists.length;
      await Promise.all([alice.end.close(), alice.end.close(), ...rejected]);
      await alice.end.close();
      await assert.rejects(alice.end.send(bob.self.peerId, "call-1", offer), { code: "closed" });
      await assert.rejects(alice.end.addContact(addressOf(bob)), { code: "closed" });
      assert.equal(alice.contactLists.length, reported);
    }),
  );
}
