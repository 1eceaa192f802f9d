// The fake network keeps the contract of the real one, also with delay; and its faults are those that are asked for.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
import { createFakeSignallingNetwork, type FakeNetworkOptions } from "../support/fakes/fake-signalling.ts";
import { addressOf, watchSignalling } from "../support/network/signalling-recorder.ts";
import { signallingContract } from "./signalling.contract.ts";

function underTest(options: FakeNetworkOptions) {
  return () => {
    const network = createFakeSignallingNetwork({ ...options, retryPauseMs: 1 });
    return { create: network.create.bind(network), deadAddress: "/memory/p2p/FakePeerzz" };
  };
}

signallingContract("fake network", underTest({}));
signallingContract("fake network with delay", underTest({ faults: { delayMs: 2 } }));

const ringing: Signal = { type: "call-ringing" };

async function pair(options: FakeNetworkOptions) {
  const network = createFakeSignallingNetwork({ ackMs: 1, retryPauseMs: 1, ...options });
  const create = (label: string) =>
    watchSignalling((callbacks) => network.create({ label, mdns: true }, callbacks));
  const [alice, bob] = [await create("Alice"), await create("Bob")];
  return { network, alice, bob };
}

describe("faults of the fake network", () => {
  test("with mdns both ends find each other", async () => {
    const { alice, bob } = await pair({});
    assert.deepEqual(
      [alice, bob].map(({ end }) => end.contacts().map(({ label, reachable }) => `${label} ${reachable}`)),
      [["Bob true"], ["Alice true"]],
    );
  });

  test("when all is lost, sending fails as unacknowledged and nothing arrives", async () => {
    const { alice, bob } = await pair({ faults: { loss: 1 } });
    await assert.rejects(alice.end.send(bob.self.peerId, "c", ringing), { code: "unacknowledged" });
    assert.deepEqual(bob.signals, []);
  });

  test("some loss makes some signals arrive twice and some sends fail, the same for the same seed", async () => {
    const run = async (seed: number) => {
      const { alice, bob } = await pair({ seed, faults: { loss: 0.3 } });
      const outcomes: string[] = [];
      for (let index = 0; index < 40; index += 1) {
        const sending = alice.end.send(bob.self.peerId, `c${index}`, ringing);
        outcomes.push(await sending.then(() => "acknowledged").catch(({ code }: { code: string }) => code));
      }
      return { outcomes, arrived: bob.signals.map(({ callId }) => callId) };
    };
    const first = await run(7);
    assert.deepEqual(new Set(first.outcomes), new Set(["acknowledged", "unacknowledged"]));
    assert.ok(new Set(first.arrived).size < first.arrived.length);
    assert.deepEqual(await run(7), first);
    assert.notDeepEqual(await run(8), first);
  });

  test("duplication makes every signal arrive twice", async () => {
    const { alice, bob } = await pair({ faults: { duplication: 1 } });
    await alice.end.send(bob.self.peerId, "c", ringing);
    await bob.until(() => bob.signals.length === 2);
    assert.deepEqual(bob.signals[0], bob.signals[1]);
  });

  test("reordering lets signals of different calls pass each other", async () => {
    const { alice, bob } = await pair({ faults: { reordering: 0.5, reorderMs: 20 } });
    const calls = Array.from({ length: 20 }, (_, index) => `c${index}`);
    await Promise.all(calls.map((callId) => alice.end.send(bob.self.peerId, callId, ringing)));
    const arrived = bob.signals.map(({ callId }) => callId);
    assert.notDeepEqual(arrived, calls);
    assert.deepEqual(arrived.toSorted(), calls.toSorted());
  });

  test("an end that is cut off is unreachable until it is back", async () => {
    const { network, alice, bob } = await pair({});
    network.setOnline(bob.self.peerId, false);
    assert.equal(alice.end.contacts()[0]?.reachable, false);
    await assert.rejects(alice.end.send(bob.self.peerId, "c", ringing), { code: "unreachable" });
    await assert.rejects(alice.end.addContact(addressOf(bob)), { code: "unreachable" });
    network.setOnline(bob.self.peerId, true);
    await alice.end.send(bob.self.peerId, "c", ringing);
    assert.equal(bob.signals.length, 1);
  });

  test("what is injected is read as from the wire", async () => {
    const { network, alice, bob } = await pair({});
    const inject = (topic: string, payload: unknown) =>
      network.inject(alice.self.peerId, bob.self.peerId, topic, payload);
    inject("chat", { text: "hi" });
    inject("call:c", { type: "call-hold" });
    inject("call:c", { type: "call-request", constraints: { video: false } });
    assert.deepEqual(
      bob.signals.map(({ signal }) => signal.type === "call-request" && signal.mediaType),
      ["audio"],
    );
  });

  test("time is the given clock's", async () => {
    const waiting: { callback: () => void; timeMs: number }[] = [];
    const clock = {
      setTimeout: (callback: () => void, timeMs: number) => waiting.push({ callback, timeMs }),
      clearTimeout: () => undefined,
    };
    const { alice, bob } = await pair({ clock, faults: { delayMs: 250 } });
    const sending = alice.end.send(bob.self.peerId, "c", ringing);
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.deepEqual(
      waiting.map(({ timeMs }) => timeMs),
      [250],
    );
    assert.deepEqual(bob.signals, []);
    waiting[0]?.callback();
    await sending;
    assert.equal(bob.signals.length, 1);
  });
});
