// Which cameras are listed where V4L2 and PipeWire offer some of the same.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { PipeWireNode } from "../../../native/pipewire.ts";
import type { CameraInfo } from "../../../native/types.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { joinLists } from "../../../plugin/camera/join-cameras.ts";
import { MODE, node, v4l2 } from "../../support/camera/listed-cameras.ts";
import { refusingNative } from "../../support/fakes/refusing-native.ts";

const NUMBERS = new Map([
  ["/dev/video0", 20_736],
  ["/dev/video1", 20_737],
]);
const USB = new Map([["/dev/video0", "4:1.0-5986:2113"]]);

function ids(cameras: readonly CameraInfo[], nodes: readonly PipeWireNode[]): string[] {
  const placeOf = (path: string) => ({ number: NUMBERS.get(path) ?? null, usb: USB.get(path) ?? null });
  return joinLists(cameras, nodes, placeOf).map(({ id }) => id);
}

/** A node that offers nothing that can be shown. */
function unreadable(number: number, bus: string, formats = ["BA10"]): CameraInfo {
  return { ...v4l2(number, []), bus, otherFormats: formats };
}

describe("the list of V4L2's and PipeWire's cameras", () => {
  test("has a camera that both offer once, from V4L2", () => {
    const both = [node("usb", { v4l2Path: "/dev/video0" }), node("built-in", { deviceIds: "7 20736" })];
    assert.deepEqual(ids([v4l2(0)], [...both, node("phone")]), ["usb-0", "pipewire:phone"]);
  });

  test("has a webcam once where libcamera alone names it, by its port and product", () => {
    const webcam = String.raw`\_SB_.PCI0.GP17.XHC0.RHUB.PRT4-4:1.0-5986:2113`;
    const other = String.raw`\_SB_.PCI0.GP17.XHC0.RHUB.PRT5-5:1.0-5986:2113`;
    const nodes = [node("same", { libcameraId: webcam }), node("twin", { libcameraId: other })];
    assert.deepEqual(ids([v4l2(0)], nodes), ["usb-0", "pipewire:twin"]);
  });

  test("has two webcams of one product as two, and a virtual camera beside them", () => {
    const nodes = [
      node("one", { v4l2Path: "/dev/video0", description: "Webcam" }),
      node("two", { v4l2Path: "/dev/video1", description: "Webcam" }),
      node("obs", { description: "Webcam" }),
    ];
    assert.deepEqual(ids([v4l2(0), v4l2(1)], nodes), ["usb-0", "usb-1", "pipewire:obs"]);
  });

  test("has it from PipeWire where V4L2 may not open it", () => {
    assert.deepEqual(ids([v4l2(0, []), v4l2(1, [])], [node("usb", { v4l2Path: "/dev/video0" })]), [
      "usb-1",
      "pipewire:usb",
    ]);
  });

  test("keeps the id that a camera had in PipeWire", () => {
    const placeOf = () => ({ number: null, usb: null });
    const [camera] = joinLists([v4l2(0)], [node("usb", { v4l2Path: "/dev/video0" })], placeOf);
    assert.deepEqual(camera?.otherIds, ["pipewire:usb"]);
  });

  test("leaves out screens, nodes without a name, and nodes that have not told their formats", () => {
    const others = [node("screen", { role: "Screen" }), node("", {}), node("new", { modes: [] })];
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

describe("cameras whose formats cannot be shown", () => {
  test("are listed after all others, also PipeWire's", () => {
    const coded = node("stream", { modes: [], otherFormats: ["H264"] });
    assert.deepEqual(ids([unreadable(0, "pci-5")], [coded, node("phone")]), [
      "pipewire:phone",
      "usb-0",
      "pipewire:stream",
    ]);
  });

  test("are listed once for the many nodes of a sensor, also where PipeWire has those nodes", () => {
    const nodes = [node("raw-1", { v4l2Path: "/dev/video1" })];
    assert.deepEqual(ids([unreadable(0, "pci-5"), unreadable(1, "pci-5")], nodes), ["usb-0"]);
  });

  test("are left out where libcamera serves their sensor", () => {
    const nodes = [node("front", { deviceApi: "libcamera", deviceIds: "20737" })];
    assert.deepEqual(ids([unreadable(0, "pci-5"), unreadable(1, "pci-5")], nodes), ["pipewire:front"]);
  });

  test("are left out where they are the second node of a webcam", () => {
    const webcam = { ...v4l2(0), bus: "usb-1" };
    assert.deepEqual(ids([webcam, unreadable(1, "usb-1", ["H264"])], []), ["usb-0"]);
  });

  test("are marked in the list of devices, as are those without permission, and `auto` is another one", () => {
    const present = [v4l2(2, []), unreadable(0, "pci-5"), v4l2(1)];
    const cameras = createCameras({ ...refusingNative, listCameras: () => present }, undefined, () => null);
    assert.deepEqual(
      cameras.list().map(({ id, isDefault, problem }) => [id, isDefault, problem]),
      [
        ["usb-2", false, "permission"],
        ["usb-0", false, "format"],
        ["usb-1", true, undefined],
        ["test-pattern", false, undefined],
      ],
    );
  });
});
