// The worker thread of png-encoder: RGBA → PNG → base64.

import { parentPort } from "node:worker_threads";
import { PNG } from "pngjs";
import { errorText } from "../common/error-text.ts";
import type { PngJob, PngResult } from "./png-encoder.ts";
import { scaleRgba, sizeWithinWidth } from "./scale-rgba.ts";

function encode({ id, rgba, width, height, maxWidth }: PngJob): PngResult {
  const size = sizeWithinWidth(width, height, maxWidth);
  const scaled = size.width === width ? rgba : scaleRgba(rgba, width, height, size);
  // A copy, because pngjs writes its defaults into the options.
  const png = new PNG({ ...size });
  png.data = Buffer.from(scaled.buffer, scaled.byteOffset, scaled.byteLength);
  // Frames of a call are opaque, and without alpha the file is smaller.
  const file = PNG.sync.write(png, { colorType: 2 });
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
