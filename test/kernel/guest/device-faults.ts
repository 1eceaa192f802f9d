// The faults that a kernel camera of the machine can be given, each as one call, and how the camera is made whole
// again. What a fault should lead to is not known here.

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

/** Named as the driver's controls are, where it has one. */
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

/** No buffer is dropped any more. */
export function stopDropping(): void {
  setControl(VIVID_PATH, "percentage_of_dropped_buffers=0");
}

/** Its nodes go: the camera has been pulled out. Whoever still holds one open gets ENODEV. */
export function unplugVivid(): void {
  writeFileSync(`${VIVID_DRIVER}/unbind`, VIVID_DEVICE);
}

/** Its nodes come back, without any fault that it had. */
export function plugVivid(): void {
  writeFileSync(`${VIVID_DRIVER}/bind`, VIVID_DEVICE);
}

/** Nobody may hold the loopback camera open. Its node goes and comes back, ready for a writer. */
export function reloadLoopback(): void {
  run("rmmod", "v4l2loopback");
  plugLoopback();
}

/** Its node goes, once nobody holds it open: a program that looks for cameras opens each for a moment. */
export async function unplugLoopback(): Promise<void> {
  const isLoaded = () => existsSync("/sys/module/v4l2loopback");
  for (let attempt = 0; isLoaded(); attempt++) {
    const removal = spawnSync("/sbin/rmmod", ["v4l2loopback"], { stdio: "ignore", timeout: TOOL_LIMIT_MS });
    if (removal.status === 0) return;
    if (attempt === REMOVALS) throw new Error(`v4l2loopback is still in use after ${REMOVALS} attempts`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Its node comes back, ready for a writer. */
export function plugLoopback(): void {
  const driver = process.env.LOOPBACK_DRIVER ?? "";
  run("insmod", driver, "video_nr=60", "exclusive_caps=1", "card_label=loopback");
}

/** What udev, which the machine has not, does when a writer has made a camera of the node: programs notice by it. */
export function touchLoopback(): void {
  const now = new Date();
  utimesSync(LOOPBACK_PATH, now, now);
}

function run(tool: string, ...args: string[]): void {
  execFileSync(`/sbin/${tool}`, args, { stdio: ["ignore", "inherit", "inherit"], timeout: TOOL_LIMIT_MS });
}
