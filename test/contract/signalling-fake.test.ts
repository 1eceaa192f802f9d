// The fake network fulfils the signalling contract, also with a delay. Its faults are the configured ones.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
import { createFakeSignallingNetwork, type FakeNetworkOptions } from "../support/fakes/fake-signalling.ts";
import { addressOf, recordSignalling } from "../support/network/signalling-recorder.ts";
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
    recordSignalling((callbacks) => network.create({ label, mdns: true }, callbacks));
  const [alice, bob] = [await create("Alice"), await create("Bob")];
  return { network, alice, bob };
}

describe("faults of the fake network", () => {
  test("with mDNS both ends discover each other", async () => {
    const { alice, bob } = await pair({});
    assert.deepEqual(
      [alice, bob].map(({ end }) => end.contacts().map(({ label, reachable }) => `${label} ${reachable}`)),
      [["Bob true"], ["Alice true"]],
    );
  });

  test("with total loss, sends reject as unacknowledged and nothing arrives", async () => {
    const { alice, bob } = await pair({ faults: { loss: 1 } });
    await assert.rejects(alice.end.send(bob.self.peerId, "c", ringing), { code: "unacknowledged" });
    assert.deepEqual(bob.signals, []);
  });

  test("partial loss duplicates some signals and fails some sends, and a seed repeats the result", async () => {
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

  test("duplication delivers every signal twice", async () => {
    const { alice, bob } = await pair({ faults: { duplication: 1 } });
    await alice.end.send(bob.self.peerId, "c", ringing);
    await bob.until(() => bob.signals.length === 2);
    assert.deepEqual(bob.signals[0], bob.signals[1]);
  });

  test("reordering lets signals of different calls overtake each other", async () => {
    const { alice, bob } = await pair({ faults: { reordering: 0.5, reorderMs: 20 } });
    const calls = Array.from({ length: 20 }, (_, index) => `c${index}`);
    await Promise.all(calls.map((callId) => alice.end.send(bob.self.peerId, callId, ringing)));
    const arrived = bob.signals.map(({ callId }) => callId);
    assert.notDeepEqual(arrived, calls);
    assert.deepEqual(arrived.toSorted(), calls.toSorted());
  });

  test("an offline end is unreachable until it is online again", async () => {
    const { network, alice, bob } = await pair({});
    network.setOnline(bob.self.peerId, false);
    assert.equal(alice.end.contacts()[0]?.reachable, false);
    await assert.rejects(alice.end.send(bob.self.peerId, "c", ringing), { code: "unreachable" });
    await assert.rejects(alice.end.addContact(addressOf(bob)), { code: "unreachable" });
    network.setOnline(bob.self.peerId, true);
    await alice.end.send(bob.self.peerId, "c", ringing);
    assert.equal(bob.signals.length, 1);
  });

  test("injected messages are parsed like received ones", async () => {
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

  test("delays use the given clock", async () => {
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
