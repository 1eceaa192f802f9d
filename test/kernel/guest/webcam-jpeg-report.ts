// Runs inside the kernel machine: v4l2loopback as a webcam that puts zeros before every restart marker, then as one whose
// frames are all damaged. `capture-test`, and a call whose far side counts the frames. Prints one line of JSON, which
// test/kernel/webcam-jpeg.test.ts checks.

import { execFile } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeBases } from "../../support/pictures/jpeg-bases.ts";
import { beforeRestarts } from "../../support/pictures/jpeg-edits.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { CallObserver, type MediaState } from "./call-observer.ts";
import { emulated, LOOPBACK_ID, untilClosed, VIVID_ID } from "./emulated-plugin.ts";
import { LoopbackFeed } from "./loopback-feed.ts";
import { LOOPBACK_PATH } from "./loopback-writer.ts";

/** The compiled program: stripping types takes an emulated processor many seconds. */
const MAIN = fileURLToPath(new URL("../../../dist/plugin/main.js", import.meta.url));
const LIMIT_MS = 120_000;
const SLOW_TIMEOUT = { timeoutMs: LIMIT_MS };
const SIZE = { width: 320, height: 192 };
/** What the emulated machine carries through a call. */
const FRAME_MS = 250;
const FRAMES_IN_CALL = 12;

export type WebcamJpegReport = Awaited<ReturnType<typeof report>>;

/** Prints the progress, for a run that exceeds the machine's time limit. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

async function report() {
  const { restarts: clean } = makeBases(SIZE);
  const kinds = {
    clean,
    stuffed: beforeRestarts(clean, [0, 0]),
    damaged: clean.subarray(0, clean.length >> 2),
  };
  const feed = new LoopbackFeed(LOOPBACK_PATH, { ...SIZE, fourcc: "MJPG" }, clean);
  let frame = kinds.clean;
  let isSecond = false;
  let isAlternating = false;
  const timer = setInterval(() => {
    isSecond = !isSecond;
    feed.write(isAlternating && isSecond ? kinds.clean : frame);
  }, FRAME_MS);
  try {
    const captures: Record<string, string> = {};
    for (const kind of ["clean", "stuffed", "damaged"] as const) {
      frame = kinds[kind];
      captures[kind] = await captureTest();
      step(`captured ${kind}`);
    }
    frame = kinds.clean;
    const call = await inCall(async (sender, alternate) => {
      frame = kinds[alternate ? "stuffed" : sender];
      isAlternating = alternate;
    });
    return { captures, ...call };
  } finally {
    clearInterval(timer);
    feed.close();
  }
}

function captureTest(): Promise<string> {
  const out = mkdtempSync(join(tmpdir(), "capture-"));
  const args = [
    "capture-test",
    "--camera",
    LOOPBACK_ID,
    "--microphone",
    "none",
    "--seconds",
    "5",
    "--out",
    out,
  ];
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { timeout: LIMIT_MS }, (_error, stdout) => resolve(stdout));
  });
}

type Feed = (kind: "clean" | "stuffed" | "damaged", isEverySecond: boolean) => Promise<void>;

/** Alice has the webcam. Bob's host counts the frames that arrive. */
async function inCall(feed: Feed) {
  const { alice, bob, stop } = await startPair(emulated(LOOPBACK_ID), emulated("none"));
  try {
    const callId = await connectCall(alice, bob);
    const far = await CallObserver.watch(bob, callId);
    const near = await CallObserver.watch(alice, callId);
    step("connected");
    const rates = {
      clean: await counted(alice, far, callId, () => feed("clean", false)),
      stuffed: await counted(alice, far, callId, () => feed("stuffed", false)),
      everySecond: await counted(alice, far, callId, () => feed("clean", true)),
    };
    near.mark();
    far.mark();
    await feed("damaged", false);
    await near.step("local", ({ mediaLevelReason }) => mediaLevelReason !== null);
    await far.step("remote", ({ camera }) => camera === "off");
    step("damaged and reported");
    const isStandIn = ({ camera, deviceId }: MediaState) => camera === "live" && deviceId === VIVID_ID;
    const replaced = await near.step("local", isStandIn);
    const notified = { near: near.steps("local"), far: far.steps("remote") };
    const why = await whyOf(alice, callId);
    step("replaced by the other camera");
    await feed("stuffed", false);
    await alice.host.request(
      "call.useDevice",
      { callId, kind: "camera", deviceId: LOOPBACK_ID },
      SLOW_TIMEOUT,
    );
    await near.step("local", ({ deviceId }) => deviceId === LOOPBACK_ID, replaced);
    step("shown again");
    await alice.host.request("call.hangup", { callId }, SLOW_TIMEOUT);
    await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
    await untilClosed(alice);
    return { rates, notified, why };
  } finally {
    await stop();
  }
}

/** Frames at both ends, from the camera's first to the last of some frames at the far side. */
async function counted(near: PluginProcess, far: CallObserver, callId: string, start: () => Promise<void>) {
  await start();
  await far.frames(2);
  const before = await framesOf(near, callId);
  await far.frames(FRAMES_IN_CALL);
  const after = await framesOf(near, callId);
  step(`${after.sent - before.sent} frames sent`);
  return {
    captured: after.captured - before.captured,
    faulty: (after.captureFaulty ?? 0) - (before.captureFaulty ?? 0),
    repaired: (after.captureRepaired ?? 0) - (before.captureRepaired ?? 0),
    sent: after.sent - before.sent,
    arrived: FRAMES_IN_CALL,
  };
}

/** Why another camera than the chosen one is open. */
async function whyOf({ host }: PluginProcess, callId: string) {
  const { calls } = await host.request("call.list", {}, SLOW_TIMEOUT);
  return calls.find((call) => call.callId === callId)?.local.camera.why ?? null;
}

async function framesOf({ host }: PluginProcess, callId: string) {
  const { frames } = await host.request("call.stats", { callId }, SLOW_TIMEOUT);
  return frames;
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
process.exit(0);
