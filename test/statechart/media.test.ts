// The devices of a call: opened, muted, switched, lost and retried, and the signals to the other side.

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

  test("the other side is notified when a device becomes live", () => {
    const bench = new MediaBench();
    assert.deepEqual(bench.sentMediaStates(), []);
    bench.openDevice("microphone");
    bench.openDevice("camera");
    bench.openDevice("speaker");
    assert.deepEqual(bench.sentMediaStates(), ["on off", "on on"]);
  });

  test("an open device has an id and a name", () => {
    const bench = live();
    assert.deepEqual(bench.context.camera.open, { deviceId: "camera-1", deviceName: "Device camera-1" });
  });

  test("a device that does not open is lost, with the reason, and the other side is notified", () => {
    const bench = new MediaBench();
    bench.openDevice("microphone");
    bench.loseDevice("camera", "EBUSY");
    assert.equal(bench.state("camera"), "lost");
    assert.equal(bench.context.camera.why, "EBUSY");
    assert.deepEqual(bench.effects.running("camera"), []);
    assert.deepEqual(bench.sentMediaStates(), ["on off", "on off"]);
  });

  test("a camera that the settings exclude is off, which is no fault", () => {
    const bench = new MediaBench();
    bench.activity("camera").send({ type: "device.cameraAbsent" });
    assert.deepEqual([bench.state("camera"), bench.context.camera.why], ["off", null]);
  });
});

describe("the microphone", () => {
  test("stays open when it is muted and unmuted, and the other side is notified", () => {
    const bench = live();
    bench.send({ type: "user.setMicrophone", on: false });
    assert.equal(bench.state("microphone"), "open.muted");
    bench.send({ type: "user.setMicrophone", on: true });
    assert.equal(bench.state("microphone"), "open.live");
    assert.deepEqual(bench.activity("microphone").commands, ["unmute", "mute", "unmute"]);
    assert.deepEqual(bench.sentMediaStates().slice(-2), ["off on", "on on"]);
    assert.equal(bench.effects.inputs("microphone").length, 1);
  });

  test("muted before it is open opens muted and is never reported as on", () => {
    const bench = new MediaBench("audio");
    bench.send({ type: "user.setMicrophone", on: false });
    assert.equal(bench.state("microphone"), "open.opening");
    bench.openDevice("microphone");
    assert.equal(bench.state("microphone"), "open.muted");
    assert.deepEqual(bench.activity("microphone").commands, ["mute"]);
    assert.deepEqual(bench.sentMediaStates(), ["off off", "off off"]);
  });

  test("muted and unmuted before it is open opens live", () => {
    const bench = new MediaBench();
    bench.send({ type: "user.setMicrophone", on: false });
    bench.send({ type: "user.setMicrophone", on: true });
    bench.openDevice("microphone");
    assert.equal(bench.state("microphone"), "open.live");
  });

  test("sends nothing when its state does not change", () => {
    const bench = live();
    const before = bench.sentMediaStates().length;
    bench.send({ type: "user.setMicrophone", on: true });
    assert.equal(bench.sentMediaStates().length, before);
  });

  test("stays muted when another one is chosen", () => {
    const bench = live();
    bench.send({ type: "user.setMicrophone", on: false });
    bench.send({ type: "user.useMicrophone", deviceId: "headset" });
    bench.openDevice("microphone", "headset");
    assert.equal(bench.state("microphone"), "open.muted");
    assert.deepEqual(bench.activity("microphone").commands, ["unmute", "mute", "use headset"]);
  });

  test("is reported as off when it is lost, and retried when it is switched on", () => {
    const bench = live();
    bench.loseDevice("microphone");
    assert.equal(bench.sentMediaStates().at(-1), "off on");
    bench.send({ type: "user.setMicrophone", on: true });
    assert.equal(bench.state("microphone"), "open.opening");
    bench.openDevice("microphone");
    assert.equal(bench.sentMediaStates().at(-1), "on on");
  });

  test("muted while it is lost comes back muted when another is chosen", () => {
    const bench = live();
    bench.loseDevice("microphone");
    bench.send({ type: "user.setMicrophone", on: false });
    assert.equal(bench.state("microphone"), "lost");
    bench.send({ type: "user.useMicrophone", deviceId: "headset" });
    bench.openDevice("microphone", "headset");
    assert.equal(bench.state("microphone"), "open.muted");
  });
});

describe("the camera", () => {
  test("is closed when off and opened when on, and the other side is notified of both", () => {
    const bench = live();
    bench.send({ type: "user.setCamera", on: false });
    assert.equal(bench.state("camera"), "off");
    assert.deepEqual(bench.effects.running("camera"), []);
    assert.equal(bench.context.camera.open, null);
    bench.send({ type: "user.setCamera", on: true });
    bench.openDevice("camera");
    assert.deepEqual(bench.sentMediaStates().slice(-2), ["on off", "on on"]);
  });

  test("can be switched on in a voice call", () => {
    const bench = live("audio");
    bench.send({ type: "user.setCamera", on: true });
    bench.openDevice("camera");
    assert.equal(bench.state("camera"), "open.live");
    assert.equal(bench.sentMediaStates().at(-1), "on on");
  });

  test("switched off while it opens closes", () => {
    const bench = new MediaBench();
    bench.send({ type: "user.setCamera", on: false });
    assert.equal(bench.state("camera"), "off");
    assert.deepEqual(bench.effects.running("camera"), []);
  });

  test("changed while it opens releases the first and opens the second", () => {
    const bench = new MediaBench();
    const first = bench.activity("camera");
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    first.send({ type: "device.cameraOpened", deviceId: "camera-1", deviceName: "late" });
    assert.equal(bench.state("camera"), "open.opening");
    assert.deepEqual(bench.choices("camera"), [null, "camera-2"]);
    bench.openDevice("camera", "camera-2");
    assert.equal(bench.context.camera.open?.deviceId, "camera-2");
  });

  test("changed while it is live stays open until the new one is open, without a signal to the other side", () => {
    const bench = live();
    const before = bench.sentMediaStates().length;
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    assert.deepEqual(bench.activity("camera").commands, ["use camera-2"]);
    assert.equal(bench.context.camera.open?.deviceId, "camera-1");
    bench.openDevice("camera", "camera-2");
    assert.equal(bench.context.camera.open?.deviceId, "camera-2");
    assert.equal(bench.state("camera"), "open.live");
    assert.equal(bench.sentMediaStates().length, before);
  });

  test("that does not open leaves the old one open, with the reason", () => {
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

  test("lost can be switched on, off, or changed", () => {
    const retried = live();
    retried.loseDevice("camera");
    retried.send({ type: "user.setCamera", on: true });
    assert.equal(retried.state("camera"), "open.opening");
    assert.equal(retried.context.camera.why, null);
    const left = live();
    left.loseDevice("camera");
    left.send({ type: "user.setCamera", on: false });
    assert.equal(left.state("camera"), "off");
    const changed = live();
    changed.loseDevice("camera");
    changed.send({ type: "user.useCamera", deviceId: "camera-2" });
    assert.deepEqual(changed.choices("camera"), [null, "camera-2"]);
  });

  test("retried after an unplugged device of the settings uses the settings again", () => {
    const bench = live();
    bench.loseDevice("camera");
    bench.send({ type: "user.setCamera", on: true });
    assert.deepEqual(bench.choices("camera"), [null, null]);
  });

  test("chosen by the user is opened again after it was off", () => {
    const bench = live();
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    bench.openDevice("camera", "camera-2");
    bench.send({ type: "user.setCamera", on: false });
    bench.send({ type: "user.setCamera", on: true });
    assert.deepEqual(bench.choices("camera"), [null, "camera-2"]);
  });
});

describe("the speaker", () => {
  test("is changed and retried without a signal to the other side", () => {
    const bench = live();
    const before = bench.sentMediaStates().length;
    bench.send({ type: "user.useSpeaker", deviceId: "speaker-2" });
    bench.openDevice("speaker", "speaker-2");
    bench.loseDevice("speaker");
    assert.equal(bench.state("speaker"), "lost");
    bench.send({ type: "user.useSpeaker", deviceId: "speaker-3" });
    bench.openDevice("speaker", "speaker-3");
    assert.equal(bench.state("speaker"), "open.live");
    assert.equal(bench.sentMediaStates().length, before);
  });
});

test("devices are independent of each other", () => {
  const bench = live();
  bench.loseDevice("microphone");
  bench.loseDevice("speaker");
  assert.equal(bench.state("camera"), "open.live");
  bench.send({ type: "user.setCamera", on: false });
  assert.deepEqual([bench.state("microphone"), bench.state("speaker")], ["lost", "lost"]);
});

test("an end of the call closes every device", () => {
  const bench = live();
  bench.stop();
  assert.deepEqual(bench.effects.activities, []);
});

describe("a camera whose picture the other side does not take", () => {
  const negotiated = (bench: MediaBench, whyNot: string | null) =>
    bench.send({ type: "link.videoNegotiated", whyNot });
  const isAllowed = (bench: MediaBench) =>
    bench.effects.inputs("camera").map((input) => (input as { isAllowed: boolean }).isAllowed);

  test("may open only once it is known that the picture is taken", () => {
    const bench = new MediaBench();
    assert.deepEqual([isAllowed(bench), bench.activity("camera").commands], [[false], []]);
    negotiated(bench, null);
    assert.deepEqual(bench.activity("camera").commands, ["allow"]);
    bench.openDevice("camera");
    negotiated(bench, null);
    assert.deepEqual(bench.activity("camera").commands, ["allow"]);
    assert.equal(bench.effects.inputs("camera").length, 1);
  });

  test("is withheld, and both sides learn why", () => {
    const bench = new MediaBench();
    bench.openDevice("microphone");
    negotiated(bench, "no video section");
    assert.deepEqual([bench.state("camera"), bench.effects.running("camera")], ["withheld", []]);
    assert.equal(bench.context.camera.why, "no video section");
    assert.deepEqual(bench.lastMediaLevel(), ["voiceOnly", "no video section"]);
    assert.equal(bench.sentMediaStates().at(-1), "on off");
  });

  test("opens when a later negotiation allows it, and closes when one no longer does", () => {
    const bench = new MediaBench();
    negotiated(bench, "no video section");
    negotiated(bench, null);
    assert.equal(isAllowed(bench).at(-1), true);
    bench.openDevice("camera");
    assert.deepEqual([bench.state("camera"), bench.context.camera.why], ["open.live", null]);
    negotiated(bench, "it only sends");
    assert.deepEqual([bench.state("camera"), bench.effects.running("camera")], ["withheld", []]);
    negotiated(bench, "no common codec");
    assert.deepEqual(bench.lastMediaLevel(), ["receiveOnly", "no common codec"]);
  });

  test("stays closed whatever the user chooses, and opens with that choice later", () => {
    const bench = new MediaBench("audio");
    negotiated(bench, "no video section");
    assert.deepEqual([bench.state("camera"), bench.context.camera.why], ["off", null]);
    bench.send({ type: "user.setCamera", on: true });
    bench.send({ type: "user.useCamera", deviceId: "camera-2" });
    assert.deepEqual([bench.state("camera"), bench.context.camera.why], ["withheld", "no video section"]);
    assert.deepEqual(bench.effects.running("camera"), []);
    bench.send({ type: "user.setCamera", on: false });
    assert.deepEqual([bench.state("camera"), bench.context.camera.why], ["off", null]);
    bench.send({ type: "user.setCamera", on: true });
    negotiated(bench, null);
    assert.deepEqual(bench.choices("camera").at(-1), "camera-2");
    assert.equal(bench.state("camera"), "open.opening");
  });
});
