// Which cameras are listed where V4L2 and PipeWire offer some of the same, and what happens without PipeWire.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PipeWire, PipeWireNode, PipeWireState } from "../../../native/pipewire.ts";
import { pipeWireSocket } from "../../../native/pipewire.ts";
import type { CameraInfo } from "../../../native/types.ts";
import { createPipeWireCameras, joinLists } from "../../../plugin/camera/pipewire-cameras.ts";

const MODE = { width: 640, height: 480, fps: 30, fourcc: "YUYV" };

function node(name: string, more: Partial<PipeWireNode> = {}): PipeWireNode {
  const texts = { serial: "", description: "", deviceApi: "", v4l2Path: "", deviceIds: "" };
  return { nodeId: 1, name, role: "Camera", modes: [MODE], ...texts, ...more };
}

function v4l2(number: number, modes: CameraInfo["modes"] = [MODE]): CameraInfo {
  return { path: `/dev/video${number}`, id: `usb-${number}`, otherIds: [], name: `Webcam ${number}`, modes };
}

const NUMBERS = new Map([["/dev/video0", 20_736]]);
function ids(cameras: readonly CameraInfo[], nodes: readonly PipeWireNode[]): string[] {
  return joinLists(cameras, nodes, (path) => NUMBERS.get(path) ?? null).map(({ id }) => id);
}

describe("the list of V4L2's and PipeWire's cameras", () => {
  test("has a camera that both offer once, from V4L2", () => {
    const both = [node("usb", { v4l2Path: "/dev/video0" }), node("built-in", { deviceIds: "7 20736" })];
    assert.deepEqual(ids([v4l2(0)], [...both, node("phone")]), ["usb-0", "pipewire:phone"]);
  });

  test("has it from PipeWire where V4L2 may not open it", () => {
    assert.deepEqual(ids([v4l2(0, []), v4l2(1, [])], [node("usb", { v4l2Path: "/dev/video0" })]), [
      "usb-1",
      "pipewire:usb",
    ]);
  });

  test("keeps the id that a camera had in PipeWire", () => {
    const [camera] = joinLists([v4l2(0)], [node("usb", { v4l2Path: "/dev/video0" })], () => null);
    assert.deepEqual(camera?.otherIds, ["pipewire:usb"]);
  });

  test("leaves out screens, nodes without a name, and nodes that offer nothing that can be shown", () => {
    const others = [node("screen", { role: "Screen" }), node("", {}), node("coded", { modes: [] })];
    assert.deepEqual(ids([], [...others, node("camera")]), ["pipewire:camera"]);
  });

  test("numbers cameras of one name, in the order in which they came", () => {
    const twins = [node("twin", { serial: "8" }), node("twin", { serial: "9" })];
    assert.deepEqual(ids([], twins), ["pipewire:twin", "pipewire:twin#2"]);
  });

  test("has cameras without colours last, so that `auto` takes none of them for a built-in camera", () => {
    const infrared = v4l2(0, [{ ...MODE, fourcc: "GREY" }]);
    assert.deepEqual(ids([infrared], [node("built-in")]), ["pipewire:built-in", "usb-0"]);
  });
});

describe("PipeWire", () => {
  const CALLBACKS = { onFrame: () => assert.fail("no frame"), onError: (error: Error) => assert.fail(error) };
  const SETTLED: PipeWireState = { isSettled: true, isConnected: true, problem: "", nodes: [node("front")] };

  function scripted(answers: boolean): PipeWire {
    return {
      connect(_address, onChange) {
        if (answers) setImmediate(onChange);
        return {
          state: () => (answers ? SETTLED : { ...SETTLED, isSettled: false, nodes: [] }),
          open: () => Promise.reject(new Error("not opened here")),
          close: () => Promise.resolve(),
        };
      },
    };
  }

  test("that cannot be loaded leaves V4L2's cameras, and says why", async () => {
    const load = () => {
      throw new Error("libpipewire-0.3.so.0: cannot open shared object file");
    };
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    await cameras.ready();
    assert.deepEqual(
      cameras.listWith([v4l2(0)]).map(({ id }) => id),
      ["usb-0"],
    );
    assert.match(cameras.report().libraryProblem ?? "", /^libpipewire-0\.3\.so\.0: cannot open/);
    await assert.rejects(cameras.open("pipewire:front", MODE, CALLBACKS), {
      errno: "ENOENT",
    });
  });

  test("has its first list when it is ready, and tells its listeners", async () => {
    const load = () => scripted(true);
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    let changes = 0;
    const stop = cameras.watch(() => changes++);
    await cameras.ready();
    assert.deepEqual(cameras.report(), { cameras: ["front"], libraryProblem: null });
    assert.equal(changes, 1);
    stop();
    await cameras.close();
    assert.deepEqual(cameras.listWith([]), []);
  });

  test("that does not answer does not hold up the list", async () => {
    const load = () => scripted(false);
    const cameras = createPipeWireCameras({
      env: { XDG_RUNTIME_DIR: "/run/user/1" },
      log: () => undefined,
      load,
    });
    await cameras.ready();
    assert.deepEqual(cameras.listWith([v4l2(0)]).length, 1);
  });

  test("is looked for where its own library looks", () => {
    assert.equal(pipeWireSocket({ XDG_RUNTIME_DIR: "/run/user/1" }), "/run/user/1/pipewire-0");
    assert.equal(
      pipeWireSocket({
        XDG_RUNTIME_DIR: "/run/user/1",
        PIPEWIRE_RUNTIME_DIR: "/tmp/p",
        PIPEWIRE_REMOTE: "other",
      }),
      "/tmp/p/other",
    );
    assert.equal(pipeWireSocket({ PIPEWIRE_REMOTE: "/srv/socket" }), "/srv/socket");
    assert.equal(pipeWireSocket({}), null);
  });
});
