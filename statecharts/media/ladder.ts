// The ladder that a call comes down when devices fail: what can still be sent, and why it is not more. A pure rule.

import type { Rung } from "../../rpc-schema/index.ts";
import type { DeviceContext } from "./choice.ts";

export interface Standing {
  readonly rung: Rung;
  /** Null where nothing is amiss: everything is sent, or the user wants no more. */
  readonly rungWhy: string | null;
}

const NO_MICROPHONE = "none";

/** A muted microphone counts as a voice: it is there, and its user can speak at once. */
export function standingOf(parts: {
  readonly camera: DeviceContext;
  readonly microphone: DeviceContext;
  /** Why the picture is paused; null while it is not. */
  readonly pictureHeld: string | null;
}): Standing {
  const { camera, microphone, pictureHeld } = parts;
  const hasPicture = camera.open !== null && pictureHeld === null;
  const hasVoice = microphone.open !== null && microphone.open.deviceId !== NO_MICROPHONE;
  const reasons = [
    camera.open === null ? named("Camera", camera.why) : named("Picture paused", pictureHeld),
    microphone.open === null ? named("Microphone", microphone.why) : null,
  ].filter((reason) => reason !== null);
  return { rung: rungOf(hasPicture, hasVoice), rungWhy: reasons.length === 0 ? null : reasons.join("; ") };
}

function rungOf(hasPicture: boolean, hasVoice: boolean): Rung {
  if (hasPicture) return hasVoice ? "pictureAndVoice" : "pictureOnly";
  return hasVoice ? "voiceOnly" : "receiveOnly";
}

const named = (what: string, why: string | null) => (why === null ? null : `${what}: ${why}`);
