// Cameras through the real xdg-desktop-portal and PipeWire, for a program that reaches neither /dev nor PipeWire's socket.

import assert from "node:assert/strict";
import { after, beforeEach, describe, test } from "node:test";
import { loadNative } from "../../../native/index.ts";
import { loadPipeWire } from "../../../native/pipewire.ts";
import type { VideoFrame } from "../../../native/types.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { createPipeWireCameras } from "../../../plugin/camera/pipewire-cameras.ts";
import { createCameraPortal } from "../../../plugin/camera/portal/camera-portal.ts";
import { openDescriptorBus } from "../../../plugin/dbus/bus.ts";
import { within } from "../../support/camera/taken-frames.ts";
import { startPortalDesktop } from "../../support/screen/portal-desktop.ts";
import { cameraPortalContract } from "./camera-portal.contract.ts";

const MODE = { width: 640, height: 480, fps: 30 };
const native = loadNative();
const { openDescriptorSocket } = loadPipeWire();

const desktop = await startPortalDesktop({ hasCameras: true });
const { backend } = desktop;
const node = await desktop.daemon.addNode({
  name: "front",
  description: "Front camera",
  modes: ["YUY2:640x480@30"],
});
// This version of the portal looks for cameras when it starts.
await restartPortal();
after(() => desktop.stop());
beforeEach(() => desktop.forgetPermissions());

async function restartPortal(): Promise<void> {
  await desktop.crashPortal();
  await desktop.startPortal();
}

const openPortal = (onChange: () => void) =>
  createCameraPortal({
    connect: (onClosed) => openDescriptorBus(desktop.busAddress, openDescriptorSocket, onClosed),
    ...{ onChange, log: () => undefined, reconnectMs: [] },
  });

cameraPortalContract("xdg-desktop-portal", {
  open: openPortal,
  question: () => backend.question(),
  questions: () => backend.questions,
  crash: () => desktop.crashPortal(),
  restart: () => desktop.startPortal(),
});

/** The plugin's cameras, in a process without devices. */
function sandboxed() {
  const pipewire = createPipeWireCameras({
    ...{ env: {}, log: () => undefined, openPortal, mostWaitMs: 30_000 },
  });
  const cameras = createCameras({ ...native, listCameras: () => [] }, undefined, undefined, { pipewire });
  return { pipewire, cameras, ids: () => cameras.list().map(({ id }) => id) };
}

function frames() {
  const first = Promise.withResolvers<boolean>();
  const failed = Promise.withResolvers<string>();
  const onFrame = (frame: VideoFrame) => first.resolve(native.readStamp(frame) !== null);
  return {
    callbacks: { onFrame, onError: ({ errno }: { errno: string }) => failed.resolve(errno) },
    first,
    failed,
  };
}

describe("a program that only the desktop's portal lets to cameras", { timeout: 300_000 }, () => {
  test("asks when it opens `auto`, and then lists, opens and opens again the cameras themselves", async () => {
    const { pipewire, cameras, ids } = sandboxed();
    await cameras.ready();
    const asked = backend.questions;
    assert.deepEqual(ids(), ["portal:camera", "test-pattern"]);
    assert.deepEqual(cameras.list()[0]?.problem, undefined);
    const { callbacks, first } = frames();
    const opening = cameras.open("auto", MODE, callbacks);
    (await backend.question()).allow();
    const camera = await opening;
    assert.deepEqual([camera.deviceId, camera.deviceName], ["pipewire:front", "Front camera"]);
    assert.equal(await within("a frame", first.promise), true);
    assert.deepEqual(ids(), ["pipewire:front", "test-pattern"]);
    const second = await cameras.open("portal:camera", MODE, frames().callbacks);
    assert.deepEqual([second.deviceId, backend.questions], ["pipewire:front", asked + 1]);
    await Promise.all([camera.close(), second.close()]);
    await pipewire.close();
  });

  test("asks first for a camera that it remembers from another time", async () => {
    const { pipewire, cameras } = sandboxed();
    const { callbacks, first } = frames();
    const opening = cameras.open("pipewire:front", MODE, callbacks);
    (await backend.question()).allow();
    const camera = await opening;
    await within("a frame", first.promise);
    await camera.close();
    await pipewire.close();
  });

  test("sees a camera that comes or goes after the user allowed them, and opens it without a question", async () => {
    const { pipewire, cameras, ids } = sandboxed();
    const allowed = pipewire.ready().then(() => pipewire.allow());
    (await backend.question()).allow();
    await allowed;
    const asked = backend.questions;
    const until = async (isListed: boolean) => {
      const changed = Promise.withResolvers<void>();
      const check = () => ids().includes("pipewire:back") === isListed && changed.resolve();
      const stop = cameras.watch(check);
      check();
      await within("the changed list", changed.promise);
      stop();
    };
    const back = await desktop.daemon.addNode({ name: "back", modes: ["YUY2:640x480@30"] });
    await until(true);
    const { callbacks, first, failed } = frames();
    const camera = await cameras.open("pipewire:back", MODE, callbacks);
    await within("a frame", first.promise);
    await back.remove();
    assert.equal(await within("the end", failed.promise), "ENODEV");
    await camera.close();
    await until(false);
    assert.equal(backend.questions, asked);
    await pipewire.close();
  });

  test("has a device without permission after a refusal, and a call's next attempts do not ask the user again", async () => {
    const { pipewire, cameras } = sandboxed();
    const opening = cameras.open("auto", MODE, frames().callbacks);
    const refused = assert.rejects(opening, { name: "CaptureError", errno: "EACCES" });
    (await backend.question()).refuse();
    await refused;
    await desktop.forgetPermissions();
    const asked = backend.questions;
    await assert.rejects(cameras.open("portal:camera", MODE, frames().callbacks), { errno: "EACCES" });
    const [device] = cameras.list();
    assert.deepEqual(
      [device?.id, device?.problem, backend.questions],
      ["portal:camera", "permission", asked],
    );
    await pipewire.close();
  });

  test("loses its camera with PipeWire, and lists none", async () => {
    const { pipewire, cameras, ids } = sandboxed();
    const { callbacks, first, failed } = frames();
    const opening = cameras.open("auto", MODE, callbacks);
    (await backend.question()).allow();
    const camera = await opening;
    await within("a frame", first.promise);
    const gone = Promise.withResolvers<void>();
    const stop = cameras.watch(() => !ids().includes("pipewire:front") && gone.resolve());
    await desktop.daemon.crash();
    assert.equal(await within("the end", failed.promise), "ECONNRESET");
    await camera.close();
    await within("the list without the camera", gone.promise);
    stop();
    await node.remove();
    await pipewire.close();
  });
});
