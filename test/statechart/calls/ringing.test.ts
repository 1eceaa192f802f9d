// Calls before they are accepted: placing, ringing, answering, giving up.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ACK,
  CALL,
  hangupOf,
  ManagerBench,
  RINGING,
  requestOf,
  ringingIn,
  ringingOut,
  WALKS,
} from "../support/start-manager.ts";

describe("an outgoing call", () => {
  test("is announced, requested with its media, and rings once the callee says so", async () => {
    const manager = new ManagerBench();
    await manager.starts({ media: "audio" });
    assert.deepEqual(manager.effects.inputs("notifyHostOfCall"), [{ callId: CALL, direction: "outgoing" }]);
    assert.deepEqual(manager.effects.inputs("sendRequest"), [
      { callId: CALL, peerId: "bob", media: "audio" },
    ]);
    assert.equal(manager.phase(), "requesting");
    await manager.hears(RINGING);
    assert.equal(manager.phase(), "ringing");
  });

  test("opens no device and no connection while it rings", async () => {
    const manager = await ringingOut();
    assert.deepEqual(manager.effects.activities, []);
  });

  test("rings although the callee's word overtook the acknowledgement of the request", async () => {
    const manager = await WALKS.placing();
    await manager.hears(RINGING);
    assert.equal(manager.phase(), "ringing");
    assert.ok(manager.effects.isAborted("sendRequest"));
  });

  test("connects when an accept comes without any word of ringing", async () => {
    for (const walk of [WALKS.placing, WALKS.requested]) {
      const manager = await walk();
      await manager.hears(ACK);
      assert.equal(manager.phase(), "connecting");
    }
  });

  test("ends as unreachable when the request cannot be delivered, and still says so", async () => {
    const manager = new ManagerBench();
    manager.effects.fail("sendRequest", "no route");
    await manager.starts();
    manager.assertEnded("unreachable", "local");
    assert.equal(manager.ends()[0]?.end.detail, "no route");
    assert.deepEqual(manager.hangups(), ["unreachable"]);
  });

  test("ends as unreachable when nobody acknowledges the request in time", async () => {
    const manager = await WALKS.placing();
    await manager.passes(9_999);
    assert.equal(manager.phase(), "requesting");
    await manager.passes(1);
    manager.assertEnded("unreachable", "local");
  });

  test("ends as not answered after 60 seconds, told or not told that it rings", async () => {
    for (const walk of [WALKS.requested, WALKS.ringingOut]) {
      const manager = await walk();
      await manager.passes(59_999);
      assert.notEqual(manager.phase(), "gone");
      await manager.passes(1);
      manager.assertEnded("noAnswer", "local");
      assert.deepEqual(manager.hangups(), ["noAnswer"]);
    }
  });

  test("does not ring longer because the word of ringing comes late or twice", async () => {
    const manager = await WALKS.requested();
    await manager.passes(30_000);
    await manager.hears(RINGING);
    await manager.passes(20_000);
    await manager.hears(RINGING);
    await manager.passes(10_000);
    manager.assertEnded("noAnswer", "local");
  });

  test("is cancelled when the caller hangs up before the answer", async () => {
    for (const walk of [WALKS.placing, WALKS.requested, WALKS.ringingOut]) {
      const manager = await walk();
      await manager.hangsUp();
      manager.assertEnded("cancelled", "local");
      assert.deepEqual(manager.hangups(), ["cancelled"]);
    }
  });

  test("ends with the callee's reason, and is not hung up a second time", async () => {
    for (const reason of ["rejected", "busy", "unavailable", "noAnswer"] as const) {
      const manager = await ringingOut();
      await manager.hears(hangupOf(reason));
      manager.assertEnded(reason, "remote");
      assert.deepEqual(manager.hangups(), []);
    }
  });

  test("is rejected when an older peer hangs up without a reason", async () => {
    for (const walk of [WALKS.placing, WALKS.requested, WALKS.ringingOut]) {
      const manager = await walk();
      await manager.hears(hangupOf());
      manager.assertEnded("rejected", "remote");
    }
  });

  test("is refused to oneself, and before signalling is ready", async () => {
    const manager = new ManagerBench({ selfId: null });
    await manager.starts();
    await manager.send({ type: "signalling.ready", selfId: "alice" });
    await manager.starts({ peerId: "alice" });
    assert.equal(manager.effects.count("notifyHostOfCall"), 0);
    await manager.starts();
    assert.equal(manager.phase(), "requesting");
  });
});

describe("an incoming call", () => {
  test("is announced, rings, and the caller is told that it does", async () => {
    const manager = await ringingIn({}, "audio");
    assert.deepEqual(manager.effects.inputs("notifyHostOfCall"), [{ callId: CALL, direction: "incoming" }]);
    assert.deepEqual(manager.effects.inputs("sendRinging"), [{ callId: CALL, peerId: "bob" }]);
    assert.equal(manager.phase(), "ringing");
    assert.equal(manager.call().context.media, "audio");
  });

  test("opens no device and no connection while it rings", async () => {
    const manager = await ringingIn();
    assert.deepEqual(manager.effects.activities, []);
  });

  test("rings once, and is confirmed once more, when its request comes twice", async () => {
    const manager = await ringingIn();
    await manager.hears(requestOf());
    assert.equal(manager.effects.count("notifyHostOfCall"), 1);
    assert.equal(manager.effects.count("sendRinging"), 2);
  });

  test("reads the media of the host's own script interface off its constraints", async () => {
    const video = new ManagerBench();
    await video.hears({ type: "call-request", constraints: { video: true } });
    assert.equal(video.call().context.media, "video");
    const audio = new ManagerBench();
    await audio.hears({ type: "call-request", constraints: { video: false } });
    assert.equal(audio.call().context.media, "audio");
    const bare = new ManagerBench();
    await bare.hears({ type: "call-request" });
    assert.equal(bare.call().context.media, "video");
  });

  test("opens its devices and acknowledges only when it is accepted", async () => {
    const manager = await ringingIn();
    await manager.accepts();
    assert.equal(manager.phase(), "connecting");
    assert.deepEqual(manager.effects.activities.map(({ name }) => name).sort(), [
      "camera",
      "deviceList",
      "measure",
      "measure",
      "microphone",
      "peerConnection",
      "speaker",
    ]);
    assert.equal(manager.effects.count("sendAccept"), 1);
  });

  test("opens no camera when a video call is accepted with sound only", async () => {
    const manager = await ringingIn();
    await manager.wants({ type: "user.accept", media: "audio" });
    assert.deepEqual(manager.effects.running("camera"), []);
    assert.equal(manager.call().context.media, "audio");
  });

  test("ends with the reason that the user rejects it for", async () => {
    for (const reason of ["rejected", "busy", "unavailable"] as const) {
      const manager = await ringingIn();
      await manager.wants({ type: "user.reject", reason });
      manager.assertEnded(reason, "local");
      assert.deepEqual(manager.hangups(), [reason]);
    }
  });

  test("is rejected by a hang-up, too", async () => {
    const manager = await ringingIn();
    await manager.hangsUp();
    manager.assertEnded("rejected", "local");
  });

  test("ends as not answered after 60 seconds, and the caller is told", async () => {
    const manager = await ringingIn();
    await manager.passes(59_999);
    assert.equal(manager.phase(), "ringing");
    await manager.passes(1);
    manager.assertEnded("noAnswer", "local");
    assert.deepEqual(manager.hangups(), ["noAnswer"]);
  });

  test("is cancelled when the caller hangs up without a reason, and ends with the reason given else", async () => {
    const bare = await ringingIn();
    await bare.hears(hangupOf());
    bare.assertEnded("cancelled", "remote");
    const told = await ringingIn();
    await told.hears(hangupOf("noAnswer"));
    told.assertEnded("noAnswer", "remote");
  });

  test("cannot be accepted twice, nor rejected once it is accepted", async () => {
    const manager = await ringingIn();
    await manager.accepts();
    const { call } = { call: manager.call() };
    assert.equal(call.can({ type: "user.accept", media: null }), false);
    assert.equal(call.can({ type: "user.reject", reason: "busy" }), false);
    await manager.accepts();
    assert.equal(manager.effects.count("sendAccept"), 1);
  });
});
