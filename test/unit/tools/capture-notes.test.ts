// What `capture-test` prints of a camera besides its figures.

import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Cameras } from "../../../plugin/camera/camera.ts";
import { captureTest } from "../../../plugin/tools/capture-test.ts";
import { FAKE_CAMERA_ID, FakeCameras } from "../../support/fakes/fake-cameras.ts";
import { FakeSound } from "../../support/fakes/fake-sound.ts";

const NOTE = "it sends fields one by one, which are joined to frames";

test("capture-test prints what is done to the frames of a camera, and which figures of its driver are not used", async () => {
  const fake = new FakeCameras();
  fake.notes = [NOTE];
  const cameras: Cameras = {
    ready: () => fake.ready(),
    list: () => fake.list(),
    modesOf: () => fake.modesOf(),
    watch: (onChange) => fake.watch(onChange),
    open: async (...choice) => {
      const camera = await fake.open(...choice);
      setImmediate(() => fake.emitFrame());
      return camera;
    },
  };
  const png = {
    encode: async () => ({ base64: new Uint8Array(), width: 1, height: 1 }),
    close: () => Promise.resolve(),
  };
  const folder = await mkdtemp(join(tmpdir(), "capture-notes-"));
  try {
    const { lines, hasCaptured } = await captureTest(
      { cameras, sound: new FakeSound([], []), png },
      {
        camera: FAKE_CAMERA_ID,
        microphone: "none",
        seconds: 0,
        folder,
        picture: { width: 64, height: 48, fps: 30 },
        signal: new AbortController().signal,
      },
    );
    assert.ok(hasCaptured, lines.join("\n"));
    assert.deepEqual(
      lines.filter((line) => line.startsWith("  note ")),
      [`  note     ${NOTE}`],
    );
  } finally {
    await rm(folder, { recursive: true });
  }
});
