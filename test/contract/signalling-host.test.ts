// The carrier over the host's node keeps the signalling contract, and what only a carried end has: a host that is slow,
// refuses or delivers nonsense, and that alone knows the peers.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Contact, Signal } from "../../rpc-schema/index.ts";
import { watchSignalling } from "../support/network/signalling-recorder.ts";
import { InMemoryHosts } from "../support/plugin/in-memory-hosts.ts";
import { signallingContract } from "./signalling.contract.ts";

signallingContract(
  "host carrier",
  () => {
    const bus = new InMemoryHosts();
    return {
      create: ({ label }, callbacks) => bus.create(label, callbacks),
      deadAddress: "/p2p/HostedPeerZZ",
    };
  },
  { contacts: "given" },
);

const ringing: Signal = { type: "call-ringing" };
const STRANGER = "12D3KooWStrangerAbcdefgh";

async function pair(carryMs?: number) {
  const bus = new InMemoryHosts();
  const create = (label: string) => watchSignalling((callbacks) => bus.create(label, callbacks, carryMs));
  const [alice, bob] = [await create("Alice"), await create("Bob")];
  return { bus, alice, bob, close: () => Promise.all([alice.end.close(), bob.end.close()]) };
}

describe("a carried end", () => {
  test("asks the host by the call's topic, with the signal as it is", async () => {
    const { bus, alice, bob, close } = await pair();
    await alice.end.send(bob.self.peerId, "c1", { type: "call-hangup", reason: "busy" });
    assert.deepEqual(bus.requests, [
      {
        from: alice.self.peerId,
        peerId: bob.self.peerId,
        topic: "call:c1",
        payload: { type: "call-hangup", reason: "busy" },
      },
    ]);
    await close();
  });

  test("finds a peer unreachable when the host says so", async () => {
    const { bus, alice, bob, close } = await pair();
    bus.behaviour = "refuses";
    await assert.rejects(alice.end.send(bob.self.peerId, "c1", ringing), { code: "unreachable" });
    assert.equal(bus.requests.length, 1, "the host retries by itself");
    await close();
  });

  test("gives up on a host that does not answer, and what waits behind follows", async () => {
    const { bus, alice, bob, close } = await pair(5);
    bus.behaviour = "silent";
    const stuck = assert.rejects(alice.end.send(bob.self.peerId, "c1", ringing), { code: "unacknowledged" });
    const next = alice.end.send(bob.self.peerId, "c1", { type: "call-ack" });
    await stuck;
    bus.behaviour = "answers";
    await next.catch(() => undefined);
    assert.deepEqual(
      bus.requests.map(({ payload }) => (payload as Signal).type),
      ["call-ringing", "call-ack"],
    );
    await close();
  });

  test("takes no signal before its start or after its end, and never what is none", async () => {
    const bus = new InMemoryHosts();
    const heard: string[] = [];
    const end = bus.create("Alice", {
      onSignal: (_, callId) => heard.push(callId),
      onContacts: () => undefined,
      onAddressChange: () => undefined,
    });
    end.deliver(STRANGER, "call:early", { type: "call-ack" });
    await end.start();
    for (const [topic, payload] of [
      ["chat", { type: "call-ack" }],
      ["call:loopback:x", { type: "call-ack" }],
      ["call:a/b", { type: "call-ack" }],
      ["call:c", { type: "call-dance" }],
      ["call:c", { type: "ice-candidate", candidate: { candidate: "" } }],
      ["call:good", { type: "call-ack" }],
    ] as const) {
      end.deliver(STRANGER, topic, payload);
    }
    await end.close();
    end.deliver(STRANGER, "call:late", { type: "call-ack" });
    assert.deepEqual(heard, ["good"]);
    assert.deepEqual(end.ignored(), {
      otherTopic: 1,
      loopback: 1,
      badCallId: 1,
      unknownSignal: 1,
      endOfCandidates: 1,
    });
  });

  test("goes on when a listener fails", async () => {
    const bus = new InMemoryHosts();
    const heard: string[] = [];
    const end = bus.create("Alice", {
      onSignal(_, callId) {
        heard.push(callId);
        throw new Error("the call manager broke");
      },
      onContacts: () => undefined,
      onAddressChange: () => undefined,
    });
    await end.start();
    for (const callId of ["a", "b"]) end.deliver(STRANGER, `call:${callId}`, { type: "call-ack" });
    assert.deepEqual(heard, ["a", "b"]);
    await end.close();
  });

  test("knows the peers that the host tells of, each once, without itself, and tells only changes", async () => {
    const { bus, alice, bob, close } = await pair();
    const [known] = alice.end.contacts();
    assert.equal(known?.label, "Bob");
    const told = alice.contactLists.length;
    bus.sendContacts();
    assert.equal(alice.contactLists.length, told);
    const stranger: Contact = {
      peerId: STRANGER,
      label: "old",
      addresses: [],
      reachable: false,
      videoDisabled: false,
    };
    alice.end.setContacts([
      stranger,
      { ...stranger, label: "new" },
      { ...stranger, peerId: alice.self.peerId },
    ]);
    assert.deepEqual(alice.contactLists.at(-1), [{ ...stranger, label: "new" }]);
    assert.equal(alice.contactLists.length, told + 1);
    await assert.rejects(alice.end.addContact(`/p2p/${bob.self.peerId}`), { code: "unreachable" });
    assert.equal((await alice.end.addContact(`/ip4/1.2.3.4/tcp/5/p2p/${STRANGER}`)).label, "new");
    await close();
  });
});
