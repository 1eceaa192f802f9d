// A two-way call between two real plugins with real sound, Alice's page in WebKitGTK. Measures every delay of Bob's frames on
// their path to her canvas, and the cost of her plugin. Bob has no page.

import { setTimeout as delay } from "node:timers/promises";
import type { CallStatistics } from "../../../rpc-schema/index.ts";
import type { Browser } from "../../support/browser/browser.ts";
import { startWebKit } from "../../support/browser/webkit.ts";
import { type DrawnFrame, startRecording, takeDrawn } from "../../support/pictures/stamp-reader.ts";
import { figuresOfTree } from "../../support/process/process-figures.ts";
import {
  type BenchSide,
  endCall,
  type FrameSize,
  introduce,
  makeCall,
  next,
  type ProbeReport,
  pidOf,
  startSide,
} from "../bench-side.ts";
import { median, quantile } from "../figures.ts";
import { closeLedger, drawnShare, type Ledger } from "./frame-ledger.ts";
import { HoldCurve } from "./sound/hold-curve.ts";
import { measureMouthToEar } from "./sound/mouth-to-ear.ts";
import { memoryOfTree, type TreeMemory } from "./tree-memory.ts";

export interface WatchedCallOptions {
  /** Bob's frames, which are measured. */
  readonly watched: FrameSize;
  /** Alice's own frames. */
  readonly own: FrameSize;
  readonly warmUpMs: number;
  readonly windowMs: number;
  /** 0 for none. */
  readonly soundMs: number;
  /** Number of calls that are accepted and timed to their first frame. */
  readonly calls: number;
}

export interface WatchedReport {
  /** Stamp to canvas, ms. */
  readonly wholeMs: number;
  readonly wholeP95Ms: number;
  readonly wrtcMs: number;
  /** How long frames were held for lip sync. The two below exclude it. */
  readonly heldMs: number;
  readonly beyondWrtcMs: number;
  readonly decodedToDrawnMs: number;
  readonly decodedToDrawnP95Ms: number;
  readonly captureToSendMs: number;
  readonly drawnPercent: number;
  readonly unreadable: number;
  readonly cpuCores: number;
  readonly farCpuCores: number;
  readonly memory: TreeMemory;
  readonly loop: ProbeReport;
  readonly mouthToEarMs: readonly number[];
  readonly acceptMs: readonly number[];
  readonly statistics: CallStatistics;
  readonly ledger: Ledger;
}

/** A call that shows no frame for this long has failed. */
const FIRST_FRAME_LIMIT_MS = 15_000;
const POLL_MS = 400;

export async function measureWatchedCall(options: WatchedCallOptions): Promise<WatchedReport> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const alice = await startSide("Alice", options.own);
    cleanups.push(alice.stop);
    const bob = await startSide("Bob", options.watched);
    cleanups.push(bob.stop);
    const browser = await startWebKit();
    cleanups.push(() => browser.close());
    await browser.resize(1400, 900);
    await introduce(alice.host, bob.host);
    await browser.open(alice.host.url);
    await browser.waitFor("[data-testid=call-video]");
    // First, so that memory is that of one call and not of earlier ones.
    const report = await measureCall(options, alice, bob, browser);
    const acceptMs: number[] = [];
    for (let call = 0; call < options.calls; call += 1)
      acceptMs.push(await timeFirstFrame(alice, bob, browser));
    return { ...report, acceptMs };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function timeFirstFrame(alice: BenchSide, bob: BenchSide, browser: Browser): Promise<number> {
  await startRecording(browser);
  const { callId, acceptedAt } = await makeCall(bob.host, alice.host);
  const [first] = await firstDrawn(browser);
  await endCall(callId, alice.host, bob.host);
  return (first?.drawnAt ?? Number.NaN) - acceptedAt;
}

/** Polls rarely, because polling costs the page time. @throws when nothing is drawn within 15 s */
async function firstDrawn(browser: Browser): Promise<DrawnFrame[]> {
  const deadline = performance.now() + FIRST_FRAME_LIMIT_MS;
  while (performance.now() < deadline) {
    await delay(POLL_MS);
    const drawn = remoteOf(await takeDrawn(browser));
    if (drawn.length > 0) return drawn;
  }
  throw new Error(`no picture was drawn within ${FIRST_FRAME_LIMIT_MS} ms`);
}

const remoteOf = (drawn: readonly DrawnFrame[]): DrawnFrame[] =>
  drawn.filter(({ source }) => source === "remote");

async function measureCall(
  options: WatchedCallOptions,
  alice: BenchSide,
  bob: BenchSide,
  browser: Browser,
): Promise<Omit<WatchedReport, "acceptMs">> {
  await startRecording(browser);
  const { callId } = await makeCall(bob.host, alice.host);
  const hold = new HoldCurve(alice.host.plugin);
  let drawnCount = (await firstDrawn(browser)).length;
  await delay(options.warmUpMs);
  drawnCount += remoteOf(await takeDrawn(browser)).length;
  const window = await measureWindow(options.windowMs, alice, bob, browser);
  drawnCount += window.drawn.length;
  // Waits for the statistics of the second in which the window ended.
  const statistics = await next(alice.host.plugin, "call.statistics", () => true);
  hold.end();
  const { captureToSendMs } = await bob.host.plugin.request("call.stats", { callId });
  const memory = memoryOfTree(pidOf(alice.host));
  const mouthToEarMs =
    options.soundMs > 0 ? await measureMouthToEar(bob.pulse, alice.pulse, options.soundMs) : [];
  await bob.host.plugin.request("call.setCamera", { callId, on: false });
  const [received, sent] = await Promise.all([
    restingCounts(alice, ({ received, remote }) => [received, remote]),
    restingCounts(bob, ({ captured, sent }) => [captured, sent]),
  ]);
  drawnCount += remoteOf(await takeDrawn(browser)).length;
  await endCall(callId, alice.host, bob.host);
  return {
    ...delaysOf(window.drawn, captureToSendMs ?? 0, hold),
    cpuCores: window.cpuCores,
    farCpuCores: window.farCpuCores,
    loop: window.loop,
    memory,
    mouthToEarMs,
    statistics,
    ledger: closeLedger({ ...sent, received: received.received, remote: received.remote, drawn: drawnCount }),
  };
}

async function measureWindow(windowMs: number, alice: BenchSide, bob: BenchSide, browser: Browser) {
  const before = { alice: figuresOfTree(pidOf(alice.host)), bob: figuresOfTree(pidOf(bob.host)) };
  await alice.probe();
  const startMs = performance.now();
  await delay(windowMs);
  const loop = await alice.probe();
  const seconds = (performance.now() - startMs) / 1000;
  const cores = (side: BenchSide, from: { cpuSeconds: number }): number =>
    (figuresOfTree(pidOf(side.host)).cpuSeconds - from.cpuSeconds) / seconds;
  return {
    cpuCores: cores(alice, before.alice),
    farCpuCores: cores(bob, before.bob),
    loop,
    drawn: remoteOf(await takeDrawn(browser)),
  };
}

function delaysOf(drawn: readonly DrawnFrame[], captureToSendMs: number, hold: HoldCurve) {
  const readable = drawn.flatMap(({ stamp, delayMs, drawnAt, capturedAt }) => {
    if (!stamp || delayMs === undefined) return [];
    const heldMs = hold.holdMs(capturedAt);
    const decodedMs = delayMs - (drawnAt - capturedAt);
    return [{ sequence: stamp.sequence, delayMs, decodedMs, heldMs, showMs: drawnAt - capturedAt - heldMs }];
  });
  const whole = readable.map(({ delayMs }) => delayMs);
  const show = readable.map(({ showMs }) => showMs);
  const wrtcMs = median(readable.map(({ decodedMs }) => decodedMs)) - captureToSendMs;
  return {
    wholeMs: median(whole),
    wholeP95Ms: quantile(whole, 0.95),
    wrtcMs,
    heldMs: median(readable.map(({ heldMs }) => heldMs)),
    beyondWrtcMs: median(readable.map(({ delayMs, heldMs }) => delayMs - heldMs)) - wrtcMs,
    decodedToDrawnMs: median(show),
    decodedToDrawnP95Ms: quantile(show, 0.95),
    captureToSendMs,
    drawnPercent: 100 * drawnShare(readable.map(({ sequence }) => sequence)),
    unreadable: drawn.length - readable.length,
  };
}

/** The ledger's counts, once two consecutive statistics, a second apart, are equal. */
async function restingCounts(
  { host }: BenchSide,
  pick: (frames: CallStatistics["frames"]) => unknown,
): Promise<CallStatistics["frames"]> {
  let last = "";
  const { frames } = await next(host.plugin, "call.statistics", ({ frames }) => {
    const text = JSON.stringify(pick(frames));
    const rests = text === last;
    last = text;
    return rests;
  });
  return frames;
}
