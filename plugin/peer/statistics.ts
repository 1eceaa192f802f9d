// Converts the engine's statistics report (W3C webrtc-stats) to ours. A missing field is zero, or null where zero would be
// misleading.

import { type Rotation, uprightSize } from "../../native/types.ts";
import { isProbeFrame } from "./bandwidth/bandwidth-probe.ts";
import type { PeerStatistics } from "./peer.ts";
import type { WrtcStatsEntry } from "./wrtc-types.ts";

const MS_PER_SECOND = 1000;
/**
 * A receiver reports every 7.5 s at the latest (RFC 3550, section 6.2), but not on a stream that is not sent. Its last report then
 * stays as it was.
 */
const REPORT_MS = 10_000;

/** The statistics of a connection that was closed before the first report. */
export const NO_STATISTICS: PeerStatistics = Object.freeze({
  isRelayed: null,
  roundTripMs: null,
  availableSendBps: null,
  isSearchable: false,
  bytesSentVideo: 0,
  bytesSentAudio: 0,
  bytesReceivedVideo: 0,
  bytesReceivedAudio: 0,
  packetsReceived: 0,
  packetsLost: 0,
  soundSamples: 0,
  concealedSamples: 0,
  jitterMs: null,
  sendLoss: null,
  soundLoss: null,
  videoAnswers: 0,
  videoAnswersMs: 0,
  isEncoderBehind: false,
  isRateLimited: false,
  sendFps: 0,
  receiveFps: 0,
  sendWidth: 0,
  sendHeight: 0,
  receiveWidth: 0,
  receiveHeight: 0,
  avOffsetMs: null,
});

/** Reads our figures from all entries of a report. */
export function readStatistics(report: ReadonlyMap<string, WrtcStatsEntry>): PeerStatistics {
  const entries = [...report.values()];
  const inbound = entries.filter((entry) => entry.type === "inbound-rtp");
  const outbound = entries.filter((entry) => entry.type === "outbound-rtp");
  const videoIn = inbound.filter(isVideo);
  const videoOut = outbound.filter(isVideo);
  const answers = entries.filter((entry) => entry.type === "remote-inbound-rtp");
  const recentAnswers = answers.filter(isRecentIn(entries));
  const videoAnswers = answers.filter(isVideo);
  const pair = selectedPair(report, entries);
  const jitterSeconds = largest(inbound, "jitter");
  const roundTripSeconds = optional(pair, "currentRoundTripTime");
  return {
    isRelayed: isRelayed(report, pair),
    roundTripMs: roundTripSeconds === null ? null : roundTripSeconds * MS_PER_SECOND,
    availableSendBps: optional(pair, "availableOutgoingBitrate"),
    isSearchable: false,
    bytesSentVideo: sum(videoOut, "bytesSent"),
    bytesSentAudio: sum(outbound, "bytesSent") - sum(videoOut, "bytesSent"),
    bytesReceivedVideo: sum(videoIn, "bytesReceived"),
    bytesReceivedAudio: sum(inbound, "bytesReceived") - sum(videoIn, "bytesReceived"),
    packetsReceived: sum(inbound, "packetsReceived"),
    // RFC 3550 allows negative values after duplicates. They count as no loss.
    packetsLost: Math.max(0, sum(inbound, "packetsLost")),
    soundSamples: sum(inbound, "totalSamplesReceived"),
    concealedSamples: sum(inbound, "concealedSamples"),
    jitterMs: jitterSeconds === null ? null : jitterSeconds * MS_PER_SECOND,
    sendLoss: largest(newestOf(recentAnswers), "fractionLost"),
    soundLoss: largest(
      recentAnswers.filter((entry) => !isVideo(entry)),
      "fractionLost",
    ),
    videoAnswers: sum(videoAnswers, "roundTripTimeMeasurements"),
    videoAnswersMs: sum(videoAnswers, "totalRoundTripTime") * MS_PER_SECOND,
    isEncoderBehind: videoOut.some((entry) => entry.qualityLimitationReason === "cpu"),
    isRateLimited: videoOut.some((entry) => entry.qualityLimitationReason === "bandwidth"),
    sendFps: largest(videoOut, "framesPerSecond") ?? 0,
    receiveFps: largest(videoIn, "framesPerSecond") ?? 0,
    sendWidth: largest(videoOut, "frameWidth") ?? 0,
    sendHeight: largest(videoOut, "frameHeight") ?? 0,
    receiveWidth: largest(videoIn, "frameWidth") ?? 0,
    receiveHeight: largest(videoIn, "frameHeight") ?? 0,
    avOffsetMs: avOffset(
      inbound.find((entry) => !isVideo(entry)),
      videoIn[0],
    ),
  };
}

/**
 * @returns the address of this machine that the selected path leaves from, RFC 8445 section 4 (base); null for a relayed path,
 *   or one whose base the engine does not tell; undefined while there is no path
 */
export function usedAddress(report: ReadonlyMap<string, WrtcStatsEntry>): string | null | undefined {
  const id = selectedPair(report, [...report.values()])?.localCandidateId;
  const own = typeof id === "string" ? report.get(id) : undefined;
  if (own === undefined) return undefined;
  if (own.candidateType === "relay") return null;
  const address = own.candidateType === "host" ? (own.address ?? own.ip) : own.relatedAddress;
  return typeof address === "string" && address !== "" ? address : null;
}

/** The engine reports the size of received frames as they travel. @returns the size as users see them */
export function withUprightSize(figures: PeerStatistics, rotation: Rotation): PeerStatistics {
  const { receiveWidth, receiveHeight } = figures;
  const { width, height } = uprightSize({ width: receiveWidth, height: receiveHeight, rotation });
  return { ...figures, receiveWidth: width, receiveHeight: height };
}

/**
 * An estimate beyond the limit of the last search is of no use before the next one, which must follow all the same.
 * @param limitBps null: nothing was searched for
 */
export function withinLimit(figures: PeerStatistics, limitBps: number | null): PeerStatistics {
  const { availableSendBps: bps } = figures;
  return bps === null || limitBps === null
    ? figures
    : { ...figures, availableSendBps: Math.min(bps, limitBps) };
}

/**
 * Leaves out the bandwidth probes of both sides, which are no pictures.
 * @param probeBytes of the sent video
 * @param hasSentVideo whether anything but the probe was sent
 */
export function withoutProbe(
  read: PeerStatistics,
  probeBytes: number,
  hasSentVideo: boolean,
): PeerStatistics {
  const bytesSentVideo = Math.max(0, read.bytesSentVideo - probeBytes);
  const isProbing = !hasSentVideo || isProbeFrame({ width: read.sendWidth, height: read.sendHeight });
  const isProbed = isProbeFrame({ width: read.receiveWidth, height: read.receiveHeight });
  return {
    ...read,
    bytesSentVideo,
    ...(isProbing ? { sendFps: 0, sendWidth: 0, sendHeight: 0 } : {}),
    ...(isProbed ? { receiveFps: 0, receiveWidth: 0, receiveHeight: 0 } : {}),
  };
}

/** The engine stamps an answer when it arrives, and all that it knows itself when it is asked. Without a stamp an answer is recent. */
function isRecentIn(entries: WrtcStatsEntry[]): (answer: WrtcStatsEntry) => boolean {
  const nowMs = largest(entries, "timestamp") ?? 0;
  return (answer) => nowMs - (optional(answer, "timestamp") ?? nowMs) <= REPORT_MS;
}

/**
 * All of them without stamps. A report on a picture is about the last second, and one on sound about the last five. After an outage of
 * one second the latter tells of loss for five more.
 */
function newestOf(answers: WrtcStatsEntry[]): WrtcStatsEntry[] {
  const newestMs = largest(answers, "timestamp");
  return answers.filter((answer) => optional(answer, "timestamp") === newestMs);
}

/** Both stamps are taken at the time of the report, in the sender's clock. */
function avOffset(sound: WrtcStatsEntry | undefined, video: WrtcStatsEntry | undefined): number | null {
  const [audioAt, videoAt] = [sound, video].map((entry) => optional(entry, "estimatedPlayoutTimestamp"));
  return audioAt == null || videoAt == null ? null : videoAt - audioAt;
}

function isVideo(entry: WrtcStatsEntry): boolean {
  return (entry.kind ?? entry.mediaType) === "video";
}

/** The transport names the selected pair. Other engines mark it as nominated. */
function selectedPair(
  report: ReadonlyMap<string, WrtcStatsEntry>,
  entries: WrtcStatsEntry[],
): WrtcStatsEntry | undefined {
  for (const entry of entries) {
    if (entry.type !== "transport" || typeof entry.selectedCandidatePairId !== "string") continue;
    const pair = report.get(entry.selectedCandidatePairId);
    if (pair !== undefined) return pair;
  }
  return entries.find((entry) => entry.type === "candidate-pair" && entry.nominated === true);
}

/** A relayed candidate at either end, RFC 8839 section 5.1. Null when the report lacks one of the pair's candidates. */
function isRelayed(
  report: ReadonlyMap<string, WrtcStatsEntry>,
  pair: WrtcStatsEntry | undefined,
): boolean | null {
  const types = [pair?.localCandidateId, pair?.remoteCandidateId].map((id) =>
    typeof id === "string" ? report.get(id)?.candidateType : undefined,
  );
  if (types.includes("relay")) return true;
  return types.includes(undefined) ? null : false;
}

/** Null unless the field is a finite number. Other versions of libwebrtc may lack it. */
function optional(entry: WrtcStatsEntry | undefined, field: string): number | null {
  const value = entry?.[field];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}

function sum(entries: WrtcStatsEntry[], field: string): number {
  return entries.reduce((total, entry) => total + (optional(entry, field) ?? 0), 0);
}

function largest(entries: WrtcStatsEntry[], field: string): number | null {
  const values = entries.map((entry) => optional(entry, field)).filter((value) => value !== null);
  return values.length === 0 ? null : Math.max(...values);
}
