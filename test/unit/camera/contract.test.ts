// The camera contract without devices: the addon's test pattern and the fake.

import { loadNative } from "../../../native/index.ts";
import { TEST_PATTERN_ID } from "../../../plugin/camera/camera.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { cameraContract } from "../../contract/camera.contract.ts";
import { FAKE_CAMERA_ID, FakeCameras } from "../../support/fakes/fake-cameras.ts";

cameraContract({
  name: "the test pattern",
  choice: TEST_PATTERN_ID,
  create: () => createCameras(loadNative()),
});

let fake = new FakeCameras();
cameraContract({
  name: "the fake",
  choice: FAKE_CAMERA_ID,
  create: () => {
    fake = new FakeCameras();
    return fake;
  },
  stimulate: () => fake.emitFrame(),
  exchange: {
    away: () => fake.change(fake.devices.slice(1)),
    back: () => fake.change(new FakeCameras().devices),
  },
});
