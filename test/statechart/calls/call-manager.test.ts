// The desk: who is busy, whose signal belongs to what, what is known of calls that are over, and how it closes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../../rpc-schema/index.ts";
import {
  ACK,
  ANSWER,
  CALL,
  CANDIDATE,
  connectedOut,
  DeskBench,
  hangupOf,
  OFFER,
  RINGING,
  requestOf,
  ringingIn,
  ringingOut,
  WALKS,
  type WalkName,
} from "../support/start-manager.ts";

const walks = Object.entries(WALKS) as [WalkName, () => Promise<DeskBench>][];
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
      const desk = await walk();
      await desk.hears(requestOf(), { from: "carol", callId: "call-2" });
      assert.deepEqual(desk.refusals(), [{ callId: "call-2", peerId: "carol", reason: "busy" }]);
      assert.equal(desk.phase("call-2"), "gone");
    });

    test(`our user can start no second call while one is ${name}`, async () => {
      const desk = await walk();
      await desk.starts({ peerId: "carol", callId: "call-2" });
      assert.equal(desk.phase("call-2"), "gone");
    });
  }

  test("a call that only says goodbye keeps nobody from the next one", async () => {
    const desk = await connectedOut();
    desk.effects.hold("sendHangup");
    await desk.hangsUp();
    assert.equal(desk.phase(), "ended");
    await desk.starts({ peerId: "carol", callId: "call-2" });
    assert.equal(desk.phase("call-2"), "requesting");
    await desk.hangsUp("call-2");
    await desk.hears(requestOf(), { from: "carol", callId: "call-3" });
    assert.equal(desk.phase("call-3"), "ringing");
  });

  test("a request that was refused as busy does not ring when its copy comes after our call", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), { from: "carol", callId: "call-2" });
    await desk.hears(hangupOf("hungUp"));
    await desk.hears(requestOf(), { from: "carol", callId: "call-2" });
    assert.equal(desk.phase("call-2"), "gone");
    assert.deepEqual(desk.refusals().at(-1), { callId: "call-2", peerId: "carol", reason: "busy" });
  });
});

describe("a signal from somebody who is not the call's peer", () => {
  for (const [name, walk] of walks) {
    test(`is ignored and counted, whatever it says, while the call is ${name}`, async () => {
      const desk = await walk();
      const before = { value: desk.call().value, link: desk.linkState(), sent: desk.effects.records.length };
      for (const signal of EVERY_SIGNAL) await desk.hears(signal, { from: "mallory" });
      assert.equal(desk.context.foreignSignals, EVERY_SIGNAL.length);
      assert.deepEqual(
        { value: desk.call().value, link: desk.linkState(), sent: desk.effects.records.length },
        before,
      );
      assert.deepEqual(desk.call().context.remote, {
        microphone: null,
        camera: null,
        mediaLevel: null,
        mediaLevelReason: null,
      });
    });
  }

  test("cannot end somebody else's call before its request comes", async () => {
    const desk = new DeskBench();
    await desk.hears(hangupOf("hungUp"), { from: "mallory" });
    await desk.hears(requestOf());
    assert.equal(desk.phase(), "ringing");
  });
});

describe("a signal of a call that is not here", () => {
  test("is refused as an unknown call where its sender waits for something", async () => {
    for (const signal of [RINGING, ACK, OFFER, ANSWER, RECONNECT]) {
      const desk = new DeskBench();
      await desk.hears(signal);
      assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
      assert.equal(desk.context.strayedSignals, 1);
    }
  });

  test("is only counted where nobody waits", async () => {
    const desk = new DeskBench();
    const nobodyWaits: Signal[] = [CANDIDATE, MEDIA, { type: "call-reconnect-ack" }, hangupOf("hungUp")];
    for (const signal of nobodyWaits) await desk.hears(signal);
    assert.deepEqual(desk.refusals(), []);
    assert.equal(desk.context.strayedSignals, 4);
    assert.equal(desk.effects.count("announceCall"), 0);
  });

  test("is answered with the reason for which the call ended, so that both sides name the same", async () => {
    const desk = await ringingOut();
    await desk.passes(60_000);
    await desk.hears(ACK);
    assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "noAnswer" }]);
  });

  test("does not ring when it is a stale request of a call that ended", async () => {
    const desk = await ringingIn();
    await desk.hears(hangupOf());
    await desk.hears(requestOf());
    assert.equal(desk.phase(), "gone");
    assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "cancelled" }]);
  });

  test("does not ring when a hang-up overtook its request", async () => {
    const desk = new DeskBench();
    await desk.hears(hangupOf("cancelled"));
    await desk.hears(requestOf());
    assert.equal(desk.effects.count("announceCall"), 0);
    assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "cancelled" }]);
  });

  test("an id that JavaScript gives every object is a call id like any other", async () => {
    for (const callId of ["constructor", "__proto__", "toString"]) {
      const desk = new DeskBench();
      await desk.wants({ type: "user.hangup" }, callId);
      await desk.hears(ACK, { callId });
      assert.equal(desk.refusals().length, 1);
      await desk.hears(requestOf(), { callId });
      assert.equal(desk.phase(callId), "ringing");
      await desk.hangsUp(callId);
      desk.assertEnded("rejected", "local", callId);
    }
  });
});

describe("memory", () => {
  const remembered = (desk: DeskBench) => [...desk.context.remembered.values()].map(({ size }) => size);

  test("of ended calls is bounded, and no actor of theirs is kept", async () => {
    const desk = new DeskBench();
    for (let count = 0; count < 300; count += 1) {
      await desk.hears(requestOf(), { callId: `call-${count}` });
      await desk.hears(hangupOf(), { callId: `call-${count}` });
    }
    assert.equal(desk.ends().length, 300);
    assert.deepEqual(remembered(desk), [128]);
    assert.deepEqual(desk.context.calls, {});
    assert.deepEqual(Object.keys(desk.actor.getSnapshot().children), []);
  });

  test("of hang-ups without a call is bounded for each peer: none pushes out what is known of another's", async () => {
    const desk = new DeskBench();
    await desk.hears(hangupOf(), { callId: "cancelled" });
    for (let count = 0; count < 300; count += 1) {
      await desk.hears(hangupOf(), { from: "mallory", callId: `call-${count}` });
    }
    assert.deepEqual(remembered(desk), [1, 128]);
    await desk.hears(requestOf(), { callId: "cancelled" });
    assert.equal(desk.phase("cancelled"), "gone");
  });

  test("of peers is bounded", async () => {
    const desk = new DeskBench();
    for (let count = 0; count < 100; count += 1) await desk.hears(hangupOf(), { from: `peer-${count}` });
    assert.equal(remembered(desk).length, 64);
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
      const desk = new DeskBench();
      for (const { signal, ...about } of order(inbox("call-99"))) {
        desk.actor.send({ type: "signal.received", signal, ...about });
      }
      assert.deepEqual(Object.keys(desk.context.calls), ["call-99"]);
      assert.equal(desk.phase("call-99"), "ringing");
    });
  }

  test("leave nothing ringing when every caller gave up, all requests before all hang-ups", async () => {
    const desk = new DeskBench();
    const messages = inbox("none").toSorted(
      (a, b) => Number(a.signal.type === "call-hangup") - Number(b.signal.type === "call-hangup"),
    );
    for (const { signal, ...about } of messages) {
      desk.actor.send({ type: "signal.received", signal, ...about });
    }
    assert.deepEqual(desk.context.calls, {});
    // The second stood by until the first one's hang-up came; neither rang long enough for a host to hear of it.
    assert.equal(desk.effects.count("announceCall"), 2);
  });

  test("do not make a peer busy for itself: its later call rings when the hang-up of the one before it comes", async () => {
    const desk = await ringingIn();
    await desk.hears(requestOf(), { callId: "call-2" });
    assert.deepEqual(desk.refusals(), []);
    await desk.hears(hangupOf());
    assert.equal(desk.phase("call-2"), "ringing");
  });
});

describe("a peer that calls anew while it is in a call with us", () => {
  const ANEW = { callId: "call-2" };

  test("neither rings nor is refused until it is known what became of the first call", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), ANEW);
    await desk.hears(requestOf(), ANEW);
    assert.deepEqual(desk.refusals(), []);
    assert.equal(desk.effects.count("announceCall"), 1);
    assert.equal(desk.phase(), "connected");
  });

  test("rings as soon as the first call's hang-up comes, which the request had overtaken", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), ANEW);
    await desk.hears(hangupOf("hungUp"));
    assert.equal(desk.phase("call-2"), "ringing");
    assert.deepEqual(desk.effects.inputs("announceCall").at(-1), { callId: "call-2", direction: "incoming" });
    await desk.accepts("call-2");
    assert.equal(desk.phase("call-2"), "connecting");
  });

  test("restarted when the first call's path is lost: that one ends, and the new one rings", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), ANEW);
    await desk.engine({ type: "peer.disconnected" });
    desk.assertEnded("connectionLost", "local");
    assert.equal(desk.phase("call-2"), "ringing");
  });

  test("rings at once when the first call's path is lost already", async () => {
    const desk = await WALKS.reconnectingIn();
    await desk.hears(requestOf(), ANEW);
    desk.assertEnded("connectionLost", "local");
    assert.equal(desk.phase("call-2"), "ringing");
  });

  test("is told busy after 8 seconds in which the first call stood, and the host never heard of it", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), ANEW);
    await desk.passes(7_999);
    assert.deepEqual(desk.hangups(), []);
    await desk.passes(1);
    assert.deepEqual(desk.hangups(), ["busy"]);
    assert.equal(desk.phase("call-2"), "gone");
    assert.equal(desk.phase(), "connected");
    assert.deepEqual(desk.ends(), []);
  });

  test("and gives up before that leaves no trace", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), ANEW);
    await desk.hears(hangupOf("superseded"), ANEW);
    assert.equal(desk.phase("call-2"), "gone");
    await desk.hears(hangupOf());
    assert.deepEqual(
      desk.ends().map(({ callId }) => callId),
      [CALL],
    );
    assert.equal(desk.effects.count("announceCall"), 1);
  });

  test("with a third call is busy: one may stand by", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), ANEW);
    await desk.hears(requestOf(), { callId: "call-3" });
    assert.deepEqual(desk.refusals(), [{ callId: "call-3", peerId: "bob", reason: "busy" }]);
  });

  test("and does not know our call any more ends it", async () => {
    for (const walk of [connectedOut, WALKS.reconnectingOut, WALKS.awaitingAnswer]) {
      const desk = await walk();
      await desk.hears(hangupOf("unknownCall"));
      desk.assertEnded("unknownCall", "remote");
    }
  });
});

test("a peer that rang too often is told busy without ringing", async () => {
  const desk = new DeskBench();
  desk.effects.tiresome.add("bob");
  await desk.hears(requestOf());
  assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "busy" }]);
  await desk.hears(hangupOf(), { callId: "call-2" });
  assert.equal(desk.refusals().length, 1);
  await desk.hears(requestOf(), { from: "carol", callId: "call-3" });
  assert.equal(desk.phase("call-3"), "ringing");
});

describe("closing", () => {
  for (const [name, walk] of walks) {
    for (const reason of ["hostGone", "shutdown"] as const) {
      test(`a call that is ${name} ends with ${reason}, and the other side is told`, async () => {
        const desk = await walk();
        await desk.send({ type: "desk.close", reason });
        desk.assertEnded(reason, "local");
        assert.deepEqual(desk.hangups(), [reason]);
        assert.equal(desk.actor.getSnapshot().status, "done");
      });
    }
  }

  test("is done at once when there is no call", async () => {
    const desk = new DeskBench();
    await desk.send({ type: "desk.close", reason: "shutdown" });
    assert.equal(desk.actor.getSnapshot().status, "done");
  });

  test("waits for a goodbye no longer than the hang-up's time", async () => {
    const desk = await connectedOut({ timeouts: { hangupMs: 300 } });
    desk.effects.hold("sendHangup");
    await desk.send({ type: "desk.close", reason: "hostGone" });
    await desk.passes(299);
    assert.equal(desk.actor.getSnapshot().status, "active");
    await desk.passes(1);
    assert.equal(desk.actor.getSnapshot().status, "done");
    assert.ok(desk.effects.isAborted("sendHangup"));
  });

  test("refuses new requests as unavailable and starts no call", async () => {
    const desk = await connectedOut();
    desk.effects.hold("sendHangup");
    await desk.send({ type: "desk.close", reason: "shutdown" });
    await desk.hears(requestOf(), { from: "carol", callId: "call-2" });
    await desk.starts({ peerId: "carol", callId: "call-3" });
    assert.deepEqual(desk.refusals(), [{ callId: "call-2", peerId: "carol", reason: "unavailable" }]);
    assert.deepEqual(Object.keys(desk.context.calls), [CALL]);
  });

  test("does not change the reason of a call that was ending already", async () => {
    const desk = await connectedOut();
    desk.effects.hold("sendHangup");
    await desk.hangsUp();
    await desk.send({ type: "desk.close", reason: "hostGone" });
    desk.effects.finish("sendHangup");
    await desk.send({ type: "signalling.lost" });
    desk.assertEnded("hungUp", "local");
  });
});

test("changed waits hold from the next call on", async () => {
  const desk = new DeskBench();
  const { timeouts } = desk.context;
  await desk.starts();
  await desk.send({ type: "settings.changed", timeouts: { ...timeouts, ringMs: 1_000 } });
  await desk.passes(1_000);
  assert.equal(desk.phase(), "requesting");
  await desk.hangsUp();
  await desk.starts({ callId: "call-2" });
  await desk.passes(1_000);
  desk.assertEnded("noAnswer", "local", "call-2");
});
