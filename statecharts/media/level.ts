// The media level of a call: what can be sent with the open devices, and why it is not more. A pure rule.

import type { MediaLevel } from "../../rpc-schema/index.ts";
import type { DeviceContext } from "./choice.ts";

export interface MediaLevelState {
  readonly mediaLevel: MediaLevel;
  /** Null when everything is sent, or when the user switched the rest off. */
  readonly mediaLevelReason: string | null;
}

const NO_MICROPHONE = "none";

/** A muted microphone counts as a voice, because its user can unmute it at any time. */
export function mediaLevelState(parts: {
  readonly camera: DeviceContext;
  readonly microphone: DeviceContext;
  /** Why video is paused; null while it is not. */
  readonly videoPauseReason: string | null;
  /** Why the other side takes no picture; null if it does, undefined while it is unknown. */
  readonly videoRefusal?: string | null;
  /** A shared screen replaces the camera, whose faults then keep nothing from being sent. */
  readonly screen?: { readonly open: object | null };
}): MediaLevelState {
  const { camera, microphone, videoPauseReason, videoRefusal = null, screen } = parts;
  const hasSource = (screen?.open ?? null) !== null || (camera.open !== null && camera.interruption === null);
  const hasPicture = hasSource && videoPauseReason === null;
  const hasVoice = microphone.open !== null && microphone.open.deviceId !== NO_MICROPHONE;
  // The camera is withheld, which is no fault of it.
  const isRefused = camera.open === null && camera.why !== null && camera.why === videoRefusal;
  const reasons = [
    isRefused ? videoRefusal : null,
    hasSource || isRefused ? null : named("Camera", camera.interruption ?? camera.why),
    hasSource ? named("Picture paused", videoPauseReason) : null,
    microphone.open === null ? named("Microphone", microphone.why) : null,
  ].filter((reason) => reason !== null);
  return {
    mediaLevel: mediaLevelOf(hasPicture, hasVoice),
    mediaLevelReason: reasons.length === 0 ? null : reasons.join("; "),
  };
}

/** @returns the level of a side that sends these */
export function mediaLevelOf(hasPicture: boolean, hasVoice: boolean): MediaLevel {
  if (hasPicture) return hasVoice ? "pictureAndVoice" : "pictureOnly";
  return hasVoice ? "voiceOnly" : "receiveOnly";
}

const named = (what: string, why: string | null) => (why === null ? null : `${what}: ${why}`);
