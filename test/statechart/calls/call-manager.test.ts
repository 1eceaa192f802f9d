// The manager: who is busy, whose signal belongs to what, what is known of calls that are over, and how it closes.

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
  RINGING,
  requestOf,
  ringingIn,
  ringingOut,
  settled,
  WALKS,
  type WalkName,
} from "../support/start-manager.ts";

const walks = Object.entries(WALKS) as [WalkName, () => Promise<ManagerBench>][];
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
    test(`a second caller is told busy while a call is ${name}`, async () => {
      const manager = await walk();
      await manager.hears(requestOf(), { from: "carol", callId: "call-2" });
      assert.deepEqual(manager.refusals(), [{ callId: "call-2", peerId: "carol", reason: "busy" }]);
      assert.equal(manager.phase("call-2"), "gone");
    });

    test(`our user can start no second call while one is ${name}`, async () => {
      const manager = await walk();
      await manager.starts({ peerId: "carol", callId: "call-2" });
      assert.equal(manager.phase("call-2"), "gone");
    });
  }

  test("a call that only says goodbye keeps nobody from the next one", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangsUp();
    assert.equal(manager.phase(), "ended");
    await manager.starts({ peerId: "carol", callId: "call-2" });
    assert.equal(manager.phase("call-2"), "requesting");
    await manager.hangsUp("call-2");
    await manager.hears(requestOf(), { from: "carol", callId: "call-3" });
    assert.equal(manager.phase("call-3"), "ringing");
  });

  test("a request that was refused as busy does not ring when its copy comes after our call", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), { from: "carol", callId: "call-2" });
    await manager.hears(hangupOf("hungUp"));
    await manager.hears(requestOf(), { from: "carol", callId: "call-2" });
    assert.equal(manager.phase("call-2"), "gone");
    assert.deepEqual(manager.refusals().at(-1), { callId: "call-2", peerId: "carol", reason: "busy" });
  });
});

describe("a signal from somebody who is not the call's peer", () => {
  for (const [name, walk] of walks) {
    test(`is ignored and counted, whatever it says, while the call is ${name}`, async () => {
      const manager = await walk();
      const before = {
        value: manager.call().value,
        link: manager.linkState(),
        sent: manager.effects.records.length,
      };
      for (const signal of EVERY_SIGNAL) await manager.hears(signal, { from: "mallory" });
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

  test("cannot end somebody else's call before its request comes", async () => {
    const manager = new ManagerBench();
    await manager.hears(hangupOf("hungUp"), { from: "mallory" });
    await manager.hears(requestOf());
    assert.equal(manager.phase(), "ringing");
  });
});

describe("a signal of a call that is not here", () => {
  test("is refused as an unknown call where its sender waits for something", async () => {
    for (const signal of [RINGING, ACK, OFFER, ANSWER, RECONNECT]) {
      const manager = new ManagerBench();
      await manager.hears(signal);
      assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
      assert.equal(manager.context.unmatchedSignals, 1);
    }
  });

  test("is only counted where nobody waits", async () => {
    const manager = new ManagerBench();
    const nobodyWaits: Signal[] = [CANDIDATE, MEDIA, { type: "call-reconnect-ack" }, hangupOf("hungUp")];
    for (const signal of nobodyWaits) await manager.hears(signal);
    assert.deepEqual(manager.refusals(), []);
    assert.equal(manager.context.unmatchedSignals, 4);
    assert.equal(manager.effects.count("notifyHostOfCall"), 0);
  });

  test("is answered with the reason for which the call ended, so that both sides name the same", async () => {
    const manager = await ringingOut();
    await manager.passes(60_000);
    await manager.hears(ACK);
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "noAnswer" }]);
  });

  test("does not ring when it is a stale request of a call that ended", async () => {
    const manager = await ringingIn();
    await manager.hears(hangupOf());
    await manager.hears(requestOf());
    assert.equal(manager.phase(), "gone");
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "cancelled" }]);
  });

  test("does not ring when a hang-up overtook its request", async () => {
    const manager = new ManagerBench();
    await manager.hears(hangupOf("cancelled"));
    await manager.hears(requestOf());
    assert.equal(manager.effects.count("notifyHostOfCall"), 0);
    assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "cancelled" }]);
  });

  test("an id that JavaScript gives every object is a call id like any other", async () => {
    for (const callId of ["constructor", "__proto__", "toString"]) {
      const manager = new ManagerBench();
      await manager.wants({ type: "user.hangup" }, callId);
      await manager.hears(ACK, { callId });
      assert.equal(manager.refusals().length, 1);
      await manager.hears(requestOf(), { callId });
      assert.equal(manager.phase(callId), "ringing");
      await manager.hangsUp(callId);
      manager.assertEnded("rejected", "local", callId);
    }
  });
});

describe("memory", () => {
  const remembered = (manager: ManagerBench) =>
    [...manager.context.endedCalls.values()].map(({ size }) => size);

  test("of ended calls is bounded, and no actor of theirs is kept", async () => {
    const manager = new ManagerBench();
    for (let count = 0; count < 300; count += 1) {
      await manager.hears(requestOf(), { callId: `call-${count}` });
      await manager.hears(hangupOf(), { callId: `call-${count}` });
    }
    assert.equal(manager.ends().length, 300);
    assert.deepEqual(remembered(manager), [128]);
    assert.deepEqual(manager.context.calls, {});
    assert.deepEqual(Object.keys(manager.actor.getSnapshot().children), []);
  });

  test("of hang-ups without a call is bounded for each peer: none pushes out what is known of another's", async () => {
    const manager = new ManagerBench();
    await manager.hears(hangupOf(), { callId: "cancelled" });
    for (let count = 0; count < 300; count += 1) {
      await manager.hears(hangupOf(), { from: "mallory", callId: `call-${count}` });
    }
    assert.deepEqual(remembered(manager), [1, 128]);
    await manager.hears(requestOf(), { callId: "cancelled" });
    assert.equal(manager.phase("cancelled"), "gone");
  });

  test("of peers is bounded", async () => {
    const manager = new ManagerBench();
    for (let count = 0; count < 100; count += 1) await manager.hears(hangupOf(), { from: `peer-${count}` });
    assert.equal(remembered(manager).length, 64);
  });
});

describe("stale messages that come all at once", () => {
  /** As a host keeps them while nobody looks, and then hands them over in whatever order. */
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
    test(`leave only the call ringing whose caller still waits: ${name}`, async () => {
      const manager = new ManagerBench();
      for (const { signal, ...about } of order(inbox("call-99"))) {
        manager.actor.send({ type: "signal.received", signal, ...about });
      }
      assert.deepEqual(Object.keys(manager.context.calls), ["call-99"]);
      assert.equal(manager.phase("call-99"), "ringing");
    });
  }

  test("leave nothing ringing when every caller gave up, all requests before all hang-ups", async () => {
    const manager = new ManagerBench();
    const messages = inbox("none").toSorted(
      (a, b) => Number(a.signal.type === "call-hangup") - Number(b.signal.type === "call-hangup"),
    );
    for (const { signal, ...about } of messages) {
      manager.actor.send({ type: "signal.received", signal, ...about });
    }
    assert.deepEqual(manager.context.calls, {});
    // The second stood by until the first one's hang-up came; neither rang long enough for a host to hear of it.
    assert.equal(manager.effects.count("notifyHostOfCall"), 2);
  });

  test("do not make a peer busy for itself: its later call rings when the hang-up of the one before it comes", async () => {
    const manager = await ringingIn();
    await manager.hears(requestOf(), { callId: "call-2" });
    assert.deepEqual(manager.refusals(), []);
    await manager.hears(hangupOf());
    assert.equal(manager.phase("call-2"), "ringing");
  });
});

describe("a peer that calls anew while it is in a call with us", () => {
  const ANEW = { callId: "call-2" };

  test("neither rings nor is refused until it is known what became of the first call", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), ANEW);
    await manager.hears(requestOf(), ANEW);
    assert.deepEqual(manager.refusals(), []);
    assert.equal(manager.effects.count("notifyHostOfCall"), 1);
    assert.equal(manager.phase(), "connected");
  });

  test("rings as soon as the first call's hang-up comes, which the request had overtaken", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), ANEW);
    await manager.hears(hangupOf("hungUp"));
    assert.equal(manager.phase("call-2"), "ringing");
    assert.deepEqual(manager.effects.inputs("notifyHostOfCall").at(-1), {
      callId: "call-2",
      direction: "incoming",
    });
    await manager.accepts("call-2");
    assert.equal(manager.phase("call-2"), "connecting");
  });

  test("restarted when the first call's path is lost: that one ends, and the new one rings", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), ANEW);
    await manager.engine({ type: "peer.disconnected" });
    manager.assertEnded("connectionLost", "local");
    assert.equal(manager.phase("call-2"), "ringing");
  });

  test("rings at once when the first call's path is lost already", async () => {
    const manager = await WALKS.reconnectingIn();
    await manager.hears(requestOf(), ANEW);
    manager.assertEnded("connectionLost", "local");
    assert.equal(manager.phase("call-2"), "ringing");
  });

  test("is told busy after 8 seconds in which the first call stood, and the host never heard of it", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), ANEW);
    await manager.passes(7_999);
    assert.deepEqual(manager.hangups(), []);
    await manager.passes(1);
    assert.deepEqual(manager.hangups(), ["busy"]);
    assert.equal(manager.phase("call-2"), "gone");
    assert.equal(manager.phase(), "connected");
    assert.deepEqual(manager.ends(), []);
  });

  test("and gives up before that leaves no trace", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), ANEW);
    await manager.hears(hangupOf("superseded"), ANEW);
    assert.equal(manager.phase("call-2"), "gone");
    await manager.hears(hangupOf());
    assert.deepEqual(
      manager.ends().map(({ callId }) => callId),
      [CALL],
    );
    assert.equal(manager.effects.count("notifyHostOfCall"), 1);
  });

  test("with a third call is busy: one may stand by", async () => {
    const manager = await connectedOut();
    await manager.hears(requestOf(), ANEW);
    await manager.hears(requestOf(), { callId: "call-3" });
    assert.deepEqual(manager.refusals(), [{ callId: "call-3", peerId: "bob", reason: "busy" }]);
  });

  test("and does not know our call any more ends it", async () => {
    for (const walk of [connectedOut, WALKS.reconnectingOut, WALKS.awaitingAnswer]) {
      const manager = await walk();
      await manager.hears(hangupOf("unknownCall"));
      manager.assertEnded("unknownCall", "remote");
    }
  });
});

test("a peer that rang too often is told busy without ringing", async () => {
  const manager = new ManagerBench();
  manager.effects.tiresome.add("bob");
  await manager.hears(requestOf());
  assert.deepEqual(manager.refusals(), [{ callId: CALL, peerId: "bob", reason: "busy" }]);
  await manager.hears(hangupOf(), { callId: "call-2" });
  assert.equal(manager.refusals().length, 1);
  await manager.hears(requestOf(), { from: "carol", callId: "call-3" });
  assert.equal(manager.phase("call-3"), "ringing");
});

describe("closing", () => {
  for (const [name, walk] of walks) {
    for (const reason of ["hostGone", "shutdown"] as const) {
      test(`a call that is ${name} ends with ${reason}, and the other side is told`, async () => {
        const manager = await walk();
        await manager.send({ type: "manager.close", reason });
        manager.assertEnded(reason, "local");
        assert.deepEqual(manager.hangups(), [reason]);
        assert.equal(manager.actor.getSnapshot().status, "done");
      });
    }
  }

  test("is done at once when there is no call", async () => {
    const manager = new ManagerBench();
    await manager.send({ type: "manager.close", reason: "shutdown" });
    assert.equal(manager.actor.getSnapshot().status, "done");
  });

  test("waits for a goodbye no longer than the hang-up's time", async () => {
    const manager = await connectedOut({ timeouts: { hangupMs: 300 } });
    manager.effects.hold("sendHangup");
    await manager.send({ type: "manager.close", reason: "hostGone" });
    await manager.passes(299);
    assert.equal(manager.actor.getSnapshot().status, "active");
    await manager.passes(1);
    assert.equal(manager.actor.getSnapshot().status, "done");
    assert.ok(manager.effects.isAborted("sendHangup"));
  });

  test("refuses new requests as unavailable and starts no call", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.send({ type: "manager.close", reason: "shutdown" });
    await manager.hears(requestOf(), { from: "carol", callId: "call-2" });
    await manager.starts({ peerId: "carol", callId: "call-3" });
    assert.deepEqual(manager.refusals(), [{ callId: "call-2", peerId: "carol", reason: "unavailable" }]);
    assert.deepEqual(Object.keys(manager.context.calls), [CALL]);
  });

  test("does not change the reason of a call that was ending already", async () => {
    const manager = await connectedOut();
    manager.effects.hold("sendHangup");
    await manager.hangsUp();
    await manager.send({ type: "manager.close", reason: "hostGone" });
    manager.effects.finish("sendHangup");
    await settled();
    manager.assertEnded("hungUp", "local");
  });
});

test("changed waits hold from the next call on", async () => {
  const manager = new ManagerBench();
  const { timeouts } = manager.context;
  await manager.starts();
  await manager.send({ type: "settings.changed", timeouts: { ...timeouts, ringMs: 1_000 } });
  await manager.passes(1_000);
  assert.equal(manager.phase(), "requesting");
  await manager.hangsUp();
  await manager.starts({ callId: "call-2" });
  await manager.passes(1_000);
  manager.assertEnded("noAnswer", "local", "call-2");
});
