// Chooses between the machine's cameras and the test pattern. How pictures are captured is the addon's affair.

import {
  type CameraInfo,
  type Capture,
  type CaptureCallbacks,
  type CaptureConstraints,
  CaptureError,
  type Native,
} from "../../native/types.ts";
import { type Device, RpcError } from "../../rpc-schema/index.ts";
import { type Cameras, type OpenCamera, TEST_PATTERN_ID } from "./camera.ts";
import { type NodeWatch, SYSTEM_NODES, watchNodes } from "./device-nodes.ts";

const AUTO = "auto";
const TEST_PATTERN_NAME = "Test pattern";

export function createCameras(native: Native, nodes: NodeWatch = SYSTEM_NODES): Cameras {
  const list = () => devicesOf(native.listCameras());
  return {
    list,
    open: (choice, wish, callbacks) => openChoice(native, choice, wish, callbacks),
    watch: (onChange) => watchList(native, nodes, () => onChange(list())),
  };
}

/** A node may change without any camera that can be chosen having done so: a webcam's second node, a renamed link. */
function watchList(native: Native, nodes: NodeWatch, onChange: () => void): () => void {
  // A camera without modes is one that may not be opened; who may open it has changed with the modes.
  const look = () =>
    JSON.stringify(native.listCameras().map(({ id, path, modes }) => [id, path, modes.length > 0]));
  let last = look();
  return watchNodes(nodes, () => {
    const now = look();
    if (now === last) return;
    last = now;
    onChange();
  });
}

function devicesOf(cameras: readonly CameraInfo[]): Device[] {
  const devices = cameras.map((camera, index) => ({
    id: camera.id,
    name: nameAmong(cameras, camera),
    isDefault: index === 0,
  }));
  return [...devices, { id: TEST_PATTERN_ID, name: TEST_PATTERN_NAME, isDefault: false }];
}

/** Two cameras of one make are told apart by their nodes. */
function nameAmong(cameras: readonly CameraInfo[], camera: CameraInfo): string {
  const isShared = cameras.some((other) => other !== camera && other.name === camera.name);
  return isShared ? `${camera.name} (${camera.path})` : camera.name;
}

async function openChoice(
  native: Native,
  choice: string,
  wish: CaptureConstraints,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  if (choice === TEST_PATTERN_ID) return openPattern(native, wish, callbacks);
  const cameras = native.listCameras();
  if (choice === AUTO) return openFirst(native, cameras, wish, callbacks);
  const camera = rememberedAs(choice, cameras);
  if (camera === undefined) throw unknownCamera(choice, cameras);
  return openCamera(native, camera, wish, callbacks);
}

/**
 * The camera that was remembered by this id: by the very id, by another of its ids, since udev may not have named it
 * then or may have since; or at another port, where only its name is left, if no other camera has that name.
 */
function rememberedAs(choice: string, cameras: readonly CameraInfo[]): CameraInfo | undefined {
  const known =
    cameras.find(({ id }) => id === choice) ?? cameras.find(({ otherIds }) => otherIds.includes(choice));
  if (known !== undefined) return known;
  const namesakes = cameras.filter(({ name }) => choice.endsWith(` ${name}`));
  return namesakes.length === 1 ? namesakes[0] : undefined;
}

async function openPattern(
  native: Native,
  wish: CaptureConstraints,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  const capture = await native.openPattern(wish, callbacks);
  return named(capture, TEST_PATTERN_ID, TEST_PATTERN_NAME);
}

async function openCamera(
  native: Native,
  camera: CameraInfo,
  wish: CaptureConstraints,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  const capture = await native.openCamera(camera.path, wish, callbacks);
  return named(capture, camera.id, camera.name);
}

/** A pattern in place of a camera would deceive, so the first camera's error is told, or that there is none. */
async function openFirst(
  native: Native,
  cameras: readonly CameraInfo[],
  wish: CaptureConstraints,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  let firstError: CaptureError | undefined;
  for (const camera of cameras) {
    try {
      return await openCamera(native, camera, wish, callbacks);
    } catch (error) {
      if (!(error instanceof CaptureError)) throw error;
      firstError ??= error;
    }
  }
  throw firstError ?? new RpcError("deviceUnavailable", "there is no camera");
}

function named(capture: Capture, deviceId: string, deviceName: string): OpenCamera {
  return {
    deviceId,
    deviceName,
    mode: capture.mode,
    counters: () => capture.counters(),
    close: () => capture.close(),
  };
}

function unknownCamera(choice: string, cameras: readonly CameraInfo[]): RpcError {
  const known = [AUTO, TEST_PATTERN_ID, ...cameras.map(({ id }) => id)].join(", ");
  return new RpcError("unknownDevice", `There is no camera ${choice}`, {
    issues: [{ field: "camera", value: JSON.stringify(choice), expected: `one of: ${known}` }],
  });
}
