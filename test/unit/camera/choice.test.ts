// Which camera `auto` and an id open, with a fake addon whose devices open or are busy.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NOTHING_CAPTURED } from "../../../native/frame-faults.ts";
import {
  type CameraInfo,
  type Capture,
  type CaptureCallbacks,
  type CaptureConstraints,
  CaptureError,
} from "../../../native/types.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { NO_PIPEWIRE, type PipeWireCameras } from "../../../plugin/camera/pipewire-cameras.ts";
import { countedFrame } from "../../support/fakes/fake-frames.ts";
import { refusingNative } from "../../support/fakes/refusing-native.ts";

const MODE = { width: 640, height: 480, fps: 30, fourcc: "YUYV" };
const CONSTRAINTS = { width: 640, height: 480, fps: 30 };
const CALLBACKS: CaptureCallbacks = {
  onFrame: () => assert.fail("no frame can come"),
  onError: (error) => assert.fail(error),
};

function camera(number: number, name = `Camera ${number}`): CameraInfo {
  return { path: `/dev/video${number}`, id: `usb-${number} ${name}`, otherIds: [], name, modes: [MODE] };
}

/** Implements only the methods that `createCameras` uses. */
class ScriptedNative {
  readonly tried: string[] = [];
  readonly #present: readonly CameraInfo[];
  readonly #busy: readonly string[];

  constructor(present: readonly CameraInfo[], busy: readonly string[] = []) {
    this.#present = present;
    this.#busy = busy;
  }

  listCameras(): CameraInfo[] {
    return [...this.#present];
  }

  async openCamera(path: string, constraints: CaptureConstraints): Promise<Capture> {
    this.tried.push(path);
    if (this.#busy.includes(path)) {
      throw new CaptureError(`The camera ${path} is in use`, {
        operation: "VIDIOC_S_FMT",
        errno: "EBUSY",
        path,
      });
    }
    return this.#opened(constraints);
  }

  async openPattern(constraints: CaptureConstraints): Promise<Capture> {
    this.tried.push("pattern");
    return this.#opened(constraints);
  }

  #opened(constraints: CaptureConstraints): Capture {
    return {
      mode: { ...constraints, fourcc: "YUYV" },
      notes: [],
      counters: () => NOTHING_CAPTURED,
      close: () => Promise.resolve(),
    };
  }
}

function camerasOf(native: ScriptedNative) {
  return createCameras({
    ...refusingNative,
    listCameras: () => native.listCameras(),
    openCamera: (path, constraints) => native.openCamera(path, constraints),
    openPattern: (constraints) => native.openPattern(constraints),
  });
}

describe("the camera `auto`", () => {
  test("is the first camera that opens", async () => {
    const native = new ScriptedNative([camera(0), camera(2), camera(4)], ["/dev/video0"]);
    const opened = await camerasOf(native).open("auto", CONSTRAINTS, CALLBACKS);
    assert.equal(opened.deviceId, "usb-2 Camera 2");
    assert.deepEqual(native.tried, ["/dev/video0", "/dev/video2"]);
  });

  test("fails without a camera, because a test pattern would deceive", async () => {
    const opening = camerasOf(new ScriptedNative([])).open("auto", CONSTRAINTS, CALLBACKS);
    await assert.rejects(opening, { message: "there is no camera" });
  });

  test("fails with the first camera's error when all are busy, and never opens the test pattern", async () => {
    const native = new ScriptedNative([camera(0), camera(2)], ["/dev/video0", "/dev/video2"]);
    const opening = camerasOf(native).open("auto", CONSTRAINTS, CALLBACKS);
    await assert.rejects(opening, { name: "CaptureError", errno: "EBUSY", path: "/dev/video0" });
    assert.deepEqual(native.tried, ["/dev/video0", "/dev/video2"]);
  });
});

describe("a camera by its id", () => {
  test("is opened by its current path, and no other camera is tried", async () => {
    const native = new ScriptedNative([camera(0), camera(2)], ["/dev/video2"]);
    await assert.rejects(camerasOf(native).open("usb-2 Camera 2", CONSTRAINTS, CALLBACKS), {
      errno: "EBUSY",
    });
    assert.deepEqual(native.tried, ["/dev/video2"]);
  });

  test("is found by any of its remembered ids, with any device number", async () => {
    const byId = "/dev/v4l/by-id/usb-Maker_Camera_123-video-index0";
    const moved = { ...camera(4, "Camera"), id: byId, otherIds: ["usb-0000:00:14.0-1 Camera"] };
    for (const choice of [byId, "usb-0000:00:14.0-1 Camera"]) {
      const native = new ScriptedNative([camera(0, "Other"), moved]);
      assert.equal((await camerasOf(native).open(choice, CONSTRAINTS, CALLBACKS)).deviceId, byId);
      assert.deepEqual(native.tried, ["/dev/video4"]);
    }
  });

  test("is found at another port by its name, if no other camera has that name", async () => {
    const native = new ScriptedNative([camera(0, "Other"), camera(4, "Camera")]);
    await camerasOf(native).open("usb-9 Camera", CONSTRAINTS, CALLBACKS);
    assert.deepEqual(native.tried, ["/dev/video4"]);
    const twins = new ScriptedNative([camera(0, "Camera"), camera(4, "Camera")]);
    await assert.rejects(camerasOf(twins).open("usb-9 Camera", CONSTRAINTS, CALLBACKS), {
      kind: "unknownDevice",
    });
  });

  test("is refused for an unknown id with the existing ids, and nothing is opened", async () => {
    const native = new ScriptedNative([camera(0)]);
    await assert.rejects(camerasOf(native).open("/dev/video0", CONSTRAINTS, CALLBACKS), {
      kind: "unknownDevice",
      issues: [
        { field: "camera", value: '"/dev/video0"', expected: "one of: auto, test-pattern, usb-0 Camera 0" },
      ],
    });
    assert.deepEqual(native.tried, []);
  });
});

describe("the list of cameras", () => {
  test("makes the first camera the default, and never the test pattern", () => {
    const withTwo = camerasOf(new ScriptedNative([camera(0), camera(2)])).list();
    assert.deepEqual(
      withTwo.map(({ isDefault }) => isDefault),
      [true, false, false],
    );
    assert.deepEqual(camerasOf(new ScriptedNative([])).list(), [
      { id: "test-pattern", name: "Test pattern", isDefault: false },
    ]);
  });

  test("distinguishes two cameras of one name", () => {
    const list = camerasOf(new ScriptedNative([camera(0, "Twin"), camera(2, "Twin")])).list();
    assert.deepEqual(
      list.map(({ name }) => name),
      ["Twin (/dev/video0)", "Twin (/dev/video2)", "Test pattern"],
    );
  });

  test("and the open one has its name of the list", async () => {
    const cameras = camerasOf(new ScriptedNative([camera(0, "Twin"), camera(2, "Twin")], ["/dev/video0"]));
    for (const choice of ["auto", "usb-2 Twin"]) {
      const open = await cameras.open(choice, CONSTRAINTS, CALLBACKS);
      assert.equal(open.deviceName, "Twin (/dev/video2)");
      await open.close();
    }
  });
});

describe("a camera whose pictures cannot be shown", () => {
  test("is noted with the reason for the doctor, and no more once it gives a frame from the start", async () => {
    const events: string[] = [];
    let check: () => void = () => assert.fail("no checks");
    let callbacks: CaptureCallbacks | undefined;
    const counters = { ...NOTHING_CAPTURED, captured: 9, damaged: 9, faulty: 9, faults: { notJpeg: 9 } };
    const cameras = createCameras(
      {
        ...refusingNative,
        listCameras: () => [{ ...camera(0, "Webcam"), modes: [{ ...MODE, fourcc: "MJPG" }] }],
        openCamera: async (_path, constraints, given) => {
          callbacks = given;
          return {
            mode: { ...constraints, fourcc: "MJPG" },
            notes: [],
            counters: () => counters,
            close: async () => undefined,
          };
        },
      },
      undefined,
      undefined,
      {
        repeat: (_ms, action) => {
          check = action;
          return () => undefined;
        },
        notes: {
          keep: (name, reason) => events.push(`${name}: ${reason}`),
          clear: (name) => events.push(`clear ${name}`),
        },
      },
    );
    const onError = (error: Error) => events.push(error.message);
    const damaged = await cameras.open("auto", CONSTRAINTS, { onFrame: () => undefined, onError });
    for (let i = 0; i < 4; i++) check();
    await damaged.close();
    const reason = "its pictures are damaged: they are no JPEG";
    assert.deepEqual(events, [`Webcam: ${reason}`, `The camera Webcam cannot be shown, because ${reason}`]);
    await cameras.open("auto", CONSTRAINTS, { onFrame: () => undefined, onError });
    callbacks?.onFrame(countedFrame());
    assert.equal(events.at(-1), "clear Webcam");
  });
});

describe("a busy camera that PipeWire offers too", () => {
  const SHARED = "pipewire:v4l2_input.0";
  const both = { ...camera(0), otherIds: [SHARED] };

  function camerasWith(native: ScriptedNative, errno?: string) {
    const opened: string[] = [];
    const pipewire: PipeWireCameras = {
      ...NO_PIPEWIRE,
      has: (path) => path.startsWith("pipewire:"),
      async open(path, constraints) {
        opened.push(path);
        if (errno !== undefined) throw new CaptureError("failed", { operation: "open", errno, path });
        return new ScriptedNative([]).openPattern(constraints);
      },
    };
    const addon = { ...refusingNative, listCameras: () => native.listCameras() };
    const openCamera = (path: string, constraints: CaptureConstraints) =>
      native.openCamera(path, constraints);
    return { opened, cameras: createCameras({ ...addon, openCamera }, undefined, undefined, { pipewire }) };
  }

  test("is opened through PipeWire, which may hold it", async () => {
    const { opened, cameras } = camerasWith(new ScriptedNative([both], ["/dev/video0"]));
    const { deviceId } = await cameras.open(both.id, CONSTRAINTS, CALLBACKS);
    assert.deepEqual([deviceId, opened], [both.id, [SHARED]]);
  });

  test("is in use when PipeWire cannot open it either", async () => {
    const { opened, cameras } = camerasWith(new ScriptedNative([both], ["/dev/video0"]), "EIO");
    await assert.rejects(cameras.open(both.id, CONSTRAINTS, CALLBACKS), { errno: "EBUSY" });
    assert.deepEqual(opened, [SHARED]);
  });

  test("is not asked of PipeWire while V4L2 opens it, or does not have it there", async () => {
    const free = camerasWith(new ScriptedNative([both]));
    await free.cameras.open(both.id, CONSTRAINTS, CALLBACKS);
    const alone = camerasWith(new ScriptedNative([camera(0)], ["/dev/video0"]));
    await assert.rejects(alone.cameras.open("auto", CONSTRAINTS, CALLBACKS), { errno: "EBUSY" });
    assert.deepEqual([free.opened, alone.opened], [[], []]);
  });
});
