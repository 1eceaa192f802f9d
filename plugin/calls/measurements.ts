// The adapt charts' input: what was measured in one second of a call. The sampler publishes it, and the charts' effects
// subscribe.

import { FIRST_ESTIMATE_BPS, isHeldBack, type Measured } from "../../statecharts/index.ts";
import { type StatisticsMoment, statisticsOf } from "./call-statistics.ts";

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

/** Camera frames that are sent without a second's pause. */
export interface FrameFlow {
  /** Monotonic milliseconds. */
  readonly since: number;
  /** The highest estimate of the flow in bits per second; null while unknown. */
  readonly bestBps: number | null;
  /** How long the estimate has held the picture back without rising. */
  readonly stalledMs: number;
  /** The estimate has neither fallen nor stalled for long. */
  readonly isRampingUp: boolean;
  /** The estimates of the last seconds, the newest last, since WebRTC found the limit; null before. */
  readonly found: readonly number[] | null;
}

/** The estimate varies by 3 % without a limit. It rises by 8 % a second as long as nothing is in the way. */
const FALL_SHARE = 0.97;
const RISE_SHARE = 1.03;
/** WebRTC's receiver reports at least every five seconds. */
const LONGEST_STALL_MS = 10_000;
/** An estimate that falls for a moment must not cost several steps. */
const FOUND_SECONDS = 3;

/** @returns the flow after one more second; null when it sent no frame */
export function nextFlow(
  flow: FrameFlow | null,
  now: StatisticsMoment,
  last: StatisticsMoment,
): FrameFlow | null {
  if (now.media.sent <= last.media.sent) return null;
  const former = flow ?? {
    since: last.measuredMs,
    bestBps: null,
    stalledMs: 0,
    isRampingUp: true,
    found: null,
  };
  const { since, bestBps, stalledMs, isRampingUp, found } = former;
  const bps = now.peer.availableSendBps;
  if (bps === null) return former;
  const best = bestBps ?? bps;
  const isStalled = bps < RISE_SHARE * best && isHeldBack(sentBetween(now, last), bps);
  const stalled = isStalled ? stalledMs + now.measuredMs - last.measuredMs : 0;
  // WebRTC begins at FIRST_ESTIMATE_BPS. Only a limit makes it fall below.
  const isFound = found !== null || bps < FALL_SHARE * Math.max(best, FIRST_ESTIMATE_BPS);
  return {
    since,
    found: isFound ? [...(found ?? []), bps].slice(-FOUND_SECONDS) : null,
    // Small rises add up.
    bestBps: bps >= RISE_SHARE * best ? bps : best,
    stalledMs: stalled,
    isRampingUp: isRampingUp && bps >= FALL_SHARE * best && stalled < LONGEST_STALL_MS,
  };
}

/** How long answers took, which shows the queue of the link. */
export interface AnswerTimes {
  /** Each second's fastest, the newest last. */
  readonly latestMs: readonly number[];
  /** How much longer the answers to video took in the last second; null without one. */
  readonly queuedMs: number | null;
}

export const NO_ANSWERS: AnswerTimes = { latestMs: [], queuedMs: null };

/** Longer than a pause of the picture, in which the queue is empty. The path may change, so older answers do not count. */
const ANSWER_SECONDS = 20;

/** The receiver answers to video every second, and to checks of the path every 2.5 s. */
export function nextAnswers(former: AnswerTimes, now: StatisticsMoment, last: StatisticsMoment): AnswerTimes {
  const count = now.peer.videoAnswers - last.peer.videoAnswers;
  const videoMs = count > 0 ? (now.peer.videoAnswersMs - last.peer.videoAnswersMs) / count : null;
  const ofSecond = [videoMs, now.peer.roundTripMs].filter((ms) => ms !== null);
  if (ofSecond.length === 0) return { ...former, queuedMs: null };
  const latestMs = [...former.latestMs, Math.min(...ofSecond)].slice(-ANSWER_SECONDS);
  return { latestMs, queuedMs: videoMs === null ? null : Math.round(videoMs - Math.min(...latestMs)) };
}

function sentBetween(now: StatisticsMoment, last: StatisticsMoment): { bps: number; isRateLimited: boolean } {
  const { sendVideoBps, sendAudioBps } = statisticsOf(now, last);
  return { bps: sendVideoBps + sendAudioBps, isRateLimited: now.peer.isRateLimited };
}

/** What the statistics do not contain: limits by the settings and the camera, and the history of the frames. */
export interface MeasuredBeside extends Pick<Measured, "maxVideoBps" | "picture" | "loopLagMs" | "isScreen"> {
  readonly flow: FrameFlow | null;
  readonly queuedMs: number | null;
}

/** Shares refer to the frames between the two moments; null where there were none. */
export function measuredOf(now: StatisticsMoment, last: StatisticsMoment, beside: MeasuredBeside): Measured {
  const { peer, media, remoteFrames } = now;
  const { flow, queuedMs, ...limits } = beside;
  // A damaged frame says nothing about the processor.
  const faulty = media.captureFaulty - last.media.captureFaulty;
  const captured = media.captured - last.media.captured - faulty;
  const dropped = media.captureDropped - last.media.captureDropped - faulty;
  const replaced = remoteFrames.replaced - last.remoteFrames.replaced;
  const written = remoteFrames.written - last.remoteFrames.written;
  const frames = media.sent - last.media.sent;
  return {
    roundTripMs: peer.roundTripMs,
    sendLoss: peer.sendLoss,
    availableSendBps: peer.availableSendBps,
    // An encoder without frames keeps its last report. A paused picture would never return.
    isEncoderBehind: peer.isEncoderBehind && frames > 0,
    captureDropped: captured > 0 ? dropped / captured : null,
    // A page that takes no frame at all is hidden or closed, and smaller frames would not help it.
    pageReplaced: written > 0 ? replaced / (replaced + written) : null,
    ...limits,
    outgoing: {
      frames,
      ...sentBetween(now, last),
      flowingMs: flow === null ? 0 : now.measuredMs - flow.since,
      isRampingUp: flow?.isRampingUp ?? true,
      linkBps: flow?.found ? Math.max(...flow.found) : null,
      queuedMs,
      isSearchable: peer.isSearchable,
    },
  };
}
