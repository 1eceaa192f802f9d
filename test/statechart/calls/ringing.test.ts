// Calls before they are accepted: placing, ringing, answering, giving up.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  ACK,
  CALL,
  DeskBench,
  hangupOf,
  RINGING,
  requestOf,
  ringingIn,
  ringingOut,
  WALKS,
} from "../support/start-manager.ts";

describe("an outgoing call", () => {
  test("is announced, requested with its media, and rings once the callee says so", async () => {
    const desk = new DeskBench();
    await desk.starts({ media: "audio" });
    assert.deepEqual(desk.effects.inputs("announceCall"), [{ callId: CALL, direction: "outgoing" }]);
    assert.deepEqual(desk.effects.inputs("sendRequest"), [{ callId: CALL, peerId: "bob", media: "audio" }]);
    assert.equal(desk.phase(), "requesting");
    await desk.hears(RINGING);
    assert.equal(desk.phase(), "ringing");
  });

  test("opens no device and no connection while it rings", async () => {
    const desk = await ringingOut();
    assert.deepEqual(desk.effects.activities, []);
  });

  test("rings although the callee's word overtook the acknowledgement of the request", async () => {
    const desk = await WALKS.placing();
    await desk.hears(RINGING);
    assert.equal(desk.phase(), "ringing");
    assert.ok(desk.effects.isAborted("sendRequest"));
  });

  test("connects when an accept comes without any word of ringing", async () => {
    for (const walk of [WALKS.placing, WALKS.requested]) {
      const desk = await walk();
      await desk.hears(ACK);
      assert.equal(desk.phase(), "connecting");
    }
  });

  test("ends as unreachable when the request cannot be delivered, and still says so", async () => {
    const desk = new DeskBench();
    desk.effects.fail("sendRequest", "no route");
    await desk.starts();
    desk.assertEnded("unreachable", "local");
    assert.equal(desk.ends()[0]?.end.detail, "no route");
    assert.deepEqual(desk.hangups(), ["unreachable"]);
  });

  test("ends as unreachable when nobody acknowledges the request in time", async () => {
    const desk = await WALKS.placing();
    await desk.passes(9_999);
    assert.equal(desk.phase(), "requesting");
    await desk.passes(1);
    desk.assertEnded("unreachable", "local");
  });

  test("ends as not answered after 60 seconds, told or not told that it rings", async () => {
    for (const walk of [WALKS.requested, WALKS.ringingOut]) {
      const desk = await walk();
      await desk.passes(59_999);
      assert.notEqual(desk.phase(), "gone");
      await desk.passes(1);
      desk.assertEnded("noAnswer", "local");
      assert.deepEqual(desk.hangups(), ["noAnswer"]);
    }
  });

  test("does not ring longer because the word of ringing comes late or twice", async () => {
    const desk = await WALKS.requested();
    await desk.passes(30_000);
    await desk.hears(RINGING);
    await desk.passes(20_000);
    await desk.hears(RINGING);
    await desk.passes(10_000);
    desk.assertEnded("noAnswer", "local");
  });

  test("is cancelled when the caller hangs up before the answer", async () => {
    for (const walk of [WALKS.placing, WALKS.requested, WALKS.ringingOut]) {
      const desk = await walk();
      await desk.hangsUp();
      desk.assertEnded("cancelled", "local");
      assert.deepEqual(desk.hangups(), ["cancelled"]);
    }
  });

  test("ends with the callee's reason, and is not hung up a second time", async () => {
    for (const reason of ["rejected", "busy", "unavailable", "noAnswer"] as const) {
      const desk = await ringingOut();
      await desk.hears(hangupOf(reason));
      desk.assertEnded(reason, "remote");
      assert.deepEqual(desk.hangups(), []);
    }
  });

  test("is rejected when an older peer hangs up without a reason", async () => {
    for (const walk of [WALKS.placing, WALKS.requested, WALKS.ringingOut]) {
      const desk = await walk();
      await desk.hears(hangupOf());
      desk.assertEnded("rejected", "remote");
    }
  });

  test("is refused to oneself, and before signalling is ready", async () => {
    const desk = new DeskBench();
    await desk.starts({ peerId: "alice" });
    await desk.send({ type: "signalling.lost" });
    await desk.starts();
    assert.equal(desk.effects.count("announceCall"), 0);
    await desk.send({ type: "signalling.ready", selfId: "alice" });
    await desk.starts();
    assert.equal(desk.phase(), "requesting");
  });
});

describe("an incoming call", () => {
  test("is announced, rings, and the caller is told that it does", async () => {
    const desk = await ringingIn({}, "audio");
    assert.deepEqual(desk.effects.inputs("announceCall"), [{ callId: CALL, direction: "incoming" }]);
    assert.deepEqual(desk.effects.inputs("sendRinging"), [{ callId: CALL, peerId: "bob" }]);
    assert.equal(desk.phase(), "ringing");
    assert.equal(desk.call().context.media, "audio");
  });

  test("opens no device and no connection while it rings", async () => {
    const desk = await ringingIn();
    assert.deepEqual(desk.effects.activities, []);
  });

  test("rings once, and is confirmed once more, when its request comes twice", async () => {
    const desk = await ringingIn();
    await desk.hears(requestOf());
    assert.equal(desk.effects.count("announceCall"), 1);
    assert.equal(desk.effects.count("sendRinging"), 2);
  });

  test("reads the media of the host's own script interface off its constraints", async () => {
    const video = new DeskBench();
    await video.hears({ type: "call-request", constraints: { video: true } });
    assert.equal(video.call().context.media, "video");
    const audio = new DeskBench();
    await audio.hears({ type: "call-request", constraints: { video: false } });
    assert.equal(audio.call().context.media, "audio");
    const bare = new DeskBench();
    await bare.hears({ type: "call-request" });
    assert.equal(bare.call().context.media, "video");
  });

  test("opens its devices and acknowledges only when it is accepted", async () => {
    const desk = await ringingIn();
    await desk.accepts();
    assert.equal(desk.phase(), "connecting");
    assert.deepEqual(desk.effects.activities.map(({ name }) => name).sort(), [
      "camera",
      "measure",
      "measure",
      "microphone",
      "peerConnection",
      "speaker",
      "watchDevices",
    ]);
    assert.equal(desk.effects.count("sendAccept"), 1);
  });

  test("opens no camera when a video call is accepted with sound only", async () => {
    const desk = await ringingIn();
    await desk.wants({ type: "user.accept", media: "audio" });
    assert.deepEqual(desk.effects.running("camera"), []);
    assert.equal(desk.call().context.media, "audio");
  });

  test("ends with the reason that the user rejects it for", async () => {
    for (const reason of ["rejected", "busy", "unavailable"] as const) {
      const desk = await ringingIn();
      await desk.wants({ type: "user.reject", reason });
      desk.assertEnded(reason, "local");
      assert.deepEqual(desk.hangups(), [reason]);
    }
  });

  test("is rejected by a hang-up, too", async () => {
    const desk = await ringingIn();
    await desk.hangsUp();
    desk.assertEnded("rejected", "local");
  });

  test("ends as not answered after 60 seconds, and the caller is told", async () => {
    const desk = await ringingIn();
    await desk.passes(59_999);
    assert.equal(desk.phase(), "ringing");
    await desk.passes(1);
    desk.assertEnded("noAnswer", "local");
    assert.deepEqual(desk.hangups(), ["noAnswer"]);
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
    const desk = await ringingIn();
    await desk.accepts();
    const { call } = { call: desk.call() };
    assert.equal(call.can({ type: "user.accept", media: null }), false);
    assert.equal(call.can({ type: "user.reject", reason: "busy" }), false);
    await desk.accepts();
    assert.equal(desk.effects.count("sendAccept"), 1);
  });
});
