// The faults that a kernel camera of the machine can be given, each as one call, and how the camera is made whole
// again. What a fault should lead to is not known here.

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { setControl } from "./capture-run.ts";

export const VIVID_PATH = "/dev/video0";
const VIVID_DRIVER = "/sys/bus/platform/drivers/vivid";
const VIVID_DEVICE = "vivid.0";
const TOOL_LIMIT_MS = 60_000;
const DROPPED_PERCENT = 20;

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

export function isFault(name: string): name is Fault {
  return name in FAULTS;
}

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
  const driver = process.env.LOOPBACK_DRIVER ?? "";
  run("rmmod", "v4l2loopback");
  run("insmod", driver, "video_nr=60", "exclusive_caps=1", "card_label=loopback");
}

function run(tool: string, ...args: string[]): void {
  execFileSync(`/sbin/${tool}`, args, { stdio: ["ignore", "inherit", "inherit"], timeout: TOOL_LIMIT_MS });
}
