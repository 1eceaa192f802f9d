// Rates one second of measurements: something cannot keep up, the load fits, or there is room for more. Pure decision tables
// with their thresholds. The chart decides how long a result must last before it counts.

import type { PictureStep, Strain } from "../../rpc-schema/index.ts";

export type AdaptedDirection = "sending" | "showing";

/** One second of a call. null: unknown, which never counts against a step. */
export interface Measured {
  readonly roundTripMs: number | null;
  /** Lost share of the sent packets, 0 to 1, as the peer reports it. */
  readonly sendLoss: number | null;
  readonly availableSendBps: number | null;
  /** The settings' maximum for video. */
  readonly maxVideoBps: number;
  /** WebRTC reports that the processor limits its encoder. */
  readonly isEncoderBehind: boolean;
  /** Delay of the main thread's timers. */
  readonly loopLagMs: number | null;
  /** Share of the camera's frames that were dropped for lack of time, 0 to 1. */
  readonly captureDropped: number | null;
  /** The frames of the camera or the screen. */
  readonly picture: { readonly width: number; readonly height: number; readonly fps: number };
  /** Share of remote frames that a newer one replaced before the page took them, 0 to 1; null while it takes none. */
  readonly pageReplaced: number | null;
  /** A screen is sent in place of the camera. Absent: it is not. */
  readonly isScreen?: true;
  /** Logs of earlier versions lack it. Their calls judged the estimate at any time. */
  readonly outgoing?: Outgoing;
}

/** What was sent in the same second. */
export interface Outgoing {
  /** Camera frames given to WebRTC. */
  readonly frames: number;
  /** Sound and picture. */
  readonly bps: number;
  /** How long camera frames have been sent without a second's pause. */
  readonly flowingMs: number;
  /** WebRTC's estimate has neither fallen nor stopped since then, so it may not have found the limit yet. */
  readonly isRampingUp: boolean;
  /** The encoder reports that its bit rate limits the quality. */
  readonly isRateLimited: boolean;
  /**
   * What the link carries in bits per second, once WebRTC has found its limit; null before. Logs of earlier versions lack it. Their
   * calls went down one step at a time.
   */
  readonly linkBps?: number | null;
  /**
   * How much longer the answers to the video took than the fastest answer of the call, in milliseconds; null in a second without one.
   * Logs of earlier versions lack it. Their calls kept a thumbnail on every link.
   */
  readonly queuedMs?: number | null;
  /**
   * The estimate follows the link also while sound alone is sent. Logs of earlier versions lack it. Their calls tried a picture after
   * each pause.
   */
  readonly isSearchable?: boolean;
}

/** What a step leaves of the video: the scale of width and height, and the share of the frame rate. */
export interface VideoShare {
  readonly scale: number;
  readonly rate: number;
}

export const SHARES: Readonly<Record<PictureStep, VideoShare>> = {
  full: { scale: 1, rate: 1 },
  threeQuarters: { scale: 0.75, rate: 1 },
  half: { scale: 0.5, rate: 1 },
  // Below half size, fewer but better frames look better than smaller ones.
  quarter: { scale: 0.25, rate: 0.5 },
  thumbnail: { scale: 0.25, rate: 1 / 6 },
  paused: { scale: 0.25, rate: 0 },
};

/**
 * Of 30 frames a second it leaves a little more than one, so that a still screen, which is captured once a second, still sends in
 * every second. Below it the size gives way.
 */
const LEAST_SCREEN_RATE = 1 / 24;
/** A slightly smaller size blurs all text and saves little. */
const LEAST_BLUR = 0.8;

/**
 * Spends as many pixels a second on a screen as on a camera, but drops the rate before the size: text must stay legible. Only a
 * thumbnail loses size.
 * @param share of a camera's frames
 */
export function screenShareOf({ scale, rate }: VideoShare): VideoShare {
  const pixels = scale ** 2 * rate;
  if (pixels === 0 || pixels >= LEAST_SCREEN_RATE) return { scale: 1, rate: pixels };
  const size = Math.sqrt(pixels / LEAST_SCREEN_RATE);
  return { scale: size > LEAST_BLUR ? 1 : size, rate: LEAST_SCREEN_RATE };
}

export type LoadAssessment =
  | { readonly load: "strained"; readonly strain: Strain; readonly reason: string }
  | { readonly load: "fits" }
  | { readonly load: "eased" };

/** Bits per pixel of VP8 below which faces turn into blocks. Its encoders prefer twice as many. */
const LEAST_BITS_PER_PIXEL = 0.03;
/** Opus in 10 ms packets, including headers. */
const VOICE_BPS = 60_000;
/** WebRTC's estimate ends near the configured maximum, so a step must not require all of it. */
const CEILING_SHARE = 0.8;
/** The scale below which a picture is small. */
const SMALL_BELOW = 0.5;
/** Headroom for a higher step. Estimates vary by about 20 %. */
const SPARE = 1.3;

/** WebRTC sends a little less than its estimate, and its rate varies. Below this share the picture needs no more. */
const HELD_BACK_SHARE = 0.75;
/** Where WebRTC's estimate begins. */
export const FIRST_ESTIMATE_BPS = 300_000;
/** Time in which WebRTC measures the path after frames began to flow. */
const START_MS = 4_000;
/** On a link that is full in both directions, the report that makes the estimate fall takes longer than on others. */
const LATEST_LIMIT_MS = 10_000;
/** The least that libwebrtc sends of any picture (kDefaultMinVideoBitrateBps), with a tenth for its headers. */
const LEAST_PICTURE_BPS = 33_000;
/** Opus in packets of 40 ms, including headers: what a link must carry beside a picture. */
const LONG_VOICE_BPS = 32_000;
/** The least picture and the sound, with room for a search to be wrong. A picture returns on a link that carries a little more. */
const TOO_NARROW_BPS = 80_000;
const RETURN_BPS = 100_000;
/** A picture that adds more delays the sound audibly. */
const QUEUED_MS = 250;

const percent = (share: number) => `${Math.round(share * 100)} %`;
const kbps = (bps: number) => `${Math.round(bps / 1000)} kbit/s`;

/** @returns bits per second that the network must carry for this step, voice included */
function needBps(step: PictureStep, { picture, maxVideoBps }: Measured): number {
  const { scale, rate } = SHARES[step];
  const pixels = picture.width * picture.height * scale ** 2 * picture.fps * rate;
  return VOICE_BPS + Math.min(pixels * LEAST_BITS_PER_PIXEL, maxVideoBps * CEILING_SHARE);
}

/**
 * The estimate below which the step is strained. WebRTC's receiver estimates the video alone, so the voice is a margin. A small picture
 * cannot have it, because the estimate falls with what is sent: to 50 kb/s at a quarter, on a link of 300 kb/s.
 */
function leastBps(step: PictureStep, measured: Measured): number {
  const isOfFormerLog = measured.outgoing?.linkBps === undefined;
  const need = needBps(step, measured);
  const least = SHARES[step].scale < SMALL_BELOW && !isOfFormerLog ? need - VOICE_BPS : need;
  return measured.outgoing?.isSearchable ? Math.max(least, TOO_NARROW_BPS) : least;
}

export function reasonOfLink(measured: Measured, step: PictureStep): string {
  const carries = kbps(measured.availableSendBps ?? 0);
  return `the connection carries ${carries}, this picture needs ${kbps(leastBps(step, measured))}`;
}

type Level = LoadAssessment["load"];

/** One line of a decision table: the level of one figure, and the words for its strain. */
interface Row {
  readonly strain: Strain;
  /** @param higher the next step up; null at the top */
  level(measured: Measured, step: PictureStep, higher: PictureStep | null): Level;
  reason(measured: Measured, step: PictureStep): string;
}

type Figure = "sendLoss" | "roundTripMs" | "loopLagMs" | "captureDropped" | "pageReplaced";

/** Strained above one limit, eased up to the other, and neither between them. An unknown figure is eased. */
function byLimits(
  figure: Figure,
  limits: { readonly strainedAbove: number; readonly easedUpTo: number },
  strain: Strain,
  reason: (value: number) => string,
): Row {
  return {
    strain,
    level(measured) {
      const value = measured[figure];
      if (value === null || value <= limits.easedUpTo) return "eased";
      return value > limits.strainedAbove ? "strained" : "fits";
    },
    reason: (measured) => reason(measured[figure] ?? 0),
  };
}

const SENDING: readonly Row[] = [
  // Opus conceals up to 10 % (RFC 6716, section 2.1.7). VP8 video freezes long before.
  byLimits(
    "sendLoss",
    { strainedAbove: 0.1, easedUpTo: 0.02 },
    "link",
    (share) => `${percent(share)} of what is sent gets lost`,
  ),
  // A queue of one second means that we send more than the network carries.
  byLimits(
    "roundTripMs",
    { strainedAbove: 1_000, easedUpTo: 500 },
    "link",
    (ms) => `an answer takes ${Math.round(ms)} ms`,
  ),
  {
    strain: "link",
    level: levelOfEstimate,
    reason: reasonOfLink,
  },
  {
    strain: "processor",
    level: ({ isEncoderBehind }) => (isEncoderBehind ? "strained" : "eased"),
    reason: () => "the processor is too slow to encode the picture",
  },
  // Sound is sent in 10 ms blocks. A delay of eight blocks is too much for the receiver's jitter buffer.
  byLimits(
    "loopLagMs",
    { strainedAbove: 80, easedUpTo: 30 },
    "processor",
    (ms) => `the program runs ${Math.round(ms)} ms late`,
  ),
  byLimits(
    "captureDropped",
    { strainedAbove: 0.3, easedUpTo: 0.1 },
    "processor",
    (share) => `${percent(share)} of the camera's pictures came too fast`,
  ),
];

const SHOWING: readonly Row[] = [
  byLimits(
    "pageReplaced",
    { strainedAbove: 0.4, easedUpTo: 0.1 },
    "page",
    (share) => `the page had no time for ${percent(share)} of the pictures`,
  ),
];

/** What the estimate is compared with; the first line that holds decides. */
const ESTIMATE: readonly {
  holds(measured: Measured, bps: number, step: PictureStep, higher: PictureStep | null): boolean;
  readonly level: Level;
}[] = [
  // WebRTC's estimate is the capacity only while it held the picture back.
  {
    holds: ({ outgoing }, bps) => outgoing !== undefined && !isLimit(outgoing, bps),
    level: "eased",
  },
  { holds: (measured, bps, step) => bps < leastBps(step, measured) && isStarting(measured), level: "fits" },
  { holds: (measured, bps, step) => bps < leastBps(step, measured), level: "strained" },
  {
    holds: (measured, bps, _, higher) => higher !== null && bps < SPARE * needBps(higher, measured),
    level: "fits",
  },
  { holds: () => true, level: "eased" },
];

function levelOfEstimate(measured: Measured, step: PictureStep, higher: PictureStep | null): Level {
  const { availableSendBps: bps } = measured;
  if (bps === null) return "eased";
  // Where WebRTC needs video to update its estimate, the old one must not prevent video from resuming.
  if (step === "paused") return measured.outgoing?.isSearchable && bps < RETURN_BPS ? "fits" : "eased";
  return ESTIMATE.find(({ holds }) => holds(measured, bps, step, higher))?.level ?? "eased";
}

/** Whether a second's picture would have taken more than the estimate allows. */
export function isHeldBack(
  { bps, isRateLimited }: Pick<Outgoing, "bps" | "isRateLimited">,
  estimateBps: number,
): boolean {
  return isRateLimited || bps >= HELD_BACK_SHARE * estimateBps;
}

/** Where it can be searched for, so little is the truth even while the picture still waits for the first measurement. */
function isLimit(outgoing: Outgoing, estimateBps: number): boolean {
  const isTooLittle = outgoing.isSearchable === true && estimateBps < TOO_NARROW_BPS;
  return isTooLittle || isHeldBack(outgoing, estimateBps);
}

function isStarting({ outgoing }: Measured): boolean {
  return outgoing !== undefined && (outgoing.flowingMs < START_MS || outgoing.isRampingUp);
}

/**
 * Whether the link carries no picture beside the sound. The estimate falls with what is sent, so it shows the link only where the
 * picture fills it: a large one always does. Under a small one it ends at libwebrtc's minimum, and then a smaller one takes no less.
 */
function isTooNarrow({ availableSendBps, outgoing }: Measured, step: PictureStep, linkBps: number): boolean {
  if (outgoing?.isSearchable) return linkBps < TOO_NARROW_BPS;
  const isOfFormerLog = outgoing?.queuedMs === undefined;
  if (isOfFormerLog || availableSendBps === null || !isHeldBack(outgoing, availableSendBps)) return false;
  const isSmall = SHARES[step].scale < SMALL_BELOW;
  return linkBps < (isSmall ? LEAST_PICTURE_BPS : LEAST_PICTURE_BPS + LONG_VOICE_BPS);
}

/** Whether packets wait in the link so long that the sound suffers. */
export function isQueued({ outgoing }: Measured): boolean {
  return (outgoing?.queuedMs ?? 0) >= QUEUED_MS;
}

export function reasonOfQueue({ outgoing }: Measured): string {
  return `with a picture an answer takes ${Math.round(outgoing?.queuedMs ?? 0)} ms longer`;
}

/**
 * @param lower the steps below `step`, from the highest
 * @returns the highest of them that the link carries, with its sound; else the lowest that still sends a picture, or none if the link
 *   carries the sound alone. null while the link's limit is unknown
 */
export function stepForLink(
  measured: Measured,
  step: PictureStep,
  lower: readonly PictureStep[],
): PictureStep | null {
  const linkBps = measured.outgoing?.linkBps;
  if (linkBps === undefined || linkBps === null) return null;
  if (isTooNarrow(measured, step, linkBps)) return "paused";
  const withPicture = lower.filter((step) => SHARES[step].rate > 0);
  return withPicture.find((each) => leastBps(each, measured) <= linkBps) ?? withPicture.at(-1) ?? null;
}

/**
 * Whether WebRTC found a limit of the link in the first seconds of frames, and the frames reach it. On a free link the estimate also falls for a
 * moment, but never below its start.
 */
export function isLimitedFromStart({ availableSendBps: bps, outgoing }: Measured): boolean {
  if (bps === null || !outgoing || outgoing.frames === 0) return false;
  const { linkBps } = outgoing;
  const isFound = linkBps !== undefined && linkBps !== null && linkBps < FIRST_ESTIMATE_BPS;
  return isFound && outgoing.flowingMs < LATEST_LIMIT_MS && isLimit(outgoing, bps);
}

/** Whether the link does not carry the step. */
export function exceedsLink(measured: Measured, step: PictureStep): boolean {
  const { availableSendBps: bps } = measured;
  return bps !== null && bps < leastBps(step, measured);
}

/** @param higher the next step up; null at the top */
export function assessLoad(
  measured: Measured,
  direction: AdaptedDirection,
  step: PictureStep,
  higher: PictureStep | null,
): LoadAssessment {
  // Figures of a second without a frame say nothing about frames. While video is paused there is no frame to wait for.
  const isIdle = direction === "sending" && step !== "paused" && measured.outgoing?.frames === 0;
  if (isIdle) return { load: "fits" };
  const rows = direction === "sending" ? SENDING : SHOWING;
  const levels = rows.map((row) => ({ row, level: row.level(measured, step, higher) }));
  const found = levels.find(({ level }) => level === "strained")?.row;
  if (found) return { load: "strained", strain: found.strain, reason: found.reason(measured, step) };
  return { load: levels.every(({ level }) => level === "eased") ? "eased" : "fits" };
}
