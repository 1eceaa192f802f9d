// The worker thread of png-encoder: RGBA → PNG → base64. Runs nothing else.

import { parentPort } from "node:worker_threads";
import { PNG } from "pngjs";
import type { PngAnswer, PngJob } from "./png-encoder.ts";
import { scaleRgba, sizeWithinWidth } from "./scale-rgba.ts";

function encode({ id, rgba, width, height, maxWidth }: PngJob): PngAnswer {
  const size = sizeWithinWidth(width, height, maxWidth);
  const scaled = size.width === width ? rgba : scaleRgba(rgba, width, height, size);
  // A copy, because pngjs writes its defaults into the options it is given.
  const png = new PNG({ ...size });
  png.data = Buffer.from(scaled.buffer, scaled.byteOffset, scaled.byteLength);
  // Pictures of a call are opaque; without alpha the file is smaller.
  const file = PNG.sync.write(png, { colorType: 2 });
  return { id, base64: new TextEncoder().encode(file.toString("base64")), ...size };
}

const port = parentPort;
port?.on("message", (job: PngJob) => {
  try {
    const answer = encode(job);
    port.postMessage(answer, "base64" in answer ? [answer.base64.buffer as ArrayBuffer] : []);
  } catch (error) {
    port.postMessage({ id: job.id, error: String(error) } satisfies PngAnswer);
  }
});
