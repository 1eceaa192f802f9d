// How soon a picture of 1280x720 is received in full, on a free link between two plugins: from the connection, and from the
// moment at which a camera is switched on in mid-call. No page draws; the hosts acknowledge each frame.

import { setTimeout as delay } from "node:timers/promises";
import type { Host } from "../../../../plugin/host/host.ts";
import { frameLineRoute } from "../../../../plugin/rpc/host-link.ts";
import { pictureStepSchema } from "../../../../rpc-schema/index.ts";
import {
  type BenchSide,
  endCall,
  type FrameSize,
  introduce,
  makeCall,
  startSide,
  unixMs,
} from "../../bench-side.ts";
import type { FigureName } from "../../figures.ts";
import { type ChromiumStartOptions, measureChromiumStart } from "../chromium-call.ts";
import { fullAfterMs, type SeenFrame } from "./full-picture.ts";

interface CallStartReport {
  /** The callee answers by voice. */
  readonly oneWayMs: number;
  /** The caller's camera comes on in a voice call. */
  readonly cameraOnMs: number;
  /** Both cameras from the start: received by the callee, and by the caller. */
  readonly twoWayMs: readonly [number, number];
  /** Changes to a smaller picture because of the link, over all these calls. */
  readonly stepsDown: number;
}

/** Chromium takes many seconds to grow a picture. */
const CHROMIUM_PATIENCE = 3;

/** @param windowMs time for each picture to become full, and to show that it stays */
async function measureCallStarts(size: FrameSize, windowMs: number): Promise<CallStartReport> {
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const sides: BenchSide[] = [];
    for (const label of ["Alice", "Bob"]) {
      const side = await startSide(label, size);
      cleanups.push(side.stop);
      sides.push(side);
    }
    const [alice, bob] = sides.map(({ host }) => host) as [Host, Host];
    await introduce(alice, bob);
    return await measureBetween(alice, bob, size, windowMs);
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

async function measureBetween(
  alice: Host,
  bob: Host,
  size: FrameSize,
  windowMs: number,
): Promise<CallStartReport> {
  const steps = [alice, bob].map(countStepsDown);
  const voiceAnswer = await makeCall(bob, alice, "video", "audio");
  const oneWay = await watch(alice, voiceAnswer.callId);
  await delay(windowMs);
  await endCall(voiceAnswer.callId, alice, bob);

  const voice = await makeCall(bob, alice, "audio", "audio");
  const late = await watch(alice, voice.callId);
  await delay(windowMs / 2);
  const cameraAt = unixMs();
  await bob.plugin.request("call.setCamera", { callId: voice.callId, on: true });
  await delay(windowMs);
  await endCall(voice.callId, alice, bob);

  const both = await makeCall(bob, alice, "video", "video");
  const twoWay = [await watch(alice, both.callId), await watch(bob, both.callId)] as const;
  await delay(windowMs);
  await endCall(both.callId, alice, bob);
  return {
    oneWayMs: fullAfterMs(oneWay, voiceAnswer.connectedAt, size),
    cameraOnMs: fullAfterMs(late, cameraAt, size),
    twoWayMs: [
      fullAfterMs(twoWay[0], both.connectedAt, size),
      fullAfterMs(twoWay[1], both.connectedAt, size),
    ],
    stepsDown: steps.reduce((sum, count) => sum + count(), 0),
  };
}

/** Subscribes to the remote picture and acknowledges it until the host stops. @returns the frames so far, at any time */
async function watch({ plugin }: Host, callId: string): Promise<readonly SeenFrame[]> {
  const seen: SeenFrame[] = [];
  const early: { stream: string; frame: SeenFrame }[] = [];
  let own: string | null = null;
  plugin.onFrameLine((line) => {
    const route = frameLineRoute(line);
    if (!route) return;
    plugin.notify("frames.ack", route);
    const width = Number(/"width":(\d+)/.exec(line.toString("latin1", 0, 400))?.[1]);
    const frame = { atMs: unixMs(), width };
    if (own === null) early.push({ stream: route.stream, frame });
    else if (route.stream === own) seen.push(frame);
  });
  const { stream } = await plugin.request("frames.subscribe", { callId, source: "remote", quality: 30 });
  own = stream;
  seen.push(...early.filter((each) => each.stream === stream).map(({ frame }) => frame));
  return seen;
}

/** @returns how often the plugin reported a smaller picture because of the link */
function countStepsDown({ plugin }: Host): () => number {
  let count = 0;
  let last = 0;
  plugin.onNotification("call.changed", ({ sending }) => {
    const now = pictureStepSchema.options.indexOf(sending.step);
    if (now > last && sending.strain === "link") count += 1;
    last = now;
  });
  return () => count;
}

type SetFigure = (name: FigureName, value: number, note?: string) => void;

export const START_FIGURES = [
  "start.oneWay",
  "start.cameraOn",
  "start.twoWay",
  "start.chromiumOneWay",
  "start.chromiumCameraOn",
  "start.chromiumTwoWay",
  "start.oneWayAgainstChromium",
  "start.cameraOnAgainstChromium",
  "start.twoWayAgainstChromium",
  "start.stepsDown",
] as const satisfies FigureName[];

/** Plugins, then Chromium, with the same picture and limit. Two ways count the later side. */
export async function measureStartsBeside(
  size: FrameSize,
  maxBitrateBps: number,
  windowMs: number,
  set: SetFigure,
): Promise<void> {
  const own = await measureCallStarts(size, windowMs);
  const ownTwoWay = Math.max(...own.twoWayMs);
  set("start.oneWay", own.oneWayMs, "the callee answers by voice");
  set("start.cameraOn", own.cameraOnMs, "in a voice call");
  set("start.twoWay", ownTwoWay, `each side's: ${own.twoWayMs.map((ms) => ms.toFixed(0)).join(" ")}`);
  set("start.stepsDown", own.stepsDown, "smaller pictures for the sake of the link");
  const chromium = (cameras: ChromiumStartOptions["cameras"]) =>
    measureChromiumStart({ size, maxBitrateBps, cameras, windowMs: CHROMIUM_PATIENCE * windowMs });
  const [oneWayMs] = await chromium(["on", "none"]);
  const [cameraOnMs] = await chromium(["off", "none"]);
  const twoWayMs = Math.max(...(await chromium(["on", "on"])));
  set("start.chromiumOneWay", oneWayMs);
  set("start.chromiumCameraOn", cameraOnMs);
  set("start.chromiumTwoWay", twoWayMs);
  set("start.oneWayAgainstChromium", own.oneWayMs / oneWayMs);
  set("start.cameraOnAgainstChromium", own.cameraOnMs / cameraOnMs);
  set("start.twoWayAgainstChromium", ownTwoWay / twoWayMs);
}
