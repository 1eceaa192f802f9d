// The adapt charts' input: what was measured in one second of a call. The sampler publishes it, and the charts' effects
// subscribe.

import type { Measured } from "../../statecharts/index.ts";
import type { StatisticsMoment } from "./call-statistics.ts";

export interface MeasurementChannel {
  publish(callId: string, measured: Measured): void;
  /** @returns ends the subscription */
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

/** Limits by the settings and the camera, which are not part of the statistics. */
export type SendLimits = Pick<Measured, "maxVideoBps" | "picture">;

/** Shares refer to the frames between the two moments; null where there were none. */
export function measuredOf(
  now: StatisticsMoment,
  last: StatisticsMoment,
  loopLagMs: number | null,
  limits: SendLimits,
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
    // A page that takes no frame at all is hidden or closed, and smaller frames would not help it.
    pageReplaced: written > 0 ? replaced / (replaced + written) : null,
    ...limits,
  };
}
