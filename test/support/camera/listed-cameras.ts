// Cameras as V4L2 and PipeWire list them, for tests of the list.

import type { PipeWireNode } from "../../../native/pipewire.ts";
import type { CameraInfo, CameraMode } from "../../../native/types.ts";

export const MODE: CameraMode = { width: 640, height: 480, fps: 30, fourcc: "YUYV" };

export function node(name: string, more: Partial<PipeWireNode> = {}): PipeWireNode {
  const texts = {
    serial: "",
    description: "",
    deviceApi: "",
    v4l2Path: "",
    deviceIds: "",
    libcameraId: "",
  };
  return { nodeId: 1, name, role: "Camera", modes: [MODE], otherFormats: [], ...texts, ...more };
}

/** The camera /dev/video<number>. */
export function v4l2(number: number, modes: CameraInfo["modes"] = [MODE]): CameraInfo {
  return { path: `/dev/video${number}`, id: `usb-${number}`, otherIds: [], name: `Webcam ${number}`, modes };
}
