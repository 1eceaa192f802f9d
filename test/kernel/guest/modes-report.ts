// Runs inside the kernel machine: opens many modes, and compares each frame with a reference conversion of the driver's
// bytes. Prints one line of JSON, which test/kernel/modes.test.ts checks.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { withoutSegments } from "../../support/pictures/jpeg-edits.ts";
import { CaptureRun, setControl } from "./capture-run.ts";
import { type RawFrame, referenceI420, worstPsnrDb } from "./frame-similarity.ts";
import { type FeedFormat, LoopbackFeed } from "./loopback-feed.ts";
import { moreModes } from "./more-modes.ts";

const VIVID = "/dev/video0";
const RAW_FILE = "/tmp/raw-frame";
const TOOL_LIMIT_MS = 30_000;
const FORMATS = ["YUYV", "UYVY", "NV12", "YU12"];
const WEBCAM_INPUT = 0;
const HDMI_INPUT = 3;
/** The sizes of the webcam's list, then unlisted sizes, to which the HDMI input scales. That scaler only shrinks the frame,
 *  and lays out YU12 in its own way if half the width is odd. */
const SIZES = [
  [WEBCAM_INPUT, 320, 180],
  [WEBCAM_INPUT, 640, 360],
  [WEBCAM_INPUT, 640, 480],
  [HDMI_INPUT, 324, 242],
  [HDMI_INPUT, 180, 98],
] as const;

export type ModesReport = Awaited<ReturnType<typeof report>>;

async function report() {
  // Squares without text: all frames are equal, so a frame taken by another program can be compared.
  setControl(VIVID, "osd_text_mode=2,test_pattern=4");
  const vivid = [];
  for (const [input, width, height] of SIZES) {
    v4l2ctl("-i", String(input));
    for (const fourcc of FORMATS) vivid.push(await vividMode(fourcc, width, height));
  }
  const odd = [
    await oddRaw("/dev/video61", "YUYV", 161, 121),
    await oddRaw("/dev/video62", "UYVY", 163, 61),
    await oddJpeg("/dev/video63", 161, 121),
  ];
  return { vivid, odd, more: await moreModes() };
}

/** Prints the progress, for a run that fails. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

async function vividMode(fourcc: string, width: number, height: number) {
  step(`${fourcc} ${width}x${height}`);
  const run = await CaptureRun.open(VIVID, { width, height, fps: 30, fourcc });
  const { data } = await run.nextFrame();
  await run.capture.close();
  const { mode } = run.capture;
  const { faulty } = run.capture.counters();
  // The driver keeps the format for the next program that opens the device.
  const bytesPerLine = Number(/Bytes per Line\s*:\s*(\d+)/.exec(v4l2ctl("--get-fmt-video"))?.[1]);
  v4l2ctl("--stream-mmap", "--stream-count=1", `--stream-to=${RAW_FILE}`);
  const raw = { ...mode, bytesPerLine, bytes: readFileSync(RAW_FILE) };
  return { mode, faulty, ...likeness(data, raw) };
}

function likeness(data: Uint8Array, raw: RawFrame) {
  const reference = referenceI420(raw);
  // A frame of one colour would match anything.
  const shades = new Set(reference).size;
  return { psnrDb: worstPsnrDb(data, reference, raw.width, raw.height), shades };
}

/** A gradient in every plane, so that a misplaced column or line is visible. */
async function oddRaw(path: string, fourcc: string, width: number, height: number) {
  const bytesPerLine = 2 * width;
  const bytes = Uint8Array.from({ length: bytesPerLine * height }, (_, offset) => {
    const [x, y] = [offset % bytesPerLine, Math.floor(offset / bytesPerLine)];
    return 40 + (x % 4) * 30 + Math.floor(x / 8) + (y >> 1);
  });
  const { data, mode, faulty } = await fed(path, { width, height, fourcc }, bytes);
  return { mode, faulty, ...likeness(data, { ...mode, bytesPerLine, bytes }) };
}

/** Encoded and decoded by ffmpeg, which shares no code with the addon. */
async function oddJpeg(path: string, width: number, height: number) {
  const jpeg = ffmpeg(
    ["-f", "lavfi", "-i", `testsrc=s=${width}x${height}`],
    ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"],
  );
  const { data, mode, faulty, jpeg: own } = await fed(path, { width, height, fourcc: "MJPG" }, jpeg);
  const input = ["-f", "mjpeg", "-i", "-"];
  const reference = ffmpeg(input, ["-pix_fmt", "yuv420p", "-color_range", "tv"], "rawvideo", jpeg);
  return {
    mode,
    faulty,
    psnrDb: worstPsnrDb(data, reference, width, height),
    shades: new Set(reference).size,
    // ffmpeg's comment is left out.
    isOwnJpeg: own !== undefined && Buffer.compare(own, withoutSegments(jpeg, 0xfe)) === 0,
  };
}

async function fed(path: string, format: FeedFormat, bytes: Uint8Array) {
  step(`${path} ${format.fourcc}`);
  const feed = new LoopbackFeed(path, format, bytes);
  try {
    const run = await CaptureRun.open(path, { ...format, fps: 30 });
    const coming = run.nextFrame();
    feed.write(bytes);
    const { data, jpeg } = await coming;
    await run.capture.close();
    return { data, jpeg, mode: run.capture.mode, faulty: run.capture.counters().faulty };
  } finally {
    feed.close();
  }
}

function v4l2ctl(...args: string[]): string {
  return execFileSync("v4l2-ctl", ["-d", VIVID, ...args], {
    encoding: "utf8",
    timeout: TOOL_LIMIT_MS,
    stdio: ["ignore", "pipe", "ignore"],
  });
}

function ffmpeg(input: string[], output: string[], container = "mjpeg", stdin?: Uint8Array): Buffer {
  const args = ["-v", "error", ...input, "-frames:v", "1", ...output, "-f", container, "-"];
  const options = { timeout: TOOL_LIMIT_MS, maxBuffer: 1 << 24 };
  return execFileSync("ffmpeg", args, stdin ? { ...options, input: stdin } : options);
}

console.log(JSON.stringify(await report()));
