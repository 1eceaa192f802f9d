// Host-relayed signalling fulfils the signalling contract, and copes with a host that is slow, refuses requests or delivers
// invalid messages.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Contact, Signal } from "../../rpc-schema/index.ts";
import { recordSignalling } from "../support/network/signalling-recorder.ts";
import { InMemoryHosts } from "../support/plugin/in-memory-hosts.ts";
import { signallingContract } from "./signalling.contract.ts";

signallingContract(
  "host-relayed signalling",
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

async function pair(sendTimeoutMs?: number) {
  const bus = new InMemoryHosts();
  const create = (label: string) =>
    recordSignalling((callbacks) => bus.create(label, callbacks, sendTimeoutMs));
  const [alice, bob] = [await create("Alice"), await create("Bob")];
  return { bus, alice, bob, close: () => Promise.all([alice.end.close(), bob.end.close()]) };
}

describe("host-relayed signalling", () => {
  test("sends a request with the call's topic and the unchanged signal", async () => {
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

  test("rejects as unreachable if the host refuses the request", async () => {
    const { bus, alice, bob, close } = await pair();
    bus.behaviour = "refuses";
    await assert.rejects(alice.end.send(bob.self.peerId, "c1", ringing), { code: "unreachable" });
    assert.equal(bus.requests.length, 1, "the host retries by itself");
    await close();
  });

  test("rejects a request that the host does not answer, and sends the next one", async () => {
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

  test("ignores signals before start and after close, and invalid messages always", async () => {
    const bus = new InMemoryHosts();
    const received: string[] = [];
    const end = bus.create("Alice", {
      onSignal: (_, callId) => received.push(callId),
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
    assert.deepEqual(received, ["good"]);
    assert.deepEqual(end.ignored(), {
      otherTopic: 1,
      loopback: 1,
      badCallId: 1,
      unknownSignal: 1,
      endOfCandidates: 1,
    });
  });

  test("continues after an exception in a callback", async () => {
    const bus = new InMemoryHosts();
    const received: string[] = [];
    const end = bus.create("Alice", {
      onSignal(_, callId) {
        received.push(callId);
        throw new Error("the callback failed");
      },
      onContacts: () => undefined,
      onAddressChange: () => undefined,
    });
    await end.start();
    for (const callId of ["a", "b"]) end.deliver(STRANGER, `call:${callId}`, { type: "call-ack" });
    assert.deepEqual(received, ["a", "b"]);
    await end.close();
  });

  test("reports the host's contacts without duplicates and itself, and only after changes", async () => {
    const { bus, alice, bob, close } = await pair();
    const [known] = alice.end.contacts();
    assert.equal(known?.label, "Bob");
    const reported = alice.contactLists.length;
    bus.sendContacts();
    assert.equal(alice.contactLists.length, reported);
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
    assert.equal(alice.contactLists.length, reported + 1);
    await assert.rejects(alice.end.addContact(`/p2p/${bob.self.peerId}`), { code: "unreachable" });
    assert.equal((await alice.end.addContact(`/ip4/1.2.3.4/tcp/5/p2p/${STRANGER}`)).label, "new");
    await close();
  });
});
