// Runs inside the kernel machine: frames of a vivid device that knows V4L2's multi-planar interface only, in its less usual
// formats, and of its interlaced inputs.

import { execFileSync } from "node:child_process";
import { loadNative } from "../../../native/index.ts";
import { CaptureRun } from "./capture-run.ts";

/** vivid's second device. */
const ID = "platform:vivid-001 vivid";
const TOOL_LIMIT_MS = 30_000;
const FORMATS = "YUYV YVYU VYUY NV12 NV21 NV16 YV12 NM12 NM21 NM16 YM12 YM21 RGB3 BGR3 BGR4 XR24 GREY".split(
  " ",
);
const WEBCAM = { input: 0, width: 320, height: 180 };
const S_VIDEO = { input: 2, width: 720, height: 480 };
/** The driver scales to the size that it is asked for: here to fields of a frame of 640x360. */
const HDMI = { input: 3, width: 640, height: 180 };

export async function moreModes() {
  const camera = loadNative()
    .listCameras()
    .find(({ id }) => id === ID);
  if (camera === undefined) return { path: "", formats: [], interlaced: [] };
  const { path } = camera;
  // The text would cover the bars of a small frame.
  ctl(path, "-c", "osd_text_mode=2");
  choose(path, WEBCAM.input);
  const formats = [];
  for (const fourcc of FORMATS) formats.push(await frame(path, WEBCAM, fourcc));
  choose(path, S_VIDEO.input);
  const interlaced = [await frame(path, S_VIDEO, "NM12")];
  choose(path, HDMI.input);
  ctl(path, `--set-dv-bt-timings=index=${interlacedTimings(path)}`);
  for (const fourcc of ["YUYV", "YM12"]) interlaced.push(await frame(path, HDMI, fourcc));
  return { path, formats, interlaced };
}

interface Wanted {
  readonly input: number;
  readonly width: number;
  readonly height: number;
}

async function frame(path: string, { input, width, height }: Wanted, fourcc: string) {
  process.stderr.write(`${Math.round(performance.now())} ms: ${path} ${fourcc} ${width}x${height}\n`);
  const run = await CaptureRun.open(path, { width, height, fps: 30, fourcc });
  const [summary] = await run.summaries(1);
  await run.capture.close();
  const { mode, notes } = run.capture;
  return { input, mode, notes, faulty: run.capture.counters().faulty, colours: summary?.colours ?? [] };
}

function choose(path: string, input: number): void {
  ctl(path, "-i", String(input));
}

/** The index of 1920x1080 at 60 fields a second. */
function interlacedTimings(path: string): string {
  const listed = ctl(path, "--list-dv-timings");
  const found = listed
    .split(/Index: /)
    .find((text) => /1920x1080i|Active height: 1080.*Frame format: interlaced/s.test(text));
  if (found === undefined) throw new Error(`no interlaced timings in ${listed}`);
  return /^\d+/.exec(found)?.[0] ?? "";
}

function ctl(path: string, ...args: string[]): string {
  return execFileSync("v4l2-ctl", ["-d", path, ...args], {
    encoding: "utf8",
    timeout: TOOL_LIMIT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
}
