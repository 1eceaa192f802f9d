// Runs inside the kernel machine: a camera that sends broken JPEG between whole frames, through the real driver.
// Prints one line of JSON, which test/kernel/broken-jpeg.test.ts checks.

import { loadNative } from "../../../native/index.ts";
import { seededRandom } from "../../support/process/seeded-random.ts";
import { CaptureRun, holdings } from "./capture-run.ts";
import { LoopbackFeed } from "./loopback-feed.ts";
import { LOOPBACK_PATH } from "./loopback-writer.ts";

const FORMAT = { width: 160, height: 120, fourcc: "MJPG" };
const SCAN_MARKER = 0xda;
const RANDOM_FRAMES = 60;
const SEED = 1;

export type BrokenJpegReport = Awaited<ReturnType<typeof report>>;

async function report() {
  const whole = await patternJpeg(FORMAT.width, FORMAT.height);
  const feed = new LoopbackFeed(LOOPBACK_PATH, FORMAT, whole);
  try {
    return await fed(feed, whole);
  } finally {
    feed.close();
  }
}

async function fed(feed: LoopbackFeed, whole: Uint8Array) {
  // The first capture creates some threads and descriptors that stay.
  await (await CaptureRun.open(feed.path, { ...FORMAT, fps: 30 })).capture.close();
  const before = holdings();
  const run = await CaptureRun.open(feed.path, { ...FORMAT, fps: 30 });
  const first = run.nextFrame();
  await send(run, feed, whole);
  const good = await first;
  const kinds = [];
  for (const [kind, bytes] of Object.entries(await broken(whole))) {
    const { faulty, delivered, repaired, damaged } = run.capture.counters();
    await send(run, feed, bytes);
    const after = run.capture.counters();
    const next = run.nextFrame();
    await send(run, feed, whole);
    const frame = await next;
    kinds.push({
      kind,
      faulty: after.faulty - faulty,
      delivered: after.delivered - delivered,
      repaired: after.repaired - repaired,
      damaged: after.damaged - damaged,
      isNextWhole: Buffer.compare(frame.data, good.data) === 0,
    });
  }
  await sendDamaged(run, feed, whole);
  const last = run.nextFrame();
  await send(run, feed, whole);
  const isLastWhole = Buffer.compare((await last).data, good.data) === 0;
  await run.capture.close();
  return { kinds, isLastWhole, counters: run.capture.counters(), before, after: holdings() };
}

/** Writes one frame and waits until it was taken, so that none is passed over. */
async function send(run: CaptureRun, feed: LoopbackFeed, bytes: Uint8Array): Promise<void> {
  const { captured } = run.capture.counters();
  feed.write(bytes);
  await run.captured(captured + 1);
  // Its fate is counted a moment after its capture.
  await run.settled();
}

/** Damages a few random bytes. Some results decode to a wrong frame, which is not detectable. */
async function sendDamaged(run: CaptureRun, feed: LoopbackFeed, whole: Uint8Array): Promise<void> {
  const random = seededRandom(SEED);
  for (let i = 0; i < RANDOM_FRAMES; i++) {
    const damaged = Uint8Array.from(whole);
    for (let hit = 0; hit < 4; hit++) damaged[random.below(damaged.length)] = random.below(256);
    await send(run, feed, damaged);
  }
}

async function broken(whole: Uint8Array): Promise<Record<string, Uint8Array>> {
  const scan = whole.findIndex((byte, at) => byte === SCAN_MARKER && whole[at - 1] === 0xff);
  const middle = Math.floor((scan + whole.length) / 2);
  // The stamp at the top takes more bytes than the rest.
  const late = Math.floor((scan + 9 * whole.length) / 10);
  const withBytes = (at: number, ...bytes: number[]) => {
    const copy = Uint8Array.from(whole);
    copy.set(bytes, at);
    return copy;
  };
  return {
    "cut in its header": whole.subarray(0, scan >> 1),
    "cut at its scan": whole.subarray(0, scan + 4),
    "cut early": whole.subarray(0, Math.floor((3 * scan + whole.length) / 4)),
    "cut late": whole.subarray(0, late),
    "cut before its end marker": whole.subarray(0, whole.length - 2),
    "an end in the middle": withBytes(middle, 0xff, 0xd9),
    "another scan in the middle": withBytes(middle, 0xff, SCAN_MARKER),
    "an unknown beginning": withBytes(0, 0, 0),
    zeros: new Uint8Array(whole.length),
    "a smaller frame": await patternJpeg(80, 60),
    "a larger frame": await patternJpeg(176, 144),
    "of one byte": whole.subarray(0, 1),
  };
}

async function patternJpeg(width: number, height: number): Promise<Uint8Array> {
  const native = loadNative();
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const onFrame = ({ data }: { data: Uint8Array }) => resolve(Uint8Array.from(data));
  const pattern = await native.openPattern({ width, height, fps: 30 }, { onFrame, onError: reject });
  const data = await promise.finally(() => pattern.close());
  const made = await native
    .createJpegEncoder()
    .encode({ data, width, height }, { maxWidth: width, quality: 80 });
  return Buffer.from(Buffer.from(made.base64).toString("latin1"), "base64");
}

console.log(JSON.stringify(await report()));
