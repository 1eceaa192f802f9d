// The call manager: busy callers, the call of a signal, the memory of ended calls, and closing.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../../rpc-schema/index.ts";
import {
  ACK,
  ANSWER,
  CALL,
  CANDIDATE,
  connectedOut,
  hangupOf,
  ManagerBench,
  OFFER,
  PATHS,
  type PathName,
  RINGING,
  requestOf,
  ringingIn,
  ringingOut,
  settled,
} from "../support/start-manager.ts";

const walks = Object.entries(PATHS) as [PathName, () => Promise<ManagerBench>][];
const MEDIA: Signal = { type: "call-media", microphone: false, camera: false };
const RECONNECT: Signal = { type: "call-reconnect", channelId: CALL, mediaType: "video" };
const EVERY_SIGNAL: Signal[] = [
  requestOf(),
  RECONNECT,
  { type: "call-reconnect-ack", mode: "browser" },
  RINGING,
  ACK,
  OFFER,
  ANSWER,
  CANDIDATE,
  MEDIA,
  hangupOf("hungUp"),
];

describe("one call at a time", () => {
  for (const [name, walk] of walks) {
    test(`a second caller is refused as busy while a call is ${name}`, async () => {
      const manager = await walk();
      await manager.receive(requestOf(), { from: "carol", callId: "call-2" });
      assert.deepEqual(manager.refusals(), [{ callId: "call-2", peerId: "carol", reason: "busy" }]);
      assert.equal(manager.phase("call-2"), "gone");
    });

    test(`our user cannot start a second call while one is ${name}`, async () => {
      const manager = await walk();
      await manager.startCall({ peerId: "carol", callId: "call-2" });
      assert.equal(manager.phase("call-2"), "gone");
    });
  }

  test("a call that only sends its hang-up does not block the next one", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangUp();
    assert.equal(manager.phase(), "ended");
    await manager.startCall({ peerId: "carol", callId: "call-2" });
    assert.equal(manager.phase("call-2"), "requesting");
    await manager.hangUp("call-2");
    await manager.receive(requestOf(), { from: "carol", callId: "call-3" });
    assert.equal(manager.phase("call-3"), "ringing");
  });

  test("a duplicate of a request refused as busy does not ring after our call", async () => {
    const manager = await connectedOut();
    await manager.receive(requestOf(), { from: "carol", callId: "call-2" });
    await manager.receive(hangupOf("hungUp"));
    await manager.receive(requestOf(), { from: "carol", callId: "call-2" });
    assert.equal(manager.phase("call-2"), "gone");
    assert.deepEqual(manager.refusals().at(-1), { callId: "call-2", peerId: "carol", reason: "busy" });
  });
});

describe("a signal from anyone but the call's peer", () => {
  for (const [name, walk] of walks) {
    test(`is ignored and counted while the call is ${name}`, async () => {
      const manager = await walk();
      const before = {
        value: manager.call().value,
        link: manager.linkState(),
        sent: manager.effects.records.length,
      };
      for (const signal of EVERY_SIGNAL) await manager.receive(signal, { from: "mallory" });
      assert.equal(manager.context.foreignSignals, EVERY_SIGNAL.length);
      assert.deepEqual(
        { value: manager.call().value, link: manager.linkState(), sent: manager.effects.records.length },
        before,
      );
      assert.deepEqual(manager.call().context.remote, {
        microphone: null,
        camera: null,
        mediaLevel: null,
        mediaLevelReason: null,
      });
    });
  }

  test("cannot end another peer's call before its request arrives", async () => {
    const manager = new ManagerBench();
    await manager.receive(hangupOf("hungUp"), { from: "mallory" });
    await manager.receive(requestOf());
    assert.equal(manager.phase(), "ringing");
  });
});

describe("a signal for an unknown call", () => {
  test("is refused as unknownCall if its sender expects an answer", async () => {
    for (const signal of [RINGING, ACK, OFFER, ANSWER, RECONNECT]) {
      const manager = new ManagerBench();
      await manager.receive(signal);
      assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
      assert.equal(manager.context.unmatchedSignals, 1);
    }
  });

  test("is only counted if its sender expects no answer", async () => {
    const manager = new ManagerBench();
    const nobodyWaits: Signal[] = [CANDIDATE, MEDIA, { type: "call-reconnect-ack" }, hangupOf("hungUp")];
    for (const signal of nobodyWaits) await manager.receive(signal);
    assert.deepEqual(manager.refusals(), []);
    assert.equal(manager.context.unmatchedSignals, 4);
    assert.equal(manager.effects.count("notifyHostOfCall"), 0);
  });

  test("is answered with the call's end reason, so that both sides report the same", async () => {
    const manager = await ringingOut();
    await manager.advance(60_000);
    await manager.receive(ACK);
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "noAnswer" }]);
  });

  test("does not ring when it is a stale request of a call that ended", async () => {
    const manager = await ringingIn();
    await manager.receive(hangupOf());
    await manager.receive(requestOf());
    assert.equal(manager.phase(), "gone");
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "cancelled" }]);
  });

  test("does not ring when the hang-up arrived before its request", async () => {
    const manager = new ManagerBench();
    await manager.receive(hangupOf("cancelled"));
    await manager.receive(requestOf());
    assert.equal(manager.effects.count("notifyHostOfCall"), 0);
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "cancelled" }]);
  });

  test("a call id may equal a property of every JavaScript object", async () => {
    for (const callId of ["constructor", "__proto__", "toString"]) {
      const manager = new ManagerBench();
      await manager.sendUserEvent({ type: "user.hangup" }, callId);
      await manager.receive(ACK, { callId });
      assert.equal(manager.refusals().length, 1);
      await manager.receive(requestOf(), { callId });
      assert.equal(manager.phase(callId), "ringing");
      await manager.hangUp(callId);
      manager.assertEnded("rejected", "local", callId);
    }
  });
});

describe("memory", () => {
  const remembered = (manager: ManagerBench) =>
    [...manager.context.endedCalls.values()].map(({ size }) => size);

  test("of ended calls is limited, and keeps no actor", async () => {
    const manager = new ManagerBench();
    for (let count = 0; count < 300; count += 1) {
      await manager.receive(requestOf(), { callId: `call-${count}` });
      await manager.receive(hangupOf(), { callId: `call-${count}` });
    }
    assert.equal(manager.ends().length, 300);
    assert.deepEqual(remembered(manager), [128]);
    assert.deepEqual(manager.context.calls, {});
    assert.deepEqual(Object.keys(manager.actor.getSnapshot().children), []);
  });

  test("of hang-ups without a call is limited per peer, so one peer cannot displace the entries of another", async () => {
    const manager = new ManagerBench();
    await manager.receive(hangupOf(), { callId: "cancelled" });
    for (let count = 0; count < 300; count += 1) {
      await manager.receive(hangupOf(), { from: "mallory", callId: `call-${count}` });
    }
    assert.deepEqual(remembered(manager), [1, 128]);
    await manager.receive(requestOf(), { callId: "cancelled" });
    assert.equal(manager.phase("cancelled"), "gone");
  });

  test("of peers is limited", async () => {
    const manager = new ManagerBench();
    for (let count = 0; count < 100; count += 1) await manager.receive(hangupOf(), { from: `peer-${count}` });
    assert.equal(remembered(manager).length, 64);
  });
});

describe("stale messages that arrive all at once", () => {
  /** Messages that a host buffered, and then delivers in any order. */
  function inbox(alive: string): { signal: Signal; from: string; callId: string }[] {
    const calls = Array.from({ length: 100 }, (_, n) => ({
      from: n % 2 ? "bob" : "carol",
      callId: `call-${n}`,
    }));
    return calls.flatMap((call) => [
      { signal: requestOf(), ...call },
      ...(call.callId === alive ? [] : [{ signal: hangupOf(), ...call }]),
    ]);
  }
  const orders = {
    "in their order": (messages: ReturnType<typeof inbox>) => messages,
    "hang-ups first": (messages: ReturnType<typeof inbox>) =>
      messages.toSorted(
        (a, b) => Number(b.signal.type === "call-hangup") - Number(a.signal.type === "call-hangup"),
      ),
    "last comes first": (messages: ReturnType<typeof inbox>) => messages.toReversed(),
  };
  for (const [name, order] of Object.entries(orders)) {
    test(`ring only for a caller who still waits: ${name}`, async () => {
      const manager = new ManagerBench();
      for (const { signal, ...about } of order(inbox("call-99"))) {
        manager.actor.send({ type: "signal.received", signal, ...about });
      }
      assert.deepEqual(Object.keys(manager.context.calls), ["call-99"]);
      assert.equal(manager.phase("call-99"), "ringing");
    });
  }

  test("do not ring when every caller hung up, with all requests before all hang-ups", async () => {
    const manager = new ManagerBench();
    const messages = inbox("none").toSorted(
      (a, b) => Number(a.signal.type === "call-hangup") - Number(b.signal.type === "call-hangup"),
    );
    for (const { signal, ...about } of messages) {
      manager.actor.send({ type: "signal.received", signal, ...about });
    }
    assert.deepEqual(manager.context.calls, {});
    // The second waited until the hang-up of the first. Neither rang long enough for a notification of the host.
    assert.equal(manager.effects.count("notifyHostOfCall"), 2);
  });

  test("do not make a peer busy for its own next call, which rings when the hang-up of the first arrives", async () => {
    const manager = await ringingIn();
    await manager.receive(requestOf(), { callId: "call-2" });
    assert.deepEqual(manager.refusals(), []);
    await manager.receive(hangupOf());
    assert.equal(manager.phase("call-2"), "ringing");
  });
});

test("a peer that rings too often is refused as busy without ringing", async () => {
  const manager = new ManagerBench();
  manager.effects.tooFrequentCallers.add("bob");
  await manager.receive(requestOf());
  assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "busy" }]);
  await manager.receive(hangupOf(), { callId: "call-2" });
  assert.equal(manager.refusals().length, 1);
  await manager.receive(requestOf(), { from: "carol", callId: "call-3" });
  assert.equal(manager.phase("call-3"), "ringing");
});

describe("closing", () => {
  for (const [name, walk] of walks) {
    for (const reason of ["hostGone", "shutdown"] as const) {
      test(`a call that is ${name} ends with ${reason}, and the peer is notified`, async () => {
        const manager = await walk();
        await manager.send({ type: "manager.close", reason });
        manager.assertEnded(reason, "local");
        assert.deepEqual(manager.hangups(), [reason]);
        assert.equal(manager.actor.getSnapshot().status, "done");
      });
    }
  }

  test("completes at once without a call", async () => {
    const manager = new ManagerBench();
    await manager.send({ type: "manager.close", reason: "shutdown" });
    assert.equal(manager.actor.getSnapshot().status, "done");
  });

  test("waits for the delivery of a hang-up at most for its timeout", async () => {
    const manager = await connectedOut({ timeouts: { hangupMs: 300 } });
    manager.effects.hold("sendHangup");
    await manager.send({ type: "manager.close", reason: "hostGone" });
    await manager.advance(299);
    assert.equal(manager.actor.getSnapshot().status, "active");
    await manager.advance(1);
    assert.equal(manager.actor.getSnapshot().status, "done");
    assert.ok(manager.effects.isAborted("sendHangup"));
  });

  test("refuses new requests as unavailable and starts no call", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.send({ type: "manager.close", reason: "shutdown" });
    await manager.receive(requestOf(), { from: "carol", callId: "call-2" });
    await manager.startCall({ peerId: "carol", callId: "call-3" });
    assert.deepEqual(manager.refusals(), [{ callId: "call-2", peerId: "carol", reason: "unavailable" }]);
    assert.deepEqual(Object.keys(manager.context.calls), [CALL]);
  });

  test("keeps the reason of a call that is ending already", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangUp();
    await manager.send({ type: "manager.close", reason: "hostGone" });
    manager.effects.finish("sendHangup");
    await settled();
    manager.assertEnded("hungUp", "local");
  });
});

test("changed timeouts apply from the next call on", async () => {
  const manager = new ManagerBench();
  const { timeouts } = manager.context;
  await manager.startCall();
  await manager.send({ type: "settings.changed", timeouts: { ...timeouts, ringMs: 1_000 } });
  await manager.advance(1_000);
  assert.equal(manager.phase(), "requesting");
  await manager.hangUp();
  await manager.startCall({ callId: "call-2" });
  await manager.advance(1_000);
  manager.assertEnded("noAnswer", "local", "call-2");
});
