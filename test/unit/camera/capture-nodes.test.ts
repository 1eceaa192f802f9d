// Which video nodes count as cameras when this user may open none of them, on simulated trees of sysfs and udev.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { CameraInfo } from "../../../native/types.ts";
import { mayCapture } from "../../../plugin/camera/capture-nodes.ts";
import { listCameras } from "../../../plugin/camera/create-cameras.ts";
import { checkCameras } from "../../../plugin/tools/camera-checks.ts";
import { healthyMachine, viewOf } from "../../support/fakes/fake-system.ts";

interface Node {
  readonly name: string;
  /** Among the nodes of its device. */
  readonly index: number;
  /** As udev's v4l_id writes it; undefined without udev. */
  readonly capabilities?: string;
}

/** A file tree with these nodes, numbered from 0. */
function treeOf(nodes: readonly Node[]): Map<string, string> {
  const files = new Map<string, string>();
  for (const [number, { name, index, capabilities }] of nodes.entries()) {
    const folder = `/sys/class/video4linux/video${number}`;
    files.set(`${folder}/name`, `${name}\n`);
    files.set(`${folder}/index`, `${index}\n`);
    files.set(`${folder}/dev`, `81:${number}\n`);
    if (capabilities === undefined) continue;
    const lines = [
      "I:4711",
      "E:ID_V4L_VERSION=2",
      `E:ID_V4L_PRODUCT=${name}`,
      `E:ID_V4L_CAPABILITIES=${capabilities}`,
    ];
    files.set(`/run/udev/data/c81:${number}`, `${lines.join("\n")}\nG:seat\n`);
  }
  return files;
}

function camerasIn(nodes: readonly Node[]): number[] {
  const files = treeOf(nodes);
  const numbers = [...nodes.keys()];
  return numbers.filter((number) => mayCapture(`/dev/video${number}`, (path) => files.get(path) ?? null));
}

const WEBCAM = "HD Webcam: HD Webcam";

describe("of closed nodes", () => {
  test("a webcam's node for metadata is no camera", () => {
    assert.deepEqual(
      camerasIn([
        { name: WEBCAM, index: 0, capabilities: ":capture:" },
        { name: WEBCAM, index: 1, capabilities: ":" },
      ]),
      [0],
    );
  });

  test("both lenses of one device are cameras where udev says so", () => {
    assert.deepEqual(
      camerasIn([
        { name: WEBCAM, index: 0, capabilities: ":capture:" },
        { name: WEBCAM, index: 1, capabilities: ":" },
        { name: WEBCAM, index: 2, capabilities: ":capture:" },
        { name: WEBCAM, index: 3, capabilities: ":" },
      ]),
      [0, 2],
    );
  });

  test("nodes that output or only scale are no cameras, whatever their index", () => {
    assert.deepEqual(
      camerasIn([
        { name: "out", index: 0, capabilities: ":video_output:" },
        { name: "overlay", index: 0, capabilities: ":video_output:video_overlay:" },
        { name: "loopback", index: 0, capabilities: ":capture:video_output:" },
      ]),
      [2],
    );
  });

  test("the first node of each device is a camera without udev", () => {
    assert.deepEqual(
      camerasIn([
        { name: "vivid-000-vid-cap", index: 0 },
        { name: "vivid-000-vid-out", index: 1 },
        { name: WEBCAM, index: 0 },
        { name: WEBCAM, index: 1 },
      ]),
      [0, 2],
    );
  });

  test("one of which nothing is known is a camera", () => {
    assert.equal(
      mayCapture("/dev/video9", () => null),
      true,
    );
  });
});

test("a node that can be opened is a camera whatever sysfs says of it", () => {
  const camera = (number: number, modes: CameraInfo["modes"]): CameraInfo => {
    const path = `/dev/video${number}`;
    return { path, id: path, otherIds: [], name: WEBCAM, modes };
  };
  const mode = { fourcc: "MJPG", width: 640, height: 480, fps: 30 };
  const files = treeOf([
    { name: WEBCAM, index: 0 },
    { name: WEBCAM, index: 1 },
    { name: WEBCAM, index: 2 },
  ]);
  const native = { listCameras: () => [camera(0, []), camera(1, []), camera(2, [mode])] };
  assert.deepEqual(
    listCameras(native, (path) => files.get(path) ?? null).map(({ path }) => path),
    ["/dev/video0", "/dev/video2"],
  );
});

test("the doctor asks for permission of cameras only", () => {
  const machine = healthyMachine();
  const view = viewOf(machine);
  const files = treeOf([
    { name: WEBCAM, index: 0, capabilities: ":capture:" },
    { name: WEBCAM, index: 1, capabilities: ":" },
  ]);
  const seen = {
    ...view,
    list: (path: string) => (path === "/dev" ? ["video0", "video1"] : []),
    readText: (path: string) => files.get(path) ?? null,
    canOpen: () => false,
  };
  const [finding] = checkCameras(seen, machine.pipeWire);
  assert.match(finding?.says ?? "", /no permission to open \/dev\/video0\.$/);
});
