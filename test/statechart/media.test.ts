// The devices of a call: opened, muted, switched, lost and retried; and what the other side is told of it.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { live, MediaBench } from "./support/media-bench.ts";

describe("opening", () => {
  test("a video call opens all three devices as the settings say, a voice call no camera", () => {
    const video = new MediaBench("video");
    for (const kind of ["camera", "microphone", "speaker"] as const) {
      assert.equal(video.state(kind), "open.opening");
      assert.deepEqual(video.choices(kind), [null]);
    }
    const audio = new MediaBench("audio");
    assert.equal(audio.state("camera"), "off");
    assert.deepEqual(audio.effects.running("camera"), []);
    assert.equal(audio.state("microphone"), "open.opening");
  });

  test("the other side is told as each device becomes live", () => {
    const bench = new MediaBench();
    assert.deepEqual(bench.announced(), []);
    bench.opens("microphone");
    bench.opens("camera");
    bench.opens("speaker");
    assert.deepEqual(bench.announced(), ["on off", "on on"]);
  });

  test("an open device is known by id and name", () => {
    const bench = live();
    assert.deepEqual(bench.context.camera.open, { deviceId: "camera-1", deviceName: "Device camera-1" });
  });

  test("a device that does not open is lost, with the reason, and the other side is told", () => {
    const bench = new MediaBench();
    bench.opens("microphone");
    bench.loses("camera", "EBUSY");
    assert.equal(bench.state("camera"), "lost");
    assert.equal(bench.context.camera.why, "EBUSY");
    assert.deepEqual(bench.effects.running("camera"), []);
    assert.deepEqual(bench.announced(), ["on off", "on off"]);
  });

  test("a camera that the user does not want is off, which is no fault", () => {
    const bench = new MediaBench();
    bench.activity("camera").send({ type: "device.cameraAbsent" });
    assert.deepEqual([bench.state("camera"), bench.context.camera.why], ["off", null]);
  });
});

describe("the microphone", () => {
  test("muted and unmuted stays open, is told so, and the other side is told, too", () => {
    const bench = live();
    bench.send({ type: "user.setMicrophone", on: false });
    assert.equal(bench.state("microphone"), "open.muted");
    bench.send({ type: "user.setMicrophone", on: true });
    assert.equal(bench.state("microphone"), "open.live");
    assert.deepEqual(bench.activity("microphone").heard, ["unmute", "mute", "unmute"]);
    assert.deepEqual(bench.announced().slice(-2), ["off on", "on on"]);
    assert.equal(bench.effects.inputs("microphone").length, 1);
  });

  test("muted before it is open opens muted and is never announced as on", () => {
    const bench = new MediaBench("audio");
    bench.send({ type: "user.setMicrophone", on: false });
    assert.equal(bench.state("microphone"), "open.opening");
    bench.opens("microphone");
    assert.equal(bench.state("microphone"), "open.muted");
    assert.deepEqual(bench.activity("microphone").heard, ["mute"]);
    assert.deepEqual(bench.announced(), ["off off", "off off"]);
  });

  test("muted and unmuted before it is open opens live", () => {
    const bench = new MediaBench();
    bench.send({ type: "user.setMicrophone", on: false });
    bench.send({ type: "user.setMicrophone", on: true });
    bench.opens("microphone");
    assert.equal(bench.state("microphone"), "open.live");
  });

  test("told twice what it is already announces nothing new", () => {
    const bench = live();
    const before = bench.announced().length;
    bench.send({ type: "user.setMicrophone", on: true });
    assert.equal(bench.announced().length, before);
  });

  test("stays muted when another one is chosen", () => {
    const bench = live();
    bench.send({ type: "user.setMicrophone", on: false });
    bench.send({ type: "user.useMicrophone", deviceId: "headset" });
    bench.opens("microphone", "headset");
    assert.equal(bench.state("microphone"), "open.muted");
    assert.deepEqual(bench.activity("microphone").heard, ["unmute", "mute", "use headset"]);
  });

  test("lost is announced as off, and is tried again when it is switched on", () => {
    const bench = live();
    bench.loses("microphone");
    assert.equal(bench.announced().at(-1), "off on");
    bench.send({ type: "user.setMicrophone", on: true });
    assert.equal(bench.state("microphone"), "open.opening");
    bench.opens("microphone");
    assert.equal(bench.announced().at(-1), "on on");
  });

  test("muted while it is lost comes back muted when another is chosen", () => {
    const bench = live();
    bench.loses("microphone");
    bench.send({ type: "user.setMicrophone", on: false });
    assert.equal(bench.state("microphone"), "lost");
    bench.send({ type: "user.useMicrophone", deviceId: "headset" });
    bench.opens("microphone", "headset");
    assert.equal(bench.state("microphone"), "open.muted");
  });
});

describe("the camera", () => {
  test("off is closed, on is opened anew, and the other side is told of both", () => {
    const bench = live();
    bench.send({ type: "user.setCamera", on: false });
    assert.equal(bench.state("camera"), "off");
    assert.deepEqual(bench.effects.running("camera"), []);
    assert.equal(bench.context.camera.open, null);
    bench.send({ type: "user.setCamera", on: true });
    bench.opens("camera");
    assert.deepEqual(bench.announced().slice(-2), ["on off", "on on"]);
  });

  test("can be switched on in a voice call", () => {
    const bench = live("audio");
    bench.send({ type: "user.setCamera", on: true });
    bench.opens("camera");
    assert.equal(bench.state("camera"), "open.live");
    assert.equal(bench.announced().at(-1), "on on");
  });

  test("switched off while it opens closes", () => {
    const bench = new MediaBench();
    bench.send({ type: "user.setCamera", on: false });
    assert.equal(bench.state("camera"), "off");
    assert.deepEqual(bench.effects.running("camera"), []);
  });

  test("changed while it opens lets go of the first and opens the second", () => {
    const bench = new MediaBench();
    const first = bench.activity("camera");
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    first.send({ type: "device.cameraOpened", deviceId: "camera-1", deviceName: "late" });
    assert.equal(bench.state("camera"), "open.opening");
    assert.deepEqual(bench.choices("camera"), [null, "camera-2"]);
    bench.opens("camera", "camera-2");
    assert.equal(bench.context.camera.open?.deviceId, "camera-2");
  });

  test("changed while it is live stays until the new one is open, and the other side notices nothing", () => {
    const bench = live();
    const before = bench.announced().length;
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    assert.deepEqual(bench.activity("camera").heard, ["use camera-2"]);
    assert.equal(bench.context.camera.open?.deviceId, "camera-1");
    bench.opens("camera", "camera-2");
    assert.equal(bench.context.camera.open?.deviceId, "camera-2");
    assert.equal(bench.state("camera"), "open.live");
    assert.equal(bench.announced().length, before);
  });

  test("that refuses to take the old one's place leaves it there, and says why", () => {
    const bench = live();
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    bench.activity("camera").send({ type: "device.cameraRefused", deviceId: "camera-2", why: "EBUSY" });
    assert.deepEqual([bench.state("camera"), bench.context.camera.open?.deviceId], ["open.live", "camera-1"]);
    assert.equal(bench.context.camera.why, "EBUSY");
  });

  test("chosen while it is off is the one that opens later", () => {
    const bench = live("audio");
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    assert.equal(bench.state("camera"), "off");
    bench.send({ type: "user.setCamera", on: true });
    assert.deepEqual(bench.choices("camera"), ["camera-2"]);
  });

  test("lost is retried by switching it on, left by switching it off, or changed", () => {
    const retried = live();
    retried.loses("camera");
    retried.send({ type: "user.setCamera", on: true });
    assert.equal(retried.state("camera"), "open.opening");
    assert.equal(retried.context.camera.why, null);
    const left = live();
    left.loses("camera");
    left.send({ type: "user.setCamera", on: false });
    assert.equal(left.state("camera"), "off");
    const changed = live();
    changed.loses("camera");
    changed.send({ type: "user.useCamera", deviceId: "camera-2" });
    assert.deepEqual(changed.choices("camera"), [null, "camera-2"]);
  });

  test("retried after the settings' choice was unplugged asks the settings again, not the lost device", () => {
    const bench = live();
    bench.loses("camera");
    bench.send({ type: "user.setCamera", on: true });
    assert.deepEqual(bench.choices("camera"), [null, null]);
  });

  test("that the user chose is asked for again after it was off", () => {
    const bench = live();
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    bench.opens("camera", "camera-2");
    bench.send({ type: "user.setCamera", on: false });
    bench.send({ type: "user.setCamera", on: true });
    assert.deepEqual(bench.choices("camera"), [null, "camera-2"]);
  });
});

describe("the speaker", () => {
  test("is changed and retried without a word to the other side", () => {
    const bench = live();
    const before = bench.announced().length;
    bench.send({ type: "user.useSpeaker", deviceId: "speaker-2" });
    bench.opens("speaker", "speaker-2");
    bench.loses("speaker");
    assert.equal(bench.state("speaker"), "lost");
    bench.send({ type: "user.useSpeaker", deviceId: "speaker-3" });
    bench.opens("speaker", "speaker-3");
    assert.equal(bench.state("speaker"), "open.live");
    assert.equal(bench.announced().length, before);
  });
});

test("devices do not disturb each other", () => {
  const bench = live();
  bench.loses("microphone");
  bench.loses("speaker");
  assert.equal(bench.state("camera"), "open.live");
  bench.send({ type: "user.setCamera", on: false });
  assert.deepEqual([bench.state("microphone"), bench.state("speaker")], ["lost", "lost"]);
});

test("an end of the call closes every device", () => {
  const bench = live();
  bench.actor.stop();
  assert.deepEqual(bench.effects.activities, []);
});
