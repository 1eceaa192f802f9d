// Runs inside the kernel machine: a call in which v4l2loopback is a webcam that puts zeros before every restart marker, and
// whose frames are all damaged then. Prints one line of JSON, which test/kernel/webcam-call.test.ts checks.

import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { CallObserver, type MediaState } from "./call-observer.ts";
import { emulated, LOOPBACK_ID, untilClosed, VIVID_ID } from "./emulated-plugin.ts";
import { WebcamFeed } from "./webcam-feed.ts";

const SLOW_TIMEOUT = { timeoutMs: 120_000 };
const FRAMES_IN_CALL = 12;

export type WebcamCallReport = Awaited<ReturnType<typeof report>>;

/** Prints the progress, for a run that exceeds the machine's time limit. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

/** In the call Alice has the webcam. Bob's host counts the frames that arrive. */
async function report() {
  const feed = new WebcamFeed();
  try {
    return await watched(feed);
  } finally {
    feed.close();
  }
}

async function watched(feed: WebcamFeed) {
  const { alice, bob, stop } = await startPair(emulated(LOOPBACK_ID), emulated("none"));
  try {
    feed.send("clean");
    const callId = await connectCall(alice, bob);
    const far = await CallObserver.watch(bob, callId);
    const near = await CallObserver.watch(alice, callId);
    step("connected");
    // The first counts exist a second after the call is connected, which a fast start comes before.
    await alice.next("call.statistics");
    const rates = {
      clean: await counted(alice, far, callId, () => feed.send("clean")),
      stuffed: await counted(alice, far, callId, () => feed.send("stuffed")),
      everySecond: await counted(alice, far, callId, () => feed.send("stuffed", "clean")),
    };
    near.mark();
    feed.send("damaged");
    await near.step("local", ({ mediaLevelReason }) => mediaLevelReason !== null);
    step("damaged and reported");
    const isStandIn = ({ camera, deviceId }: MediaState) => camera === "live" && deviceId === VIVID_ID;
    const replaced = await near.step("local", isStandIn);
    const notified = near.steps("local");
    const why = await whyOf(alice, callId);
    step("replaced by the other camera");
    feed.send("stuffed");
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
async function counted(near: PluginProcess, far: CallObserver, callId: string, start: () => void) {
  start();
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
