// The worker thread of png-encoder: RGBA → PNG → base64.

import { parentPort } from "node:worker_threads";
import type { EncodedFrame } from "../../native/types.ts";
import { errorText } from "../common/error-text.ts";
import { LargeGarbage } from "./large-garbage.ts";
import type { PngJob, PngResult } from "./png-encoder.ts";
import { FILE_BUFFER_BYTES, PngFile } from "./png-file.ts";
import { sizeWithinWidth } from "./scale-to-rgb.ts";

const png = new PngFile();
const garbage = new LargeGarbage();

function encode({ id, rgba, width, height, maxWidth }: PngJob): PngResult {
  const size = sizeWithinWidth(width, height, maxWidth);
  const file = png.encode(rgba, { width, height }, size);
  return { id, base64: new TextEncoder().encode(file.toString("base64")), ...size };
}

/** What is left of a frame: the filtered pixels, the file twice, and zlib's buffer. */
function bytesLeft({ width, height, base64 }: EncodedFrame): number {
  return 3 * width * height + 2 * base64.byteLength + FILE_BUFFER_BYTES;
}

const port = parentPort;
port?.on("message", (job: PngJob) => {
  try {
    const result = encode(job);
    port.postMessage(result, "base64" in result ? [result.base64.buffer as ArrayBuffer] : []);
    if ("base64" in result) garbage.add(bytesLeft(result));
  } catch (error) {
    port.postMessage({ id: job.id, error: errorText(error) } satisfies PngResult);
  }
});
