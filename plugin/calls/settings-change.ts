// Which changed settings the devices of a running call apply at once. All other settings apply from their next use. Pure;
// the charts decide what follows.

import type { DeviceKind, Settings } from "../../rpc-schema/index.ts";
import type { LiveSettingsChange } from "../../statecharts/index.ts";

/** The settings in force, and a subscription to their changes. */
export interface SettingsSource {
  /** Complete and checked. A later change makes a new object. */
  get(): Settings;
  /** The listener runs after each change. @returns ends the subscription */
  subscribe(listener: (now: Settings, last: Settings) => void): () => void;
}

const KINDS = ["camera", "microphone", "speaker"] as const satisfies DeviceKind[];
const VOICE = ["echoCancellation", "noiseSuppression", "automaticGain"] as const satisfies (keyof Settings)[];
const PICTURE = ["width", "height", "fps"] as const satisfies (keyof Settings["picture"])[];

export function liveSettingsChange(last: Settings, now: Settings): LiveSettingsChange {
  const changed = KINDS.filter((kind) => last[kind] !== now[kind]);
  return {
    preferred: Object.fromEntries(changed.map((kind) => [kind, now[kind]])),
    isVoiceChanged: VOICE.some((name) => last[name] !== now[name]),
    isVideoChanged: PICTURE.some((name) => last.picture[name] !== now.picture[name]),
  };
}
