// What a change of settings means to the calls that run: which parts of it their devices heed at once. Everything else holds
// from its next use on. Pure; the charts decide what follows.

import type { DeviceKind, Settings } from "../../rpc-schema/index.ts";
import type { LiveSettingsChange } from "../../statecharts/index.ts";

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
