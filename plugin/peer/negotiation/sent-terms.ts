// How the engine sends. It takes all of this from the remote description only, as if the remote side had asked for it.

import type { Estimator, SoundPacketKind } from "../peer.ts";
import { withReceiverEstimate, withSoundPackets, withVideoCeiling } from "../session-description.ts";

export interface SentTerms {
  readonly soundPackets: SoundPacketKind;
  readonly estimator: Estimator;
  /** The limit of sent video in bits per second; null: that of our own encoder settings. */
  readonly videoBps: number | null;
}

/** The lines count in kilobits per second. */
const STEP_BPS = 1_000;

/**
 * The engine measures the path at a new limit of the whole estimate that is higher than the last one. It also does at any other limit of
 * the video, while little is sent. Where only the remote description limits our video, the sound's section lifts the limit of the
 * whole again at once.
 * @param formerBps the limit of the last search; null: there was none
 * @param mustRise pictures are sent, and the last limit still holds
 * @returns the limits to apply one after the other, the last of which is searched for
 */
export function searchLimits(bps: number, formerBps: number | null, mustRise: boolean): number[] {
  if (formerBps === null || formerBps <= bps - STEP_BPS) return [bps];
  if (mustRise) return [bps - STEP_BPS, bps];
  return [formerBps < bps + STEP_BPS ? bps - STEP_BPS : bps];
}

/** @returns the remote description with the lines that make the engine send so */
export function withSentTerms(sdp: string, { soundPackets, estimator, videoBps }: SentTerms): string {
  const limited = videoBps === null ? sdp : withVideoCeiling(sdp, videoBps);
  const estimated = estimator === "receiver" ? withReceiverEstimate(limited) : limited;
  return withSoundPackets(estimated, soundPackets);
}
