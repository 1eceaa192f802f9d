// Turns WebRTC's counters into the rates and the quality that users see.

import type { CallQuality, CallStatistics, FrameCounts } from "../../rpc-schema/index.ts";
import type { PeerStatistics } from "../peer/peer.ts";
import type { MediaCounts } from "./call-media.ts";

/** Twice the one-way delays of ITU-T G.114, which calls 150 ms good and 400 ms the limit. */
const GOOD_ROUND_TRIP_MS = 300;
const FAIR_ROUND_TRIP_MS = 800;
/** Opus and VP8 conceal a loss of up to about 2 %; above 8 % speech suffers. */
const GOOD_LOSS = 0.02;
const FAIR_LOSS = 0.08;

/** All counters of one call, read at the same moment. */
export interface StatisticsMoment {
  readonly callId: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** The same moment in monotonic milliseconds, for rates. */
  readonly measuredMs: number;
  readonly peer: PeerStatistics;
  readonly media: MediaCounts;
  /** Median; null before the first frame. */
  readonly captureToSendMs: number | null;
  readonly pictureHoldMs: number;
  readonly remoteFrames: FrameCounts;
  readonly localFrames: FrameCounts;
}

/** Rates cover the time since `last`; they are zero at the first moment. */
export function statisticsOf(now: StatisticsMoment, last: StatisticsMoment | null): CallStatistics {
  const seconds = last ? Math.max((now.measuredMs - last.measuredMs) / 1000, 0.001) : 0;
  const rate = (key: "bytesSentVideo" | "bytesSentAudio" | "bytesReceivedVideo" | "bytesReceivedAudio") =>
    last ? Math.max(0, Math.round(((now.peer[key] - last.peer[key]) * 8) / seconds)) : 0;
  const fractionLost = lossBetween(now.peer, last?.peer ?? null);
  const { peer } = now;
  // The engine counts placeholders as frames. They are no picture of ours.
  const hasSent = now.media.sent > (last?.media.sent ?? 0);
  return {
    callId: now.callId,
    at: now.at,
    quality: qualityOf(peer.roundTripMs, fractionLost),
    roundTripMs: peer.roundTripMs,
    sendVideoBps: rate("bytesSentVideo"),
    sendAudioBps: rate("bytesSentAudio"),
    receiveVideoBps: rate("bytesReceivedVideo"),
    receiveAudioBps: rate("bytesReceivedAudio"),
    availableSendBps: peer.availableSendBps,
    packetsLost: peer.packetsLost,
    fractionLost,
    concealedSound: concealedBetween(now.peer, last?.peer ?? null),
    jitterMs: peer.jitterMs,
    sendFps: hasSent ? peer.sendFps : 0,
    receiveFps: peer.receiveFps,
    sendWidth: hasSent ? peer.sendWidth : 0,
    sendHeight: hasSent ? peer.sendHeight : 0,
    receiveWidth: peer.receiveWidth,
    receiveHeight: peer.receiveHeight,
    captureToSendMs: now.captureToSendMs,
    pictureHoldMs: now.pictureHoldMs,
    frames: { ...now.media, remote: now.remoteFrames, local: now.localFrames },
  };
}

/** Delay of the remote audio behind the remote video, in milliseconds; null unless both arrived since `last`. */
export function avOffset({ peer }: StatisticsMoment, last: StatisticsMoment | null): number | null {
  const flows =
    last !== null &&
    peer.bytesReceivedAudio > last.peer.bytesReceivedAudio &&
    peer.bytesReceivedVideo > last.peer.bytesReceivedVideo;
  return flows ? peer.avOffsetMs : null;
}

/**
 * The share of packets lost between the moments, from the sums of RFC 3550, section 6.4.1; null when none was expected.
 */
function lossBetween(now: PeerStatistics, last: PeerStatistics | null): number | null {
  if (last === null) return null;
  const lost = Math.max(0, now.packetsLost - last.packetsLost);
  const expected = Math.max(0, now.packetsReceived - last.packetsReceived) + lost;
  return expected === 0 ? null : lost / expected;
}

/** The share of concealed sound between the moments; null when no sound arrived. */
function concealedBetween(now: PeerStatistics, last: PeerStatistics | null): number | null {
  if (last === null || now.bytesReceivedAudio <= last.bytesReceivedAudio) return null;
  const played = now.soundSamples - last.soundSamples;
  return played <= 0 ? null : Math.min(1, Math.max(0, now.concealedSamples - last.concealedSamples) / played);
}

/** `unknown` until a round trip was measured. */
export function qualityOf(roundTripMs: number | null, fractionLost: number | null): CallQuality {
  if (roundTripMs === null) return "unknown";
  const loss = fractionLost ?? 0;
  if (roundTripMs <= GOOD_ROUND_TRIP_MS && loss <= GOOD_LOSS) return "good";
  if (roundTripMs <= FAIR_ROUND_TRIP_MS && loss <= FAIR_LOSS) return "fair";
  return "poor";
}
