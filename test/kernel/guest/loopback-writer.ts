// Feeds /dev/video60 like a webcam.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";

export const LOOPBACK_PATH = "/dev/video60";

/** Options of ffmpeg. */
const MJPEG = ["-c:v", "mjpeg", "-pix_fmt", "yuvj422p"];
/** Such a camera cannot be shown. */
export const H264: readonly string[] = ["-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency"];

/** Resolves when the first frames have been written, so that the node has become a camera. */
export async function startLoopbackWriter(
  size: string,
  codec: readonly string[] = MJPEG,
): Promise<ChildProcess> {
  const source = `testsrc=s=${size}:r=15`;
  const output = [...codec, "-f", "v4l2", LOOPBACK_PATH];
  const args = [
    "-v",
    "error",
    "-progress",
    "pipe:1",
    "-stats_period",
    "0.2",
    "-re",
    "-f",
    "lavfi",
    "-i",
    source,
  ];
  const writer = spawn("ffmpeg", [...args, ...output], { stdio: ["ignore", "pipe", "inherit"] });
  await firstFrame(writer);
  return writer;
}

async function firstFrame({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) throw new Error("ffmpeg's progress is not piped");
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // This listener stays: ffmpeg writes its progress until its end, and would wait for a reader once the pipe is full.
  stdout.on("data", (chunk) => {
    if (/^frame=[1-9]/m.test(String(chunk))) resolve();
  });
  stdout.once("end", () => reject(new Error("ffmpeg ended before it had written a frame")));
  await promise;
}

export async function stopLoopbackWriter(writer: ChildProcess): Promise<void> {
  // Its pipes are closed then too.
  const gone = once(writer, "close");
  writer.kill("SIGKILL");
  await gone;
}
