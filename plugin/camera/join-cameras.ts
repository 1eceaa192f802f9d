// One list of V4L2's and PipeWire's cameras: each camera once, the most useful first.

import type { PipeWireNode } from "../../native/pipewire.ts";
import type { CameraInfo } from "../../native/types.ts";
import { problemOf } from "./camera-problems.ts";
import type { DevicePlace } from "./device-place.ts";

/** Ids and paths of PipeWire's cameras begin so. */
export const PIPEWIRE_PREFIX = "pipewire:";
const CAMERA_ROLE = "Camera";
const GREY = "GREY";
const LIBCAMERA = "libcamera";

interface IdentifiedNode {
  readonly id: string;
  readonly node: PipeWireNode;
}

/**
 * Cameras only: a screen that another program shares is a source too. Nodes without any format are not complete yet. Of two nodes
 * with one name the later gets a number.
 */
export function identify(nodes: readonly PipeWireNode[]): IdentifiedNode[] {
  const counts = new Map<string, number>();
  return nodes
    .filter(({ role, modes, otherFormats, name }) => {
      const hasFormats = modes.length > 0 || otherFormats.length > 0;
      return role === CAMERA_ROLE && hasFormats && name !== "";
    })
    .map((node) => {
      const count = (counts.get(node.name) ?? 0) + 1;
      counts.set(node.name, count);
      return { id: `${PIPEWIRE_PREFIX}${node.name}${count > 1 ? `#${count}` : ""}`, node };
    });
}

/** @returns V4L2's cameras before PipeWire's, then those without colours, and those that offer nothing that can be shown last */
export function joinLists(
  v4l2: readonly CameraInfo[],
  nodes: readonly PipeWireNode[],
  placeOf: (path: string) => DevicePlace,
): CameraInfo[] {
  const offers = v4l2.map((camera) => offerOf(camera, identify(nodes), placeOf(camera.path)));
  const ofV4l2 = offers.filter(({ isServed }) => !isServed);
  const doubled = new Set(offers.flatMap(({ taken }) => taken.map(({ id }) => id)));
  const others = identify(nodes)
    .filter(({ id }) => !doubled.has(id))
    .map(infoOf);
  // Its id of PipeWire may be remembered from a time when V4L2 could not open it.
  const own = ofV4l2.map(({ camera, taken }) => ({
    ...camera,
    otherIds: [...camera.otherIds, ...taken.map(({ id }) => id)],
  }));
  const served = offers.filter(({ isServed }) => isServed).map(({ camera }) => camera);
  return inOrder([...onceEachDevice(own, served), ...others]);
}

interface Offer {
  readonly camera: CameraInfo;
  /** A node of PipeWire takes its place. */
  readonly isServed: boolean;
  /** Nodes that are this camera again. */
  readonly taken: readonly IdentifiedNode[];
}

function offerOf(camera: CameraInfo, nodes: readonly IdentifiedNode[], place: DevicePlace): Offer {
  const same = nodes.filter(({ node }) => isSame(node, camera, place));
  const problem = problemOf(camera);
  // What V4L2 cannot read, PipeWire's V4L2 cannot either. libcamera makes pictures of a sensor's raw data.
  const usable = same.filter(
    ({ node }) => node.modes.length > 0 && (problem === "permission" || node.deviceApi === LIBCAMERA),
  );
  if (problem === null || usable.length === 0) return { camera, isServed: false, taken: same };
  return { camera, isServed: true, taken: same.filter((node) => !usable.includes(node)) };
}

function isSame(node: PipeWireNode, { path }: CameraInfo, { number, usb }: DevicePlace): boolean {
  if (node.v4l2Path === path) return true;
  if (number !== null && node.deviceIds.split(" ").includes(String(number))) return true;
  return usb !== null && node.libcameraId.endsWith(`-${usb}`);
}

/**
 * A sensor has dozens of nodes with raw data, and some webcams have a second node with H264 alone. Such a node is left out beside a
 * usable one of its device, or one that libcamera serves. Of several such nodes of a device the first stands for all.
 */
function onceEachDevice(cameras: readonly CameraInfo[], served: readonly CameraInfo[]): CameraInfo[] {
  const known = new Set(
    [...served, ...cameras.filter((camera) => problemOf(camera) === null)].map(({ bus }) => bus),
  );
  return cameras.filter((camera) => {
    const { bus } = camera;
    if (problemOf(camera) !== "format" || !bus) return true;
    const isFirst = !known.has(bus);
    known.add(bus);
    return isFirst;
  });
}

function infoOf({ id, node }: IdentifiedNode): CameraInfo {
  const { modes, otherFormats } = node;
  return { path: id, id, otherIds: [], name: node.description || node.name, modes, otherFormats };
}

function inOrder(cameras: readonly CameraInfo[]): CameraInfo[] {
  return [0, 1, 2].flatMap((place) => cameras.filter((camera) => lateness(camera) === place));
}

function lateness(camera: CameraInfo): number {
  if (problemOf(camera) === "format") return 2;
  return camera.modes.length > 0 && camera.modes.every(({ fourcc }) => fourcc === GREY) ? 1 : 0;
}
