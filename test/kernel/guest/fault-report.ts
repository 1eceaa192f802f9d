// Runs inside the kernel machine: applies each fault to a capturing camera and opens the camera again. Prints one line of
// JSON, which test/kernel/faults.test.ts checks.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { loadNative } from "../../../native/index.ts";
import { createCameras } from "../../../plugin/camera/create-cameras.ts";
import { CaptureRun, holdings, type PlainError, plain } from "./capture-run.ts";
import {
  FAULTS,
  type Fault,
  plugVivid,
  reloadLoopback,
  stopDropping,
  unplugVivid,
  VIVID_PATH,
} from "./device-faults.ts";
import { LOOPBACK_PATH, startLoopbackWriter, stopLoopbackWriter } from "./loopback-writer.ts";

const CONSTRAINTS = { width: 320, height: 180, fps: 30 };
const LOOPBACK_CONSTRAINTS = { width: 160, height: 120, fps: 15 };
/** At 20 % loss the probability of this many frames without loss is below 1 in 10,000. */
const FRAMES_WITH_LOSS = 45;

export type FaultReport = Awaited<ReturnType<typeof report>>;

async function report() {
  // The first capture, watch and child process create some threads and descriptors that stay.
  await opened(VIVID_PATH, CONSTRAINTS);
  watchedLists().stop();
  await once(spawn("true"), "close");
  const during: Record<string, Awaited<ReturnType<typeof withFault>>> = {};
  for (const fault of ["bufferError", "streamon", "reqbufs", "qbuf", "fatal"] as const) {
    step(fault);
    during[fault] = await withFault(fault);
  }
  step("dropped buffers");
  const dropped = await withDroppedBuffers();
  step("unplug");
  const unplugged = await unpluggedWhileCapturing();
  step("loopback");
  return { during, dropped, unplugged, loopback: await loopbackReplugged() };
}

/** Prints the progress, for a run that exceeds the machine's time limit. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

/** Applies a fault to a capture, which continues or ends. Then opens the camera until that works. */
async function withFault(fault: Fault) {
  const before = holdings();
  const run = await CaptureRun.open(VIVID_PATH, CONSTRAINTS);
  await run.summaries(2);
  FAULTS[fault]();
  const outcome = await Promise.race([
    run.failure(),
    run.summaries(6).then((summaries) => ({ frames: summaries.length })),
  ]).catch(String);
  await run.capture.close();
  const counters = run.capture.counters();
  const reopenings: (PlainError | "opened")[] = [];
  while (reopenings.at(-1) !== "opened" && reopenings.length < 3) {
    reopenings.push(await opened(VIVID_PATH, CONSTRAINTS));
  }
  return { outcome, counters, reopenings, before, after: holdings() };
}

/** Opens the camera, takes a frame, and closes it. */
async function opened(path: string, constraints: typeof CONSTRAINTS): Promise<PlainError | "opened"> {
  let run: CaptureRun;
  try {
    run = await CaptureRun.open(path, constraints);
  } catch (error) {
    return plain(error);
  }
  await run.summaries(1).finally(() => run.capture.close());
  return "opened";
}

async function withDroppedBuffers() {
  const before = holdings();
  const run = await CaptureRun.open(VIVID_PATH, CONSTRAINTS);
  FAULTS.droppedBuffers();
  const summaries = await run.summaries(FRAMES_WITH_LOSS);
  await run.capture.close();
  stopDropping();
  const gaps = summaries
    .slice(1)
    .map(({ capturedAtUs }, index) => capturedAtUs - (summaries[index]?.capturedAtUs ?? 0));
  return {
    frames: summaries.length,
    longestGapMs: Math.max(...gaps) / 1000,
    shortestGapMs: Math.min(...gaps) / 1000,
    counters: run.capture.counters(),
    before,
    after: holdings(),
  };
}

/** The ids that `watch` reports, without the test pattern. */
function watchedLists() {
  const lists: string[][] = [];
  let changed = Promise.withResolvers<void>();
  const stop = createCameras(loadNative()).watch((devices) => {
    lists.push(devices.slice(0, -1).map(({ id }) => id));
    changed.resolve();
    changed = Promise.withResolvers();
  });
  return { lists, next: () => changed.promise, stop };
}

async function unpluggedWhileCapturing() {
  const before = holdings();
  const watched = watchedLists();
  const run = await CaptureRun.open(VIVID_PATH, CONSTRAINTS);
  await run.summaries(2);
  const gone = watched.next();
  unplugVivid();
  const error = await run.failure();
  await run.capture.close();
  await gone;
  const back = watched.next();
  plugVivid();
  await back;
  watched.stop();
  return {
    error,
    lists: watched.lists,
    reopened: await opened(VIVID_PATH, CONSTRAINTS),
    before,
    after: holdings(),
  };
}

/** Ends the writer during the capture, then unplugs the camera and plugs it in again. */
async function loopbackReplugged() {
  const before = holdings();
  const first = await startLoopbackWriter("160x120");
  const opening = await opened(LOOPBACK_PATH, LOOPBACK_CONSTRAINTS);
  const run = await CaptureRun.open(LOOPBACK_PATH, LOOPBACK_CONSTRAINTS);
  await run.summaries(2);
  await stopLoopbackWriter(first);
  const error = await run.failure();
  await run.capture.close();
  const after = holdings();
  reloadLoopback();
  const second = await startLoopbackWriter("160x120");
  const reopened = await opened(LOOPBACK_PATH, LOOPBACK_CONSTRAINTS);
  await stopLoopbackWriter(second);
  return { opening, error, reopened, before, after };
}

console.log(JSON.stringify(await report()));
process.exit(0);
