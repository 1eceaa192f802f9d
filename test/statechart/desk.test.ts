// The desk: who is busy, whose signal belongs to what, what is known of calls that are over, and how it closes.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Signal } from "../../rpc-schema/index.ts";
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
} from "./support/start-desk.ts";

const walks = Object.entries(WALKS) as [WalkName, () => Promise<DeskBench>][];
const MEDIA: Signal = { type: "call-media", microphone: false, camera: false };
const EVERY_SIGNAL: Signal[] = [
  requestOf(),
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

  test("a second request of the same peer is busy, too, once the first is accepted", async () => {
    const desk = await connectedOut();
    await desk.hears(requestOf(), { callId: "call-2" });
    assert.deepEqual(desk.refusals(), [{ callId: "call-2", peerId: "bob", reason: "busy" }]);
  });

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
        rung: null,
        rungWhy: null,
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
    for (const signal of [RINGING, ACK, OFFER, ANSWER]) {
      const desk = new DeskBench();
      await desk.hears(signal);
      assert.deepEqual(desk.refusals(), [{ callId: CALL, peerId: "bob", reason: "unknownCall" }]);
      assert.equal(desk.context.strayedSignals, 1);
    }
  });

  test("is only counted where nobody waits", async () => {
    const desk = new DeskBench();
    for (const signal of [CANDIDATE, MEDIA, hangupOf("hungUp")]) await desk.hears(signal);
    assert.deepEqual(desk.refusals(), []);
    assert.equal(desk.context.strayedSignals, 3);
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
  test("of ended calls is bounded, and no actor of theirs is kept", async () => {
    const desk = new DeskBench();
    for (let count = 0; count < 300; count += 1) {
      await desk.hears(requestOf(), { callId: `call-${count}` });
      await desk.hears(hangupOf(), { callId: `call-${count}` });
    }
    assert.equal(desk.ends().length, 300);
    assert.equal(desk.context.remembered.size, 256);
    assert.deepEqual(desk.context.calls, {});
    assert.deepEqual(Object.keys(desk.actor.getSnapshot().children), []);
  });

  test("of hang-ups without a call is bounded", async () => {
    const desk = new DeskBench();
    for (let count = 0; count < 300; count += 1) await desk.hears(hangupOf(), { callId: `call-${count}` });
    assert.equal(desk.context.remembered.size, 256);
  });
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
