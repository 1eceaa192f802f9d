// Runs inside the kernel machine under `node --test`: the camera contract on real drivers.

import { after, before } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { cameraContract } from "../../contract/camera.contract.ts";
import { startLoopbackWriter, stopLoopbackWriter } from "./loopback-writer.ts";

const writer = startLoopbackWriter("320x240");
before(() => writer);
after(async () => stopLoopbackWriter(await writer));

const CHOICES = {
  vivid: "platform:vivid-000 vivid",
  "vivid, multi-planar": "platform:vivid-001 vivid",
  v4l2loopback: "platform:v4l2loopback-000 loopback",
};

for (const [name, choice] of Object.entries(CHOICES)) {
  cameraContract({
    name,
    choice,
    create: () => createCameras(loadNative()),
  });
}
