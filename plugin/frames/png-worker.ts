// The worker thread of png-encoder: RGBA → PNG → base64.

import { parentPort } from "node:worker_threads";
import { errorText } from "../common/error-text.ts";
import type { PngJob, PngResult } from "./png-encoder.ts";
import { PngFile } from "./png-file.ts";
import { sizeWithinWidth } from "./scale-to-rgb.ts";

const png = new PngFile();

function encode({ id, rgba, width, height, maxWidth }: PngJob): PngResult {
  const size = sizeWithinWidth(width, height, maxWidth);
  const file = png.encode(rgba, { width, height }, size);
  return { id, base64: new TextEncoder().encode(file.toString("base64")), ...size };
}

const port = parentPort;
port?.on("message", (job: PngJob) => {
  try {
    const result = encode(job);
    port.postMessage(result, "base64" in result ? [result.base64.buffer as ArrayBuffer] : []);
  } catch (error) {
    port.postMessage({ id: job.id, error: errorText(error) } satisfies PngResult);
  }
});
