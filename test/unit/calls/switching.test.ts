// Switching devices in a call: which overlap, which follow one another, and what happens when the new device fails. Also the
// device monitor.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { CaptureError } from "../../../native/types.ts";
import { createDeviceMonitor } from "../../../plugin/calls/device-monitor.ts";
import { SoundError } from "../../../plugin/sound/sound.ts";
import type { DeviceKind, DeviceList } from "../../../rpc-schema/index.ts";
import type { UserMediaEvent } from "../../../statecharts/index.ts";
import { FAKE_CAMERA_ID, FakeCameras } from "../../support/fakes/fake-cameras.ts";
import { createFakeSound } from "../../support/fakes/fake-sound.ts";
import { CallBench, settle } from "../../support/plugin/call-bench.ts";

const CALL = "call-1";
const PATTERN = "test-pattern";
const benches: CallBench[] = [];
after(() => {
  for (const { manager } of benches) manager.stop();
});

async function inCall(): Promise<CallBench> {
  const bench = new CallBench();
  benches.push(bench);
  await bench.takeVideoCall(CALL);
  return bench;
}

const send = (bench: CallBench, event: UserMediaEvent): Promise<void> => bench.sendToCall(CALL, event);

function mediaOf(bench: CallBench) {
  const media = bench.calls()[0]?.ref.getSnapshot().children.media?.getSnapshot();
  return media ?? assert.fail("no media");
}

const openId = (bench: CallBench, kind: DeviceKind) => mediaOf(bench).context[kind].open?.deviceId;
const openCameras = (bench: CallBench) => bench.cameras.openNow.map(({ deviceId }) => deviceId);

describe("another camera", () => {
  test("takes over with its first frame, and the old camera's frames are used until then", async () => {
    const bench = await inCall();
    const [old] = bench.cameras.openNow;
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    assert.deepEqual(openCameras(bench), [FAKE_CAMERA_ID, PATTERN]);
    old?.emitFrame();
    old?.emitFrame();
    assert.equal(bench.frames.shown.length, 2);
    assert.equal(openId(bench, "camera"), FAKE_CAMERA_ID);
    bench.cameras.openNow[1]?.emitFrame();
    await settle();
    assert.deepEqual([openCameras(bench), openId(bench, "camera")], [[PATTERN], PATTERN]);
    bench.cameras.emitFrame();
    assert.equal(bench.frames.shown.length, 3);
  });

  test("that does not open leaves the old one in use, with a reason for the user", async () => {
    const bench = await inCall();
    const details = { operation: "open", errno: "EBUSY", path: "/dev/video1" };
    bench.cameras.failNextOpen = new CaptureError("the camera is busy", details);
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    assert.deepEqual([openCameras(bench), openId(bench, "camera")], [[FAKE_CAMERA_ID], FAKE_CAMERA_ID]);
    assert.equal(mediaOf(bench).context.camera.why, "the camera is busy");
  });

  test("without enough bus bandwidth opens after the old one is closed", async () => {
    const bench = await inCall();
    const details = { operation: "VIDIOC_STREAMON", errno: "ENOSPC", path: "/dev/video1" };
    bench.cameras.failNextOpen = new CaptureError("no bandwidth", details);
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    assert.deepEqual([openCameras(bench), openId(bench, "camera")], [[PATTERN], PATTERN]);
  });

  test("that is the current one is not opened again", async () => {
    const bench = await inCall();
    await send(bench, { type: "user.useCamera", deviceId: FAKE_CAMERA_ID });
    await send(bench, { type: "user.useCamera", deviceId: "auto" });
    assert.equal(bench.cameras.opened.length, 1);
  });

  test("that fails before its first frame is closed, and the old one stays", async () => {
    const bench = await inCall();
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    bench.cameras.openNow[1]?.unplug();
    await settle();
    assert.deepEqual([openCameras(bench), openId(bench, "camera")], [[FAKE_CAMERA_ID], FAKE_CAMERA_ID]);
  });

  test("is the last of several choices", async () => {
    const bench = await inCall();
    bench.cameras.devices = [...bench.cameras.devices, { id: "third", name: "Third", isDefault: false }];
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    await send(bench, { type: "user.useCamera", deviceId: "third" });
    for (let round = 0; round < 3; round += 1) {
      bench.cameras.emitFrame();
      await settle();
    }
    assert.deepEqual([openCameras(bench), openId(bench, "camera")], [["third"], "third"]);
  });

  test("is closed at the end of the call even without a frame", async () => {
    const bench = await inCall();
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    bench.manager.send({ type: "user.toCall", callId: CALL, event: { type: "user.hangup" } });
    await settle();
    assert.deepEqual(bench.open(), []);
    await bench.environment.cameraMutex.idle();
  });

  test("none switches the camera off", async () => {
    const bench = await inCall();
    await send(bench, { type: "user.useCamera", deviceId: "none" });
    assert.deepEqual(openCameras(bench), []);
    assert.ok(mediaOf(bench).matches({ camera: "off" }));
  });
});

describe("another picture size that is chosen", () => {
  const picture = (width: number, height: number) => ({ picture: { width, height, fps: 30 } });
  const SMALL = picture(320, 240);
  const LARGE = picture(1280, 720);
  const openNow = (bench: CallBench) =>
    bench.cameras.openNow.map(({ deviceId, mode }) => [deviceId, mode.width]);
  /** Cameras open when the returned function is called, and give a frame. */
  const slowly = (bench: CallBench) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    bench.cameras.permission = promise;
    return async () => {
      resolve();
      bench.cameras.permission = undefined;
      for (let round = 0; round < 3; round += 1) {
        await settle();
        bench.cameras.emitFrame();
      }
      await settle();
    };
  };

  test("while the call's first camera is being opened", async () => {
    const bench = new CallBench();
    benches.push(bench);
    const open = slowly(bench);
    await bench.takeVideoCall(CALL);
    bench.changeSettings(SMALL);
    await open();
    assert.deepEqual(openNow(bench), [[FAKE_CAMERA_ID, 320]]);
  });

  test("while the camera is being opened again for the choice before", async () => {
    const bench = await inCall();
    const open = slowly(bench);
    bench.changeSettings(SMALL);
    await settle();
    bench.changeSettings(LARGE);
    await open();
    assert.deepEqual(openNow(bench), [[FAKE_CAMERA_ID, 1280]]);
  });

  test("while another camera is being opened, which it does not undo", async () => {
    const bench = await inCall();
    const open = slowly(bench);
    await send(bench, { type: "user.useCamera", deviceId: PATTERN });
    bench.changeSettings(SMALL);
    await open();
    assert.deepEqual([openNow(bench), openId(bench, "camera")], [[[PATTERN, 320]], PATTERN]);
  });

  test("together with another name of the same camera", async () => {
    const bench = await inCall();
    bench.changeSettings({ ...SMALL, camera: FAKE_CAMERA_ID });
    await settle();
    assert.deepEqual(openNow(bench), [[FAKE_CAMERA_ID, 320]]);
  });

  test("together with another camera, which is opened once", async () => {
    const bench = await inCall();
    const before = bench.cameras.opened.length;
    const open = slowly(bench);
    bench.changeSettings({ ...SMALL, camera: PATTERN });
    await open();
    assert.deepEqual(openNow(bench), [[PATTERN, 320]]);
    assert.equal(bench.cameras.opened.length, before + 1);
  });
});

describe("another microphone or speaker", () => {
  test("opens after the last one is closed, keeps the mute state, and leaves the connection alone", async () => {
    const bench = await inCall();
    await send(bench, { type: "user.setMicrophone", on: false });
    await send(bench, { type: "user.useMicrophone", deviceId: "tone" });
    await send(bench, { type: "user.useSpeaker", deviceId: "none" });
    assert.deepEqual(
      [bench.sound.openIds("microphone"), bench.sound.openIds("speaker"), openId(bench, "microphone")],
      [["tone"], ["none"], "tone"],
    );
    assert.ok(mediaOf(bench).matches({ microphone: { open: "muted" } }));
    assert.equal(bench.engine.peers.length, 1);
  });

  test("that does not open is replaced by the one before", async () => {
    const bench = await inCall();
    const before = openId(bench, "microphone");
    await bench.sound.plug("microphone", "fake:broken");
    await settle();
    bench.sound.failNextOpen = new SoundError("no such card");
    await send(bench, { type: "user.useMicrophone", deviceId: "fake:broken" });
    await settle();
    assert.deepEqual([bench.sound.openIds("microphone"), openId(bench, "microphone")], [[before], before]);
    assert.equal(mediaOf(bench).context.microphone.why, "no such card");
  });

  test("is opened with the current settings for its processing", async () => {
    const bench = await inCall();
    bench.settings = { ...bench.settings, noiseSuppression: false };
    await send(bench, { type: "user.useMicrophone", deviceId: openId(bench, "microphone") ?? "" });
    const asked = bench.sound.microphoneOptions.map(({ processing }) => processing.noiseSuppression);
    assert.deepEqual(asked, [true, false]);
  });
});

describe("a camera that is unplugged in a call", () => {
  test("is replaced by another, and used again when it returns", async () => {
    const bench = await inCall();
    const spare = { id: "spare", name: "Spare", isDefault: false };
    const first = bench.cameras.devices;
    bench.cameras.change([...first, spare]);
    await settle();
    bench.cameras.openNow[0]?.unplug();
    bench.cameras.change([spare]);
    await settle();
    assert.equal(openId(bench, "camera"), "spare");
    bench.cameras.change([...first, spare]);
    await settle();
    bench.cameras.emitFrame();
    await settle();
    assert.equal(openId(bench, "camera"), FAKE_CAMERA_ID);
    assert.deepEqual(openCameras(bench), [FAKE_CAMERA_ID]);
  });

  test("without a replacement lowers the media level to voice, and the peer gets the reason", async () => {
    const bench = await inCall();
    bench.cameras.change([]);
    bench.cameras.openNow[0]?.unplug();
    await settle();
    const announced = bench.sent.map(({ signal }) => signal).findLast(({ type }) => type === "call-media");
    assert.ok(announced?.type === "call-media" && announced.mediaLevel === "voiceOnly");
    assert.match(announced.why ?? "", /unplugged/);
  });
});

describe("the device monitor", () => {
  const createMonitor = () => {
    const cameras = new FakeCameras();
    const sound = createFakeSound();
    const logged: string[] = [];
    const monitor = createDeviceMonitor({ cameras, sound, log: (_, message) => void logged.push(message) });
    const lists: DeviceList[] = [];
    return { cameras, sound, logged, monitor, lists };
  };

  test("gives subscribers the whole list first, and at every change", async () => {
    const { cameras, sound, monitor, lists } = createMonitor();
    const stop = monitor.subscribe((list) => lists.push(list));
    await settle();
    cameras.change([]);
    await sound.plug("microphone", "fake:headset");
    await settle();
    assert.deepEqual(
      lists.map((list) => [list.cameras.length, list.microphones[0]?.id]),
      [
        [2, "fake:mic"],
        [0, "fake:mic"],
        [0, "fake:headset"],
      ],
    );
    stop();
    cameras.change(new FakeCameras().devices);
    assert.equal(lists.length, 3);
  });

  test("gives a later subscriber the list at once, and does not repeat it unchanged", async () => {
    const { cameras, monitor, lists } = createMonitor();
    monitor.subscribe(() => undefined);
    await settle();
    monitor.subscribe((list) => lists.push(list));
    assert.equal(lists.length, 1);
    cameras.change(cameras.devices);
    assert.equal(lists.length, 1);
  });

  test("logs a failure to list, and gives the list later", async () => {
    const { cameras, sound, logged, monitor, lists } = createMonitor();
    const list = sound.list.bind(sound);
    sound.list = () => Promise.reject(new SoundError("no sound server"));
    monitor.subscribe((devices) => lists.push(devices));
    await settle();
    assert.match(logged.join(), /no sound server/);
    sound.list = list;
    cameras.change([]);
    await settle();
    assert.equal(lists.length, 1);
  });
});
