// The figures of each second on their way from who measures to who decides: the reporter and the adapt charts know
// nothing of each other.

import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Measured } from "../../statecharts/index.ts";
import type { StatisticsMoment } from "./call-statistics.ts";

export interface MeasurementChannel {
  publish(callId: string, measured: Measured): void;
  /** @returns ends it */
  subscribe(callId: string, listener: (measured: Measured) => void): () => void;
}

export function createMeasurementChannel(): MeasurementChannel {
  const listeners = new Map<string, Set<(measured: Measured) => void>>();
  return {
    publish(callId, measured) {
      for (const listener of listeners.get(callId) ?? []) listener(measured);
    },
    subscribe(callId, listener) {
      const ofCall = listeners.get(callId) ?? new Set();
      listeners.set(callId, ofCall.add(listener));
      return () => {
        ofCall.delete(listener);
        if (ofCall.size === 0) listeners.delete(callId);
      };
    },
  };
}

/** What the settings and the camera say, which no statistics hold. */
export interface SendPlan {
  readonly maxVideoBps: number;
  readonly picture: Measured["picture"];
}

/** Shares are of the pictures between the two moments; null where there were none. */
export function measuredOf(
  now: StatisticsMoment,
  last: StatisticsMoment,
  loopLagMs: number | null,
  plan: SendPlan,
): Measured {
  const { peer, media, remoteFrames } = now;
  const captured = media.captured - last.media.captured;
  const dropped = media.captureDropped - last.media.captureDropped;
  const replaced = remoteFrames.replaced - last.remoteFrames.replaced;
  const written = remoteFrames.written - last.remoteFrames.written;
  return {
    roundTripMs: peer.roundTripMs,
    sendLoss: peer.sendLoss,
    availableSendBps: peer.availableSendBps,
    isEncoderBehind: peer.isEncoderBehind,
    loopLagMs,
    captureDropped: captured > 0 ? dropped / captured : null,
    // A page that takes none at all is hidden or gone, which smaller pictures would not mend.
    pageReplaced: written > 0 ? replaced / (replaced + written) : null,
    ...plan,
  };
}

/** Timers are asked for this often; finer costs more and says no more about blocks of 10 ms. */
const RESOLUTION_MS = 20;
const NS_PER_MS = 1_000_000;

export interface LoopLag {
  /** By how much a timer was late in the second since the last call, milliseconds: the slowest tenth begins there. */
  take(): number;
  stop(): void;
}

export function measureLoopLag(): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  histogram.enable();
  return {
    take() {
      // A second without one timer at all is one long block, which the next one's maximum shows.
      const delayMs = histogram.count === 0 ? RESOLUTION_MS : histogram.percentile(90) / NS_PER_MS;
      histogram.reset();
      return Math.max(0, delayMs - RESOLUTION_MS);
    },
    stop: () => void histogram.disable(),
  };
}
