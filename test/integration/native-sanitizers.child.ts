// Runs everything that the addons do without a device, concurrently, in a process with a sanitizer. The argument is the
// addon's façade, PipeWire's daemon has cameras, and DISPLAY is a busy display. Prints the held resources before and after, and
// the counts of frames, as JSON.

import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import type { Capture, CaptureConstraints, CaptureError, Native, VideoFrame } from "../../native/index.ts";
import type { PipeWire, PipeWireSession } from "../../native/pipewire.ts";
import type { X11Screens } from "../../native/x11.ts";
import { heldResources, releasedResources } from "../support/process/held-resources.ts";
import { BUSY_WINDOWS } from "../support/screen/busy-display.ts";

/** The first does not count for leaks. */
const CYCLES = 3;
/** Of native-sanitizers.test.ts. */
const CAMERAS = 2;
const FRAMES = 5;
const CONSTRAINTS = [
  { width: 64, height: 32, fps: 120 },
  { width: 333, height: 251, fps: 120 },
  { width: 640, height: 480, fps: 60 },
];
/** The largest frames of the display's. */
const SCREEN = { width: 640, height: 480, fps: 60 };

const index = pathToFileURL(process.argv[2] ?? "").href;
const { loadNative } = (await import(index)) as { loadNative(): Native };
const native = loadNative();
const { loadPipeWire } = (await import(new URL("./pipewire.ts", index).href)) as { loadPipeWire(): PipeWire };
const pipewire = loadPipeWire();
const { loadX11 } = (await import(new URL("./x11.ts", index).href)) as { loadX11(): X11Screens };
const x11 = loadX11();
const display = process.env.DISPLAY ?? "";
const socket = `${process.env.XDG_RUNTIME_DIR}/pipewire-0`;
const totals = { captured: 0, faulty: 0, dropped: 0, delivered: 0, seen: 0, encoded: 0, stamps: 0 };

/** Reads frames while more arrive, and keeps one beyond its callback. */
async function captureFrames(constraints: (typeof CONSTRAINTS)[number]): Promise<void> {
  const enough = Promise.withResolvers<void>();
  const encoder = native.createJpegEncoder();
  let encoding: Promise<void> = Promise.resolve();
  let isEncoding = false;
  let seen = 0;
  const use = async (frame: VideoFrame) => {
    try {
      await Promise.all([encoder.encode(frame, { maxWidth: 200, quality: 60 }), native.toRgba(frame)]);
      await encoder.compress(frame, { maxWidth: 200, quality: 60 });
      totals.encoded++;
    } finally {
      frame.release();
      isEncoding = false;
    }
  };
  const capture: Capture = await native.openPattern(constraints, {
    onFrame(frame) {
      seen++;
      if (native.readStamp(frame) !== null) totals.stamps++;
      if (seen >= FRAMES) enough.resolve();
      if (isEncoding) return;
      isEncoding = true;
      frame.retain();
      encoding = use(frame);
    },
    onError: enough.reject,
  });
  await enough.promise;
  await Promise.all([encoding, capture.close(), capture.close()]);
  count(capture, seen);
}

function count(capture: Capture, seen: number): void {
  const { captured, faulty, dropped, delivered } = capture.counters();
  totals.captured += captured;
  totals.faulty += faulty;
  totals.dropped += dropped;
  totals.delivered += delivered;
  totals.seen += seen;
}

/** Reads frames of every camera of the daemon at once. The connection is closed before the captures that use it. */
async function captureNodes(): Promise<void> {
  const listed = Promise.withResolvers<void>();
  const session: PipeWireSession = pipewire.connect({ socket }, () => {
    if (session.state().nodes.length === CAMERAS) listed.resolve();
  });
  // A connection alone does not keep the process alive.
  const alive = setInterval(() => undefined, 1_000);
  await listed.promise;
  clearInterval(alive);
  const captures = session.state().nodes.map(async ({ nodeId, name }) => {
    const enough = Promise.withResolvers<void>();
    let seen = 0;
    const node = { nodeId, path: name, isContinuous: true };
    const capture = await session.open(
      node,
      { width: 320, height: 240, fps: 30 },
      {
        onFrame(frame) {
          if (native.readStamp(frame) !== null) totals.stamps++;
          if (++seen >= FRAMES) enough.resolve();
        },
        onError: enough.reject,
      },
    );
    return async () => {
      await enough.promise;
      await capture.close();
      count(capture, seen);
    };
  });
  const opened = await Promise.all(captures);
  await session.close();
  await Promise.all(opened.map((finish) => finish()));
}

/**
 * Takes frames of a monitor at its size and scaled down, and of windows. One window is hidden and shown again, another changes
 * its size, which ends its capture.
 */
async function captureScreens(): Promise<void> {
  const names = Object.values(BUSY_WINDOWS);
  let sources = await x11.list(display);
  const isListed = (name: string) => sources.some((source) => source.name === name);
  // A window that is hidden is not listed.
  while (!names.every(isListed)) sources = await x11.list(display);
  const idOf = (name: string) => sources.find((source) => source.name === name)?.id ?? "";
  const monitor = sources.find(({ kind }) => kind === "monitor")?.id ?? "no monitor";
  const refused = await x11.open(display, "window:0x1", SCREEN, nothing).catch(String);
  if (typeof refused !== "string") throw new Error("window:0x1 was opened, which no X server has");
  await Promise.all([
    captureScreen(monitor, SCREEN),
    captureScreen(monitor, { ...SCREEN, width: 320, height: 240 }),
    captureScreen(idOf(BUSY_WINDOWS.painted), SCREEN),
    captureScreen(idOf(BUSY_WINDOWS.hidden), SCREEN),
    captureUntilResized(idOf(BUSY_WINDOWS.resized)),
    x11.list(display),
  ]);
}

async function captureScreen(id: string, constraints: CaptureConstraints): Promise<void> {
  const enough = Promise.withResolvers<void>();
  let seen = 0;
  const capture = await x11.open(display, id, constraints, {
    onFrame() {
      if (++seen >= FRAMES) enough.resolve();
    },
    onError: enough.reject,
  });
  await enough.promise;
  await Promise.all([capture.close(), capture.close()]);
  count(capture, seen);
}

async function captureUntilResized(id: string): Promise<void> {
  const failed = Promise.withResolvers<CaptureError>();
  let seen = 0;
  const capture = await x11.open(display, id, SCREEN, { onFrame: () => seen++, onError: failed.resolve });
  const { operation } = await failed.promise;
  if (operation !== "resized") throw new Error(`${id} ended with ${operation}, expected resized`);
  await capture.close();
  count(capture, seen);
}

/** Neither a connection that was never made nor one with an open capture outlives its worker thread. */
async function terminateConnected(): Promise<void> {
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    const { loadPipeWire } = await import(workerData.module);
    loadPipeWire().connect({ socket: "/nonexistent/pipewire-0" }, () => undefined);
    let isOpening = false;
    const session = loadPipeWire().connect({ socket: workerData.socket }, () => {
      const [node] = session.state().nodes;
      if (node === undefined || isOpening) return;
      isOpening = true;
      session.open({ nodeId: node.nodeId, path: node.name, isContinuous: true }, { width: 320, height: 240, fps: 30 }, {
        onFrame: () => parentPort.postMessage("frame"), onError: (error) => { throw error; } });
    });
    setInterval(() => undefined, 1_000);`;
  const module = new URL("./pipewire.ts", index).href;
  await terminateAfterMessage(source, { module, socket });
}

/** A worker thread that is terminated during a capture must release its screen. */
async function terminateSharing(): Promise<void> {
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    const x11 = (await import(workerData.module)).loadX11();
    const [{ id }] = await x11.list(workerData.display);
    void x11.list(workerData.display);
    await x11.open(workerData.display, id, { width: 640, height: 480, fps: 60 }, {
      onFrame: () => parentPort.postMessage("frame"), onError: (error) => { throw error; } });`;
  await terminateAfterMessage(source, { module: new URL("./x11.ts", index).href, display });
}

/** A worker thread that is terminated during a capture must release its device. */
async function terminateDuringCapture(): Promise<void> {
  const source = `
    import { parentPort, workerData } from "node:worker_threads";
    const { loadNative } = await import(workerData);
    await loadNative().openPattern({ width: 128, height: 64, fps: 120 }, {
      onFrame: () => parentPort.postMessage("frame"), onError: (error) => { throw error; } });`;
  await terminateAfterMessage(source, index);
}

async function terminateAfterMessage(source: string, workerData: unknown): Promise<void> {
  const url = new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  const worker = new Worker(url, { workerData });
  await new Promise((resolve, reject) => worker.once("message", resolve).once("error", reject));
  await worker.terminate();
}

/** Connections to a sound server that is not there: one is closed at once, the other after its end. */
async function missSoundServer(): Promise<void> {
  const ended = Promise.withResolvers<string>();
  const open = (onEnd: (reason: string) => void) =>
    native.openSoundServer(
      { server: "unix:/nonexistent/pulse" },
      { onChange: ended.reject, onState: ended.reject, onEnd },
    );
  const early = open(() => undefined);
  const late = open(ended.resolve);
  await Promise.all([early.close(), ended.promise]);
  await Promise.all([late.close(), late.close()]);
}

async function cycle(): Promise<void> {
  native.listCameras();
  await Promise.all([missSoundServer(), captureNodes(), captureScreens(), ...CONSTRAINTS.map(captureFrames)]);
  await Promise.all([terminateDuringCapture(), terminateConnected(), terminateSharing()]);
  const refused = await native
    .openCamera("/dev/null", { width: 64, height: 48, fps: 30 }, nothing)
    .catch(String);
  if (typeof refused !== "string") throw new Error("/dev/null was opened as a camera");
}

const nothing = { onFrame: () => undefined, onError: () => undefined };

function arrayBuffers(): number {
  globalThis.gc?.();
  return process.memoryUsage().arrayBuffers;
}

await cycle();
const held = heldResources();
const before = { ...held, arrayBuffers: arrayBuffers() };
for (let i = 1; i < CYCLES; i++) await cycle();
const afterwards = { ...(await releasedResources(held)), arrayBuffers: arrayBuffers() };
process.stdout.write(`${JSON.stringify({ before, after: afterwards, totals })}\n`);
