// Calls before the accept: requesting, ringing, accepting and hanging up.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ACK,
  CALL,
  hangupOf,
  ManagerBench,
  PATHS,
  RINGING,
  requestOf,
  ringingIn,
  ringingOut,
} from "../support/start-manager.ts";

describe("an outgoing call", () => {
  test("is reported to the host, requested with its media, and rings when the callee says so", async () => {
    const manager = new ManagerBench();
    await manager.startCall({ media: "audio" });
    assert.deepEqual(manager.effects.inputs("notifyHostOfCall"), [{ callId: CALL, direction: "outgoing" }]);
    assert.deepEqual(manager.effects.inputs("sendRequest"), [
      { callId: CALL, peerId: "bob", media: "audio" },
    ]);
    assert.equal(manager.phase(), "requesting");
    await manager.receive(RINGING);
    assert.equal(manager.phase(), "ringing");
  });

  test("opens no device and no connection while it rings", async () => {
    const manager = await ringingOut();
    assert.deepEqual(manager.effects.activities, []);
  });

  test("rings if the ringing signal arrives before the acknowledgement of the request", async () => {
    const manager = await PATHS.placing();
    await manager.receive(RINGING);
    assert.equal(manager.phase(), "ringing");
    assert.ok(manager.effects.isAborted("sendRequest"));
  });

  test("connects if the accept arrives without a ringing signal", async () => {
    for (const walk of [PATHS.placing, PATHS.requested]) {
      const manager = await walk();
      await manager.receive(ACK);
      assert.equal(manager.phase(), "connecting");
    }
  });

  test("ends as unreachable when the request cannot be delivered, and still sends a hang-up", async () => {
    const manager = new ManagerBench();
    manager.effects.fail("sendRequest", "no route");
    await manager.startCall();
    manager.assertEnded("unreachable", "local");
    assert.equal(manager.ends()[0]?.end.detail, "no route");
    assert.deepEqual(manager.hangups(), ["unreachable"]);
  });

  test("ends as unreachable when the request is not acknowledged in time", async () => {
    const manager = await PATHS.placing();
    await manager.advance(9_999);
    assert.equal(manager.phase(), "requesting");
    await manager.advance(1);
    manager.assertEnded("unreachable", "local");
  });

  test("ends as noAnswer after 60 seconds, with or without a ringing signal", async () => {
    for (const walk of [PATHS.requested, PATHS.ringingOut]) {
      const manager = await walk();
      await manager.advance(59_999);
      assert.notEqual(manager.phase(), "gone");
      await manager.advance(1);
      manager.assertEnded("noAnswer", "local");
      assert.deepEqual(manager.hangups(), ["noAnswer"]);
    }
  });

  test("does not ring longer if the ringing signal is late or duplicated", async () => {
    const manager = await PATHS.requested();
    await manager.advance(30_000);
    await manager.receive(RINGING);
    await manager.advance(20_000);
    await manager.receive(RINGING);
    await manager.advance(10_000);
    manager.assertEnded("noAnswer", "local");
  });

  test("is cancelled when the caller hangs up before the answer", async () => {
    for (const walk of [PATHS.placing, PATHS.requested, PATHS.ringingOut]) {
      const manager = await walk();
      await manager.hangUp();
      manager.assertEnded("cancelled", "local");
      assert.deepEqual(manager.hangups(), ["cancelled"]);
    }
  });

  test("ends with the callee's reason, and its own hang-up is only the answer", async () => {
    for (const reason of ["rejected", "busy", "unavailable", "noAnswer"] as const) {
      const manager = await ringingOut();
      await manager.receive(hangupOf(reason));
      manager.assertEnded(reason, "remote");
      assert.deepEqual(manager.hangups(), []);
      assert.equal(manager.answers().length, 1);
    }
  });

  test("is rejected when an older peer hangs up without a reason", async () => {
    for (const walk of [PATHS.placing, PATHS.requested, PATHS.ringingOut]) {
      const manager = await walk();
      await manager.receive(hangupOf());
      manager.assertEnded("rejected", "remote");
    }
  });

  test("cannot be made to oneself, or before signalling is ready", async () => {
    const manager = new ManagerBench({ selfId: null });
    await manager.startCall();
    await manager.send({ type: "signalling.ready", selfId: "alice" });
    await manager.startCall({ peerId: "alice" });
    assert.equal(manager.effects.count("notifyHostOfCall"), 0);
    await manager.startCall();
    assert.equal(manager.phase(), "requesting");
  });
});

describe("an incoming call", () => {
  test("is reported to the host, rings, and sends a ringing signal", async () => {
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

  test("rings once, and confirms a duplicate of its request", async () => {
    const manager = await ringingIn();
    await manager.receive(requestOf());
    assert.equal(manager.effects.count("notifyHostOfCall"), 1);
    assert.equal(manager.effects.count("sendRinging"), 2);
  });

  test("takes the media of Goop²'s script interface from its constraints", async () => {
    const video = new ManagerBench();
    await video.receive({ type: "call-request", constraints: { video: true } });
    assert.equal(video.call().context.media, "video");
    const audio = new ManagerBench();
    await audio.receive({ type: "call-request", constraints: { video: false } });
    assert.equal(audio.call().context.media, "audio");
    const bare = new ManagerBench();
    await bare.receive({ type: "call-request" });
    assert.equal(bare.call().context.media, "video");
  });

  test("opens its devices and acknowledges only when it is accepted", async () => {
    const manager = await ringingIn();
    await manager.accept();
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

  test("opens no camera when a video call is accepted with audio only", async () => {
    const manager = await ringingIn();
    await manager.sendUserEvent({ type: "user.accept", media: "audio" });
    assert.deepEqual(manager.effects.running("camera"), []);
    assert.equal(manager.call().context.media, "audio");
  });

  test("ends with the reason of the user's rejection", async () => {
    for (const reason of ["rejected", "busy", "unavailable"] as const) {
      const manager = await ringingIn();
      await manager.sendUserEvent({ type: "user.reject", reason });
      manager.assertEnded(reason, "local");
      assert.deepEqual(manager.hangups(), [reason]);
    }
  });

  test("is rejected by a hang-up of its user, too", async () => {
    const manager = await ringingIn();
    await manager.hangUp();
    manager.assertEnded("rejected", "local");
  });

  test("ends as noAnswer after 60 seconds, and the caller is notified", async () => {
    const manager = await ringingIn();
    await manager.advance(59_999);
    assert.equal(manager.phase(), "ringing");
    await manager.advance(1);
    manager.assertEnded("noAnswer", "local");
    assert.deepEqual(manager.hangups(), ["noAnswer"]);
  });

  test("is cancelled when the caller hangs up without a reason, else ends with the given reason", async () => {
    const bare = await ringingIn();
    await bare.receive(hangupOf());
    bare.assertEnded("cancelled", "remote");
    const withReason = await ringingIn();
    await withReason.receive(hangupOf("noAnswer"));
    withReason.assertEnded("noAnswer", "remote");
  });

  test("can neither be accepted twice nor rejected after the accept", async () => {
    const manager = await ringingIn();
    await manager.accept();
    const { call } = { call: manager.call() };
    assert.equal(call.can({ type: "user.accept", media: null }), false);
    assert.equal(call.can({ type: "user.reject", reason: "busy" }), false);
    await manager.accept();
    assert.equal(manager.effects.count("sendAccept"), 1);
  });
});
