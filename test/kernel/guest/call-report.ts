// Runs inside the kernel machine: a call between two plugin processes, with vivid on one side and v4l2loopback's MJPEG on
// the other. Prints one line of JSON, which test/kernel/call.test.ts checks.

import type { FrameSource, PluginNotificationParams } from "../../../rpc-schema/index.ts";
import { connectCall, type PluginProcess, startPair } from "../../support/plugin/plugin-process.ts";
import { columnsOfDataUrl } from "./colour-columns.ts";
import { emulated, LOOPBACK_ID, openCameras, untilClosed, VIVID_ID, WAIT_MS } from "./emulated-plugin.ts";
import { startLoopbackWriter, stopLoopbackWriter } from "./loopback-writer.ts";

const SLOW_TIMEOUT = { timeoutMs: WAIT_MS };
const FRAMES = 3;

/** Prints the progress, for a run that exceeds the machine's time limit. */
function step(name: string): void {
  process.stderr.write(`${Math.round(performance.now())} ms: ${name}\n`);
}

export type CallReport = Awaited<ReturnType<typeof report>>;

async function report() {
  const writer = await startLoopbackWriter("160x120");
  step("frames are written to the loopback camera");
  const { alice, bob, stop } = await startPair(emulated(VIVID_ID), emulated(LOOPBACK_ID));
  step("both plugins know each other");
  try {
    const ringing = await ringAndCancel(alice, bob);
    const call = await callAndWatch(alice, bob);
    await Promise.all([untilClosed(alice), untilClosed(bob)]);
    return { ...ringing, ...call, statuses: [await alice.stop(), await bob.stop()] };
  } finally {
    await stop();
    await stopLoopbackWriter(writer);
  }
}

async function ringAndCancel(alice: PluginProcess, bob: PluginProcess) {
  const openBefore = [...openCameras(alice), ...openCameras(bob)];
  const { callId } = await alice.host.request("call.start", { peerId: bob.peerId, media: "video" });
  await bob.next("call.incoming");
  await alice.next("call.changed", (call) => call.callId === callId && call.local.camera.state === "live");
  const openWhileRinging = [...openCameras(alice), ...openCameras(bob)];
  await alice.host.request("call.hangup", { callId });
  await bob.next("call.ended", (end) => end.callId === callId);
  step("rang and was cancelled");
  return { openBefore, openWhileRinging };
}

async function callAndWatch(alice: PluginProcess, bob: PluginProcess) {
  const callId = await connectCall(alice, bob);
  step("connected");
  const frames = {
    aliceLocal: await watch(alice, callId, "local"),
    bobLocal: await watch(bob, callId, "local"),
    bobRemote: { ...(await watch(bob, callId, "remote")), ...(await snapshot(bob, callId)) },
    aliceRemote: { ...(await watch(alice, callId, "remote")), ...(await snapshot(alice, callId)) },
  };
  const openInCall = [openCameras(alice), openCameras(bob)];
  await alice.host.request("call.setCamera", { callId, on: false });
  await bob.next("call.changed", (call) => call.remote.camera === "off");
  await untilClosed(alice);
  const openWhileOff = openCameras(alice);
  step("camera off");
  bob.clearNotifications();
  await alice.host.request("call.setCamera", { callId, on: true });
  await bob.next("call.changed", (call) => call.remote.camera === "on");
  const againRemote = await watch(bob, callId, "remote");
  step("camera on again");
  await alice.host.request("call.hangup", { callId });
  await Promise.all([alice.next("call.ended"), bob.next("call.ended")]);
  return { frames, openInCall, openWhileOff, againRemote };
}

/** Reads some frames of a stream like a host. */
async function watch({ host }: PluginProcess, callId: string, source: FrameSource) {
  const frames: { width: number; height: number; dataUrl: string }[] = [];
  const { promise: enough, resolve } = Promise.withResolvers<void>();
  const off = host.onFrameLine((line) => {
    const { params } = JSON.parse(line.toString("latin1")) as { params: PluginNotificationParams<"frame"> };
    frames.push(params);
    host.notify("frames.ack", { stream: params.stream, seq: params.seq });
    if (frames.length === FRAMES) resolve();
  });
  const { stream } = await host.request("frames.subscribe", { callId, source }, SLOW_TIMEOUT);
  await enough;
  off();
  await host.request("frames.unsubscribe", { stream }, SLOW_TIMEOUT);
  step(`${source} frames seen`);
  const base64 = frames.map(({ dataUrl }) => dataUrl.slice(dataUrl.indexOf(",")));
  return {
    width: frames[0]?.width,
    height: frames[0]?.height,
    distinct: new Set(base64).size,
  };
}

async function snapshot({ host }: PluginProcess, callId: string) {
  const { dataUrl } = await host.request("call.snapshot", { callId, source: "remote" }, SLOW_TIMEOUT);
  step("snapshot taken");
  return columnsOfDataUrl(dataUrl);
}

process.stdout.write(`${JSON.stringify(await report())}\n`);
process.exit(0);
