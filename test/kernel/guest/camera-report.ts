// Runs inside the kernel machine with the real drivers. Prints one line of JSON, which test/kernel/camera.test.ts
// checks.

import { existsSync } from "node:fs";
import { loadNative } from "../../../native/index.ts";
import { CaptureRun, holdings, openError, setControl } from "./capture-run.ts";
import { LOOPBACK_PATH, startLoopbackWriter, stopLoopbackWriter } from "./loopback-writer.ts";

const VIVID = "/dev/video0";
const CONSTRAINTS = { width: 640, height: 360, fps: 30 };

export type CameraReport = Awaited<ReturnType<typeof report>>;

async function report() {
  const listedAlone = listed();
  const formats = [];
  for (const fourcc of ["YUYV", "UYVY", "NV12", "YU12"]) formats.push(await captureAs(fourcc));
  return {
    listedAlone,
    otherNodesExist: existsSync("/dev/video1"),
    formats,
    loopback: await loopback(),
    busy: await busy(),
    faulty: await faulty(),
    refusedStart: await refusedStart(),
    notCapturing: await openError("/dev/video1", CONSTRAINTS),
    wrongFormat: await openError(VIVID, { ...CONSTRAINTS, fourcc: "MJPG" }),
    cycles: await cycles(),
    fatal: await endedBy("inject_fatal_streaming_error=1"),
    unplugged: await endedBy("disconnect=1"),
  };
}

function listed() {
  return loadNative()
    .listCameras()
    .map(({ path, id, name, modes }) => ({ path, id, name, modes: modes.length }));
}

async function captureAs(fourcc: string) {
  const run = await CaptureRun.open(VIVID, { ...CONSTRAINTS, fourcc });
  const summaries = await run.summaries(6);
  await run.capture.close();
  return { mode: run.capture.mode, summaries, counters: run.capture.counters() };
}

async function loopback() {
  const writer = await startLoopbackWriter("320x240");
  try {
    const cameras = listed();
    const run = await CaptureRun.open(LOOPBACK_PATH, CONSTRAINTS);
    const summaries = await run.summaries(6);
    await run.capture.close();
    return { cameras, mode: run.capture.mode, summaries, counters: run.capture.counters() };
  } finally {
    await stopLoopbackWriter(writer);
  }
}

async function busy() {
  const run = await CaptureRun.open(VIVID, CONSTRAINTS);
  const second = await openError(VIVID, CONSTRAINTS);
  await run.summaries(2);
  await run.capture.close();
  return second;
}

async function faulty() {
  const run = await CaptureRun.open(VIVID, CONSTRAINTS);
  await run.summaries(1);
  setControl(VIVID, "inject_v4l2_buf_flag_error=1");
  await run.summaries(4);
  await run.capture.close();
  return run.capture.counters();
}

async function refusedStart() {
  setControl(VIVID, "inject_vidioc_streamon_error=1");
  const before = holdings();
  const error = await openError(VIVID, CONSTRAINTS);
  return { error, before, after: holdings() };
}

async function cycles() {
  const before = holdings();
  let open = before;
  for (let i = 0; i < 10; i++) {
    const run = await CaptureRun.open(VIVID, CONSTRAINTS);
    await run.summaries(1);
    open = holdings();
    await run.capture.close();
  }
  return { before, open, after: holdings() };
}

/** The capture must end by itself with an error, and close() must still release everything. */
async function endedBy(control: string) {
  const before = holdings();
  const run = await CaptureRun.open(VIVID, CONSTRAINTS);
  await run.summaries(2);
  setControl(VIVID, control);
  const error = await run.failure();
  await run.capture.close();
  return { error, before, after: holdings(), counters: run.capture.counters() };
}

console.log(JSON.stringify(await report()));
