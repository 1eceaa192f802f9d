// Rates one second of measurements: something cannot keep up, the load fits, or there is room for more. A pure rule with
// its thresholds. The chart decides how long a result must last before it counts.

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
  /** The camera's frames. */
  readonly picture: { readonly width: number; readonly height: number; readonly fps: number };
  /** Share of remote frames that a newer one replaced before the page took them, 0 to 1; null while it takes none. */
  readonly pageReplaced: number | null;
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
/** Headroom for a higher step. Estimates vary by about 20 %. */
const SPARE = 1.3;

/** For each measurement: strained above the first value, eased up to the second, and neither between them. */
const LIMITS = {
  /** Opus conceals up to 10 % (RFC 6716, section 2.1.7). VP8 video freezes long before. */
  sendLoss: [0.1, 0.02],
  /** A queue of one second means that we send more than the network carries. */
  roundTripMs: [1_000, 500],
  /** Sound is sent in 10 ms blocks. A delay of eight blocks is too much for the receiver's jitter buffer. */
  loopLagMs: [80, 30],
  captureDropped: [0.3, 0.1],
  pageReplaced: [0.4, 0.1],
} as const;

const percent = (share: number) => `${Math.round(share * 100)} %`;
const kbps = (bps: number) => `${Math.round(bps / 1000)} kbit/s`;

/** @returns bits per second that the network must carry for this step, voice included */
function needBps(step: PictureStep, { picture, maxVideoBps }: Measured): number {
  const { scale, rate } = SHARES[step];
  const pixels = picture.width * picture.height * scale ** 2 * picture.fps * rate;
  return VOICE_BPS + Math.min(pixels * LEAST_BITS_PER_PIXEL, maxVideoBps * CEILING_SHARE);
}

/** @param higher the next step up; null at the top */
export function assessLoad(
  measured: Measured,
  direction: AdaptedDirection,
  step: PictureStep,
  higher: PictureStep | null,
): LoadAssessment {
  const found = direction === "sending" ? strainOfSending(measured, step) : strainOfShowing(measured);
  if (found) return { load: "strained", ...found };
  const isEased =
    direction === "sending" ? hasRoomToSend(measured, step, higher) : isBelow(measured, "pageReplaced");
  return { load: isEased ? "eased" : "fits" };
}

type Found = { strain: Strain; reason: string } | null;

function strainOfSending(measured: Measured, step: PictureStep): Found {
  const { sendLoss, roundTripMs, availableSendBps, isEncoderBehind, loopLagMs, captureDropped } = measured;
  const link = (reason: string) => ({ strain: "link", reason }) as const;
  const processor = (reason: string) => ({ strain: "processor", reason }) as const;
  if (isAbove(measured, "sendLoss")) return link(`${percent(sendLoss ?? 0)} of what is sent gets lost`);
  if (isAbove(measured, "roundTripMs")) return link(`an answer takes ${Math.round(roundTripMs ?? 0)} ms`);
  const need = needBps(step, measured);
  // Without video WebRTC cannot update its estimate, so the old one must not prevent video from resuming.
  if (step !== "paused" && availableSendBps !== null && availableSendBps < need) {
    return link(`the connection carries ${kbps(availableSendBps)}, this picture needs ${kbps(need)}`);
  }
  if (isEncoderBehind) return processor("the processor is too slow to encode the picture");
  if (isAbove(measured, "loopLagMs"))
    return processor(`the program runs ${Math.round(loopLagMs ?? 0)} ms late`);
  if (isAbove(measured, "captureDropped")) {
    return processor(`${percent(captureDropped ?? 0)} of the camera's pictures came too fast`);
  }
  return null;
}

function strainOfShowing(measured: Measured): Found {
  if (!isAbove(measured, "pageReplaced")) return null;
  const reason = `the page had no time for ${percent(measured.pageReplaced ?? 0)} of the pictures`;
  return { strain: "page", reason };
}

function hasRoomToSend(measured: Measured, step: PictureStep, higher: PictureStep | null): boolean {
  const figures = ["sendLoss", "roundTripMs", "loopLagMs", "captureDropped"] as const;
  if (!figures.every((figure) => isBelow(measured, figure))) return false;
  const { availableSendBps } = measured;
  if (step === "paused" || higher === null || availableSendBps === null) return true;
  return availableSendBps >= SPARE * needBps(higher, measured);
}

function isAbove(measured: Measured, figure: keyof typeof LIMITS): boolean {
  const value = measured[figure];
  return value !== null && value > LIMITS[figure][0];
}

function isBelow(measured: Measured, figure: keyof typeof LIMITS): boolean {
  const value = measured[figure];
  return value === null || value <= LIMITS[figure][1];
}
