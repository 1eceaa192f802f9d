// Writes arbitrary bytes to a loopback camera, frame by frame.

import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";

const V4L2_CTL_LIMIT_MS = 20_000;

export interface FeedFormat {
  readonly width: number;
  readonly height: number;
  /** Such as YUYV or MJPG. */
  readonly fourcc: string;
}

/** One writer for each device, because the driver accepts a second one only after it is reloaded. */
export class LoopbackFeed {
  readonly path: string;
  readonly #fd: number;

  /** The device becomes a camera with the first frame. */
  constructor(path: string, { width, height, fourcc }: FeedFormat, first: Uint8Array) {
    this.path = path;
    this.#fd = openSync(path, "w");
    const format = `--set-fmt-video-out=width=${width},height=${height},pixelformat=${fourcc}`;
    execFileSync("v4l2-ctl", ["-d", path, format], { stdio: "ignore", timeout: V4L2_CTL_LIMIT_MS });
    this.write(first);
  }

  write(frame: Uint8Array): void {
    writeSync(this.#fd, frame);
  }

  close(): void {
    closeSync(this.#fd);
  }
}
