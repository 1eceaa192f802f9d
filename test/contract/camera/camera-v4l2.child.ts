// Runs over the scripted driver, under `node --test`: the camera contract on cameras that no driver of the kernel machine is.

import { loadNative } from "../../../native/index.ts";
import type { CameraInfo } from "../../../native/types.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { FIELDS, pathOf, type ScriptedDevice } from "../../support/camera/scripted-driver.ts";
import { cameraContract } from "../camera.contract.ts";

const DEVICES: readonly (ScriptedDevice & { readonly width: number; readonly height: number })[] = [
  { fourcc: "NM12", mplane: 1, width: 160, height: 120 },
  { fourcc: "YUYV", field: FIELDS.alternate, width: 160, height: 60 },
  { fourcc: "NV21", line: 240, width: 160, height: 120 },
];

for (const device of DEVICES) {
  const name = Object.values(device).join(" ");
  const camera: CameraInfo = {
    path: pathOf(device),
    id: name,
    otherIds: [],
    name,
    modes: [{ width: device.width, height: device.height, fps: 30, fourcc: device.fourcc }],
  };
  cameraContract({
    name,
    choice: name,
    create: () => createCameras({ ...loadNative(), listCameras: () => [camera] }),
  });
}
