// The faults that a kernel camera of the machine can have, each as one call, and their repair.

import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, utimesSync, writeFileSync } from "node:fs";
import { setControl } from "./capture-run.ts";
import { LOOPBACK_PATH } from "./loopback-writer.ts";

export const VIVID_PATH = "/dev/video0";
const VIVID_DRIVER = "/sys/bus/platform/drivers/vivid";
const VIVID_DEVICE = "vivid.0";
const TOOL_LIMIT_MS = 60_000;
const DROPPED_PERCENT = 20;
const REMOVALS = 100;

const control = (name: string) => () => setControl(VIVID_PATH, `${name}=1`);

/** Named like the driver's controls, where it has one. */
export const FAULTS = {
  bufferError: control("inject_v4l2_buf_flag_error"),
  droppedBuffers: () => setControl(VIVID_PATH, `percentage_of_dropped_buffers=${DROPPED_PERCENT}`),
  streamon: control("inject_vidioc_streamon_error"),
  qbuf: control("inject_vidioc_qbuf_error"),
  reqbufs: control("inject_vidioc_reqbufs_error"),
  fatal: control("inject_fatal_streaming_error"),
  disconnect: control("disconnect"),
} as const;

export type Fault = keyof typeof FAULTS;

/** Stops dropping buffers. */
export function stopDropping(): void {
  setControl(VIVID_PATH, "percentage_of_dropped_buffers=0");
}

/** Removes the camera's nodes, like unplugging. A process with an open node gets ENODEV. */
export function unplugVivid(): void {
  writeFileSync(`${VIVID_DRIVER}/unbind`, VIVID_DEVICE);
}

/** Restores the camera's nodes, without any former fault. */
export function plugVivid(): void {
  writeFileSync(`${VIVID_DRIVER}/bind`, VIVID_DEVICE);
}

/** Removes and restores the loopback camera's node, ready for a writer. No process may have it open. */
export function reloadLoopback(): void {
  run("rmmod", "v4l2loopback");
  plugLoopback();
}

/** Removes the node once no process has it open: a program that lists cameras opens each for a moment. */
export async function unplugLoopback(): Promise<void> {
  const isLoaded = () => existsSync("/sys/module/v4l2loopback");
  for (let attempt = 0; isLoaded(); attempt++) {
    const removal = spawnSync("/sbin/rmmod", ["v4l2loopback"], { stdio: "ignore", timeout: TOOL_LIMIT_MS });
    if (removal.status === 0) return;
    if (attempt === REMOVALS) throw new Error(`v4l2loopback is still in use after ${REMOVALS} attempts`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Restores the node, ready for a writer. */
export function plugLoopback(): void {
  const driver = process.env.LOOPBACK_DRIVER ?? "";
  run("insmod", driver, "video_nr=60", "exclusive_caps=1", "card_label=loopback");
}

/** Does udev's work, which the machine lacks, after a writer has made the node a camera, so that programs notice it. */
export function touchLoopback(): void {
  const now = new Date();
  utimesSync(LOOPBACK_PATH, now, now);
}

function run(tool: string, ...args: string[]): void {
  execFileSync(`/sbin/${tool}`, args, { stdio: ["ignore", "inherit", "inherit"], timeout: TOOL_LIMIT_MS });
}
