// What one second's figures say: something cannot keep up, all is well, or there is room for more. A pure rule with its
// thresholds; how long a verdict must last before it counts is the chart's matter.

import type { PictureStep, Strain } from "../../rpc-schema/index.ts";

export type AdaptedDirection = "sending" | "showing";

/** One second of a call. null: not known, which never counts against a step. */
export interface Measured {
  readonly roundTripMs: number | null;
  /** 0 to 1, of what we sent, as the peer reports it. */
  readonly sendLoss: number | null;
  readonly availableSendBps: number | null;
  /** The settings' ceiling for video. */
  readonly maxVideoBps: number;
  /** WebRTC says that its encoder is held back by the processor. */
  readonly isEncoderBehind: boolean;
  /** How late the main thread's timers are. */
  readonly loopLagMs: number | null;
  /** 0 to 1: pictures that the camera delivered and nobody had time for. */
  readonly captureDropped: number | null;
  /** As the camera gives it. */
  readonly picture: { readonly width: number; readonly height: number; readonly fps: number };
  /** 0 to 1: remote pictures that a newer one replaced before the page took them; null while the page takes none. */
  readonly pageReplaced: number | null;
}

/** What a step leaves of a picture: of each side, and of its pictures a second. */
export interface VideoShare {
  readonly scale: number;
  readonly rate: number;
}

export const SHARES: Readonly<Record<PictureStep, VideoShare>> = {
  full: { scale: 1, rate: 1 },
  threeQuarters: { scale: 0.75, rate: 1 },
  half: { scale: 0.5, rate: 1 },
  // Below half size the eye gains more from fewer, better pictures than from smaller ones.
  quarter: { scale: 0.25, rate: 0.5 },
  thumbnail: { scale: 0.25, rate: 1 / 6 },
  paused: { scale: 0.25, rate: 0 },
};

export type LoadAssessment =
  | { readonly load: "strained"; readonly strain: Strain; readonly reason: string }
  | { readonly load: "fits" }
  | { readonly load: "eased" };

/** Bits for each pixel of VP8 below which faces dissolve into blocks; half of what its encoders like to have. */
const LEAST_BITS_PER_PIXEL = 0.03;
/** Opus in packets of 10 ms, with their headers. */
const VOICE_BPS = 60_000;
/** WebRTC's estimate ends near what it was told to send at most, so a step must not ask for all of that. */
const CEILING_SHARE = 0.8;
/** A bigger step is tried only where the estimate has this much to spare: estimates swing by some 20 %. */
const SPARE = 1.3;

/** For each figure: strained above the first, eased up to the second; between them all is well. */
const LIMITS = {
  /** Opus conceals up to 10 % (RFC 6716, section 2.1.7); VP8 pictures freeze long before. */
  sendLoss: [0.1, 0.02],
  /** Queues of a second mean that we send more than the way carries. */
  roundTripMs: [1_000, 500],
  /** Sound leaves in blocks of 10 ms; eight of them late is more than a far end's jitter buffer likes. */
  loopLagMs: [80, 30],
  captureDropped: [0.3, 0.1],
  pageReplaced: [0.4, 0.1],
} as const;

const percent = (share: number) => `${Math.round(share * 100)} %`;
const kbps = (bps: number) => `${Math.round(bps / 1000)} kbit/s`;

/** Bits a second that the way must carry for this step, voice included. */
export function needBps(step: PictureStep, { picture, maxVideoBps }: Measured): number {
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
  // Without a picture WebRTC learns nothing new about the link, so its old estimate must not keep the picture away.
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
