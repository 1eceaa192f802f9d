// Settings that change during a call: its devices follow at once, as after a choice of the user. Also the state of an interrupted
// device.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type LiveSettingsChange, mediaLevelState } from "../../statecharts/index.ts";
import { live, MediaBench } from "./support/media-bench.ts";
import { connectedOut } from "./support/start-manager.ts";

const change = (part: Partial<LiveSettingsChange>) =>
  ({
    type: "settings.changed",
    preferred: {},
    isVoiceChanged: false,
    isVideoChanged: false,
    ...part,
  }) as const;

describe("settings that change during a call", () => {
  test("switch the changed devices and no other", () => {
    const bench = live();
    bench.send(change({ preferred: { camera: "camera-2", speaker: "speaker-2" } }));
    assert.deepEqual(bench.activity("camera").commands, ["use camera-2"]);
    assert.deepEqual(bench.activity("speaker").commands, ["use speaker-2"]);
    assert.deepEqual(bench.activity("microphone").commands, ["unmute"]);
  });

  test("replace the choices that the user made during the call", () => {
    const bench = live();
    bench.send({ type: "user.useMicrophone", deviceId: "microphone-2" });
    bench.send(change({ preferred: { microphone: "auto" } }));
    assert.equal(bench.context.microphone.choice, "auto");
  });

  test("open a device that was lost", () => {
    const bench = live();
    bench.loseDevice("camera");
    bench.send(change({ preferred: { camera: "camera-2" } }));
    assert.equal(bench.state("camera"), "open.opening");
    assert.equal(bench.choices("camera").at(-1), "camera-2");
  });

  test("leave a camera off that the user switched off, and apply when it is on again", () => {
    const bench = live();
    bench.send({ type: "user.setCamera", on: false });
    bench.send(change({ preferred: { camera: "camera-2" }, isVideoChanged: true }));
    assert.equal(bench.state("camera"), "off");
    bench.send({ type: "user.setCamera", on: true });
    assert.equal(bench.choices("camera").at(-1), "camera-2");
  });

  test("reach the open microphone, muted or not, and the open camera", () => {
    const bench = live();
    bench.send({ type: "user.setMicrophone", on: false });
    bench.send(change({ isVoiceChanged: true, isVideoChanged: true }));
    assert.deepEqual(bench.activity("microphone").commands, ["unmute", "mute", "process"]);
    assert.deepEqual(bench.activity("camera").commands, ["renew"]);
  });

  test("reach a microphone that is still being opened", () => {
    const bench = new MediaBench();
    bench.send(change({ isVoiceChanged: true }));
    assert.deepEqual(bench.activity("microphone").commands, ["process"]);
  });

  test("reach a camera that is still being opened", () => {
    const bench = new MediaBench();
    bench.send(change({ isVideoChanged: true }));
    assert.equal(bench.state("camera"), "open.opening");
    assert.deepEqual(bench.activity("camera").commands, ["renew"]);
  });

  test("apply once: a switched device opens with all of them", () => {
    const bench = live();
    const preferred = { camera: "camera-2", microphone: "tone" };
    bench.send(change({ preferred, isVoiceChanged: true, isVideoChanged: true }));
    assert.deepEqual(bench.activity("camera").commands, ["use camera-2"]);
    assert.deepEqual(bench.activity("microphone").commands, ["unmute", "use tone"]);
  });

  test("reach the devices of the manager's call in progress", async () => {
    const manager = await connectedOut();
    const { timeouts } = manager.context;
    await manager.send({
      type: "settings.changed",
      timeouts,
      change: change({ preferred: { speaker: "none" } }),
    });
    assert.equal(manager.effects.running("speaker")[0]?.input.choice, "none");
  });
});

describe("an interrupted device", () => {
  test("stays open with the reason, until it works again", () => {
    for (const kind of ["camera", "microphone", "speaker"] as const) {
      const bench = live();
      const state = bench.state(kind);
      bench.activity(kind).send({ type: `device.${kind}Interrupted`, why: "the server is away" });
      assert.deepEqual([bench.state(kind), bench.context[kind].interruption], [state, "the server is away"]);
      bench.activity(kind).send({ type: `device.${kind}Resumed` });
      assert.deepEqual([bench.state(kind), bench.context[kind].interruption], [state, null]);
    }
  });

  test("that is a camera sends nothing meanwhile, and the other side and the host get the reason", () => {
    const bench = live();
    bench.activity("camera").send({ type: "device.cameraInterrupted", why: "its pictures are damaged" });
    assert.equal(bench.sentMediaStates().at(-1), "on off");
    assert.deepEqual(mediaLevelState(bench.context), {
      mediaLevel: "voiceOnly",
      mediaLevelReason: "Camera: its pictures are damaged",
    });
    bench.activity("camera").send({ type: "device.cameraResumed" });
    assert.equal(bench.sentMediaStates().at(-1), "on on");
    assert.deepEqual(mediaLevelState(bench.context), {
      mediaLevel: "pictureAndVoice",
      mediaLevelReason: null,
    });
  });

  test("that is a camera is over with the next camera, and the other side is notified", () => {
    const bench = live();
    bench.activity("camera").send({ type: "device.cameraInterrupted", why: "its pictures are damaged" });
    bench.openDevice("camera", "camera-2");
    assert.equal(bench.context.camera.interruption, null);
    assert.deepEqual(bench.sentMediaStates().slice(-2), ["on off", "on on"]);
  });

  test("that is a camera and is given up is replaced by another one", () => {
    const bench = live();
    bench.setDevices({ camera: ["camera-1", "camera-2"] });
    bench.activity("camera").send({ type: "device.cameraInterrupted", why: "its pictures are damaged" });
    bench.loseDevice("camera", "The camera cannot be shown, because its pictures are damaged");
    assert.equal(bench.state("camera"), "open.opening");
    assert.deepEqual(bench.choices("camera").at(-1), "camera-2");
  });

  test("has no interruption any more when it is lost or replaced", () => {
    const lost = live();
    lost.activity("speaker").send({ type: "device.speakerInterrupted", why: "the server is away" });
    lost.loseDevice("speaker", "gone for good");
    assert.deepEqual([lost.context.speaker.interruption, lost.context.speaker.why], [null, "gone for good"]);
    const switched = live();
    switched.activity("speaker").send({ type: "device.speakerInterrupted", why: "the server is away" });
    switched.openDevice("speaker", "speaker-2");
    assert.equal(switched.context.speaker.interruption, null);
  });
});
