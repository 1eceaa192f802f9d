// Runs inside the kernel machine: a real PipeWire daemon over real V4L2 drivers, whose source hands out DMA buffers. Prints one line
// of JSON, which test/kernel/pipewire.test.ts checks.

import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { loadNative } from "../../../../native/index.ts";
import { type Capture, CaptureError, type VideoFrame } from "../../../../native/types.ts";
import type { Cameras } from "../../../../plugin/camera/camera.ts";
import { createCameras } from "../../../../plugin/camera/create-cameras.ts";
import { createPipeWireCameras } from "../../../../plugin/camera/pipewire-cameras.ts";
import { TakenFrames, valuesAt, within } from "../../../support/camera/taken-frames.ts";
import { startVideoDaemon } from "../../../support/camera/video-daemon.ts";
import { heldResources, releasedResources } from "../../../support/process/held-resources.ts";
import { H264, startLoopbackWriter, stopLoopbackWriter } from "../loopback-writer.ts";
import { SyncCalls } from "./sync-calls.ts";

const VIVID = "/dev/video0";
const SIZE = { width: 320, height: 180, fps: 10 };
const OPENS = 4;
const BARS = [0, 1, 2, 3, 4, 5, 6, 7];

export type PipeWireKernelReport = Awaited<ReturnType<typeof report>>;

/** The guest has no udev. Its library passes over devices without this file. */
function announce(path: string): void {
  const { rdev } = statSync(path);
  mkdirSync("/run/udev/data", { recursive: true });
  const name = `/run/udev/data/c${rdev >> 8}:${rdev & 0xff}`;
  writeFileSync(name, "I:1000000\nE:ID_V4L_VERSION=2\nE:ID_V4L_CAPABILITIES=:capture:\nG:seat\n");
}

/** The guest has no logind. Without its folders WirePlumber ends. sd_login_monitor_new(3). */
function makeLoginFolders(): void {
  for (const kind of ["seats", "sessions", "users", "machines"]) {
    mkdirSync(`/run/systemd/${kind}`, { recursive: true });
  }
}

/** Of DMA buffers in this process, as the kernel names them. */
function dmaMappings(): number {
  return readFileSync("/proc/self/maps", "utf8").match(/dmabuf/g)?.length ?? 0;
}

async function listed(cameras: Cameras, isThere: (id: string) => boolean): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const look = () => {
    const found = cameras.list().find(({ id }) => isThere(id));
    if (found !== undefined) resolve(found.id);
  };
  const stop = cameras.watch(look);
  look();
  return within("a camera of PipeWire", promise).finally(stop);
}

async function whileOpen<Result>(
  cameras: Cameras,
  id: string,
  work: (frames: TakenFrames) => Promise<Result>,
) {
  const frames = new TakenFrames();
  const camera = await cameras.open(id, SIZE, frames);
  try {
    return { mode: camera.mode, ...(await work(frames)) };
  } finally {
    await camera.close();
  }
}

/** Below the driver's text. */
function barsOf(frame: VideoFrame): number[][] {
  const y = Math.floor(frame.height * 0.9);
  return BARS.map((bar) => valuesAt(frame, Math.floor(((bar + 0.5) * frame.width) / BARS.length), y));
}

/** Two frames differ in the driver's text, which has the time. */
async function look(frames: TakenFrames) {
  const first = await frames.next();
  const second = await frames.next();
  const differs = first.data.some((value, at) => value !== second.data[at]);
  return { bars: barsOf(second), differs, dma: dmaMappings(), frames: frames.count };
}

async function close(capture: Capture): Promise<string> {
  await capture.close();
  return "it opened";
}

const errnoOf = (error: unknown): string => (error instanceof CaptureError ? error.errno : String(error));

async function report() {
  announce(VIVID);
  makeLoginFolders();
  const native = loadNative();
  const daemon = await startVideoDaemon();
  const pipewire = createPipeWireCameras({ env: daemon.env, log: () => undefined });
  const alone = createCameras({ ...native, listCameras: () => [] }, undefined, undefined, { pipewire });
  const both = createCameras(native, undefined, undefined, { pipewire });
  const writer = startLoopbackWriter("64x48", H264);
  try {
    const id = await listed(alone, (one) => one.startsWith("pipewire:"));
    const holder = await native.openCamera(VIVID, SIZE, new TakenFrames());
    const held = await both.open("auto", SIZE, new TakenFrames()).then(close, errnoOf);
    await holder.close();
    const calls = new SyncCalls();
    const seen = await whileOpen(alone, id, look);
    const syncs = calls.end();
    const shared = await whileOpen(alone, id, async () => ({
      direct: await native.openCamera(VIVID, SIZE, new TakenFrames()).then(close, errnoOf),
      byV4l2: await whileOpen(both, "auto", async (frames) => ({
        pixels: (await frames.next()).data.length,
      })),
    }));
    const before = heldResources();
    for (let round = 0; round < OPENS; round++) {
      await whileOpen(alone, id, async (frames) => ({ size: (await frames.next()).data.length }));
    }
    const after = await releasedResources(before);
    await writer;
    const devices = both.list().map(({ name, problem }) => ({ name, problem: problem ?? null }));
    const formats = native.listCameras().flatMap(({ otherFormats = [] }) => otherFormats);
    return { id, ...seen, shared, held, syncs, before, after, afterwards: dmaMappings(), devices, formats };
  } finally {
    await stopLoopbackWriter(await writer);
    await pipewire.close();
    await daemon.stop();
  }
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
