// One call from Bob to Alice over a relayed network: what Alice hears and sees of it, how much of the link it uses, and how often
// its picture changes.

import { setTimeout as delay } from "node:timers/promises";
import { frameLineRoute } from "../../../../plugin/rpc/host-link.ts";
import type { PluginNotificationParams } from "../../../../rpc-schema/index.ts";
import { longestGapMs } from "../../../support/sound/sound-card-clock.ts";
import { type BenchSide, endCall, makeCall } from "../../bench-side.ts";
import type { RelayedSides } from "../../relayed-sides.ts";
import { recordTimed } from "../sound/mouth-to-ear.ts";
import type { LinkMeter } from "./link-meter.ts";

/** A tenth of the received tone: -32 dB of full scale. */
export const HEARD = 800;
const BLOCK_SAMPLES = 480;
/** Before a call is measured it finds its level. */
export const SETTLE_MS = 5_000;

export interface MeasuredCall {
  /** Share of silence at the far sink, in percent, and the longest silence. */
  readonly silentPercent: number;
  readonly gapMs: number;
  /** Share of the sound that the far decoder made up, in percent. */
  readonly concealedPercent: number;
  readonly frozenMs: number;
  readonly fps: number;
  /** Share of what the link could carry, in percent; NaN without a limit. */
  readonly usedPercent: number;
  readonly changesPerMinute: number;
  /** From the start of the call, each with its cause. */
  readonly steps: readonly string[];
  /** From `whenOver` to the next picture; null when it was not asked for, NaN when none came. */
  readonly pictureBackMs: number | null;
}

/** What follows the measured time, in the same call. */
export interface Return {
  /** The network is free again. */
  begin(): void;
  readonly limitMs: number;
}

export async function measureCall(
  { alice, bob }: RelayedSides,
  meter: LinkMeter,
  windowMs: number,
  whenOver: Return | null,
): Promise<MeasuredCall> {
  const sent = followSteps(bob);
  const { callId } = await makeCall(bob.host, alice.host, "video", "audio");
  try {
    await delay(SETTLE_MS);
    const concealed = followConcealment(alice, callId);
    const watch = await watchFrames(alice, callId);
    meter.reset();
    const stepsBefore = sent.steps.length;
    const { samples } = await recordTimed(alice.pulse, "speaker", windowMs);
    const changes = sent.steps.length - stepsBefore;
    const usedPercent = meter.usedPercent();
    const { count, frozenMs } = watch.read();
    const concealedPercent = concealed.stop();
    const pictureBackMs = whenOver && (await returnMs(watch, whenOver));
    watch.stop();
    await endCall(callId, alice.host, bob.host);
    return {
      silentPercent: silentPercentOf(samples),
      gapMs: longestGapMs(samples, HEARD),
      concealedPercent,
      frozenMs,
      fps: (1_000 * count) / windowMs,
      usedPercent,
      changesPerMinute: (60_000 * changes) / windowMs,
      steps: sent.steps,
      pictureBackMs,
    };
  } finally {
    sent.stop();
  }
}

async function returnMs(watch: FrameWatch, { begin, limitMs }: Return): Promise<number> {
  begin();
  const sinceMs = performance.now();
  return (await watch.next(limitMs)) - sinceMs;
}

/** The sizes of the sent picture in their order. A cause that changes alone is no change of the picture. */
function followSteps({ host }: BenchSide) {
  const steps: string[] = [];
  let last: string | null = null;
  const stop = host.plugin.onNotification("call.changed", ({ sending }) => {
    if (sending.step === last) return;
    last = sending.step;
    steps.push(sending.strain ? `${sending.step} (${sending.strain})` : sending.step);
  });
  return { steps, stop };
}

/** By the statistics of each second. A second in which no sound arrived counts whole. */
function followConcealment({ host }: BenchSide, callId: string) {
  const shares: number[] = [];
  const onSecond = (statistics: PluginNotificationParams<"call.statistics">) => {
    if (statistics.callId === callId) shares.push(statistics.concealedSound ?? 1);
  };
  const off = host.plugin.onNotification("call.statistics", onSecond);
  return {
    /** @returns percent; NaN without a second */
    stop(): number {
      off();
      return (100 * shares.reduce((sum, share) => sum + share, 0)) / shares.length;
    },
  };
}

export type FrameWatch = Awaited<ReturnType<typeof watchFrames>>;

/** Takes the remote pictures as a page would, each at once. */
export async function watchFrames({ host }: BenchSide, callId: string) {
  const { plugin } = host;
  let count = 0;
  let frozenMs = 0;
  let lastMs = performance.now();
  let stream = "";
  let onNext: (atMs: number) => void = () => undefined;
  const off = plugin.onFrameLine((line) => {
    const route = frameLineRoute(line);
    if (!route) return;
    plugin.notify("frames.ack", route);
    if (route.stream !== stream) return;
    const nowMs = performance.now();
    count += 1;
    frozenMs = Math.max(frozenMs, nowMs - lastMs);
    lastMs = nowMs;
    onNext(nowMs);
  });
  ({ stream } = await plugin.request("frames.subscribe", { callId, source: "remote", maxWidth: 1280 }));
  return {
    /** When the next picture arrives, monotonic ms; NaN when none does within `limitMs`. */
    async next(limitMs: number): Promise<number> {
      const { promise, resolve } = Promise.withResolvers<number>();
      onNext = resolve;
      const late = setTimeout(() => resolve(Number.NaN), limitMs);
      return await promise.finally(() => clearTimeout(late));
    },
    /** Pictures until now, and the longest time without a new one. */
    read: () => ({ count, frozenMs: Math.max(frozenMs, performance.now() - lastMs) }),
    stop: off,
  };
}

function silentPercentOf(samples: Int16Array): number {
  let silent = 0;
  let blocks = 0;
  for (let from = 0; from + BLOCK_SAMPLES <= samples.length; from += BLOCK_SAMPLES) {
    blocks += 1;
    if (samples.subarray(from, from + BLOCK_SAMPLES).every((sample) => Math.abs(sample) < HEARD)) silent += 1;
  }
  return (100 * silent) / blocks;
}
