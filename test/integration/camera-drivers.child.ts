// Runs over the scripted driver: opens each camera that the arguments name, takes frames and compares them with what the
// driver drew. Prints the results as one line of JSON.

import { loadNative, type VideoFrame } from "../../native/index.ts";
import { drawnChroma, drawnLuma } from "../support/camera/scripted-driver.ts";

const FRAMES = 4;

export interface CameraResult {
  /** The message, if the camera did not open. */
  readonly refusal?: string;
  readonly mode?: {
    readonly width: number;
    readonly height: number;
    readonly fps: number;
    readonly fourcc: string;
  };
  readonly notes?: readonly string[];
  readonly faulty?: number;
  /** The largest difference from the drawn luma, on all lines and on each second one, and from the drawn chroma. */
  readonly luma?: number;
  readonly upperLuma?: number;
  readonly chroma?: number;
}

function differences({ data, width, height }: VideoFrame) {
  const worst = { luma: 0, upperLuma: 0, chroma: 0 };
  for (let line = 0; line < height; line++) {
    for (let x = 0; x < width; x++) {
      const off = Math.abs((data[line * width + x] ?? 0) - drawnLuma(x, line));
      worst.luma = Math.max(worst.luma, off);
      if (line % 2 === 0) worst.upperLuma = Math.max(worst.upperLuma, off);
    }
  }
  const [chromaWidth, chromaHeight] = [Math.ceil(width / 2), Math.ceil(height / 2)];
  for (let line = 0; line < chromaHeight; line++) {
    for (let x = 0; x < chromaWidth; x++) {
      for (const [plane, expected] of drawnChroma(x).entries()) {
        const at = width * height + (plane * chromaHeight + line) * chromaWidth + x;
        worst.chroma = Math.max(worst.chroma, Math.abs((data[at] ?? 0) - expected));
      }
    }
  }
  return worst;
}

async function result(path: string): Promise<CameraResult> {
  const enough = Promise.withResolvers<void>();
  const worst = { luma: 0, upperLuma: 0, chroma: 0 };
  let seen = 0;
  try {
    const capture = await loadNative().openCamera(
      path,
      { width: 160, height: 120, fps: 30 },
      {
        onFrame(frame) {
          const { luma, upperLuma, chroma } = differences(frame);
          worst.luma = Math.max(worst.luma, luma);
          worst.upperLuma = Math.max(worst.upperLuma, upperLuma);
          worst.chroma = Math.max(worst.chroma, chroma);
          if (++seen === FRAMES) enough.resolve();
        },
        onError: enough.reject,
      },
    );
    await enough.promise;
    await capture.close();
    return { mode: capture.mode, notes: capture.notes, faulty: capture.counters().faulty, ...worst };
  } catch (error) {
    return { refusal: error instanceof Error ? error.message : String(error) };
  }
}

const results: CameraResult[] = [];
for (const path of process.argv.slice(2)) results.push(await result(path));
process.stdout.write(`${JSON.stringify(results)}\n`);
