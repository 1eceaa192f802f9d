// Runs inside the kernel machine under `node --test`: the camera contract on real drivers.

import { after, before } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { cameraContract } from "../../contract/camera.contract.ts";
import { startLoopbackWriter, stopLoopbackWriter } from "./loopback-writer.ts";

const writer = startLoopbackWriter("320x240");
before(() => writer);
after(async () => stopLoopbackWriter(await writer));

for (const driver of ["vivid", "v4l2loopback"]) {
  cameraContract({
    name: driver,
    choice: driver === "vivid" ? "platform:vivid-000 vivid" : "platform:v4l2loopback-000 loopback",
    create: () => createCameras(loadNative()),
  });
}
