// The ladder that a call comes down when devices fail: what can still be sent, and why it is not more. A pure rule.

import type { MediaLevel } from "../../rpc-schema/index.ts";
import type { DeviceContext } from "./choice.ts";

export interface MediaLevelState {
  readonly mediaLevel: MediaLevel;
  /** Null where nothing is amiss: everything is sent, or the user wants no more. */
  readonly mediaLevelReason: string | null;
}

const NO_MICROPHONE = "none";

/** A muted microphone counts as a voice: it is there, and its user can speak at once. */
export function mediaLevelState(parts: {
  readonly camera: DeviceContext;
  readonly microphone: DeviceContext;
  /** Why the picture is paused; null while it is not. */
  readonly videoPauseReason: string | null;
}): MediaLevelState {
  const { camera, microphone, videoPauseReason } = parts;
  const hasPicture = camera.open !== null && videoPauseReason === null;
  const hasVoice = microphone.open !== null && microphone.open.deviceId !== NO_MICROPHONE;
  const reasons = [
    camera.open === null ? named("Camera", camera.why) : named("Picture paused", videoPauseReason),
    microphone.open === null ? named("Microphone", microphone.why) : null,
  ].filter((reason) => reason !== null);
  return {
    mediaLevel: mediaLevelOf(hasPicture, hasVoice),
    mediaLevelReason: reasons.length === 0 ? null : reasons.join("; "),
  };
}

/** @returns what a side that has these sends at most */
export function mediaLevelOf(hasPicture: boolean, hasVoice: boolean): MediaLevel {
  if (hasPicture) return hasVoice ? "pictureAndVoice" : "pictureOnly";
  return hasVoice ? "voiceOnly" : "receiveOnly";
}

const named = (what: string, why: string | null) => (why === null ? null : `${what}: ${why}`);
