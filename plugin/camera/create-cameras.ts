// Chooses between the machine's cameras and the test pattern. How pictures are captured is the addon's affair.

import {
  type CameraInfo,
  type Capture,
  type CaptureCallbacks,
  CaptureError,
  type CaptureWish,
  type Native,
} from "../../native/types.ts";
import { type Device, RpcError } from "../../rpc-schema/index.ts";
import { type Cameras, type OpenCamera, TEST_PATTERN_ID } from "./camera.ts";

const AUTO = "auto";
const TEST_PATTERN_NAME = "Test pattern";

export function createCameras(native: Native): Cameras {
  return {
    list: () => devicesOf(native.listCameras()),
    open: (choice, wish, callbacks) => openChoice(native, choice, wish, callbacks),
  };
}

function devicesOf(cameras: readonly CameraInfo[]): Device[] {
  const devices = cameras.map((camera, index) => ({
    id: camera.id,
    name: nameAmong(cameras, camera),
    isDefault: index === 0,
  }));
  return [...devices, { id: TEST_PATTERN_ID, name: TEST_PATTERN_NAME, isDefault: cameras.length === 0 }];
}

/** Two cameras of one make are told apart by their nodes. */
function nameAmong(cameras: readonly CameraInfo[], camera: CameraInfo): string {
  const isShared = cameras.some((other) => other !== camera && other.name === camera.name);
  return isShared ? `${camera.name} (${camera.path})` : camera.name;
}

async function openChoice(
  native: Native,
  choice: string,
  wish: CaptureWish,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  if (choice === TEST_PATTERN_ID) return openPattern(native, wish, callbacks);
  const cameras = native.listCameras();
  if (choice === AUTO) {
    return cameras.length === 0
      ? openPattern(native, wish, callbacks)
      : openFirst(native, cameras, wish, callbacks);
  }
  const camera = cameras.find(({ id }) => id === choice);
  if (camera === undefined) throw unknownCamera(choice, cameras);
  return openCamera(native, camera, wish, callbacks);
}

async function openPattern(
  native: Native,
  wish: CaptureWish,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  const capture = await native.openPattern(wish, callbacks);
  return named(capture, TEST_PATTERN_ID, TEST_PATTERN_NAME);
}

async function openCamera(
  native: Native,
  camera: CameraInfo,
  wish: CaptureWish,
  callbacks: CaptureCallbacks,
): Promise<OpenCamera> {
  const capture = await native.openCamera(camera.path, wish, callbacks);
  return named(capture, camera.id, camera.name);
}

/** A pattern in place of a camera that is there but busy would deceive, so the first camera's error is told instead. */
async function openFirst(
  native: Native,
  cameras: readonly CameraInfo[],
  wish: CaptureWish,
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
  throw firstError ?? new RpcError("deviceUnavailable", "No camera opens");
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
