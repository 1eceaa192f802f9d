// Describes a preview to the host's page, from the snapshot of its chart.

import type { SnapshotFrom } from "xstate";
import type { DeviceState, PreviewInfo } from "../../../rpc-schema/index.ts";
import type { PreviewKind, previewMachine } from "../../../statecharts/index.ts";
import type { DeviceStatus } from "../../sound/sound.ts";
import { withStatus } from "../call-info.ts";

type PreviewSnapshot = SnapshotFrom<typeof previewMachine>;

/** @param status what the sound server reports about the open devices */
export function describePreview(
  snapshot: PreviewSnapshot,
  status: Readonly<Partial<Record<"microphone" | "speaker", DeviceStatus>>>,
): PreviewInfo {
  const { soundWhy } = snapshot.context;
  const sound = soundOf(snapshot);
  const isPlaying = sound === "playing" || sound === "testSound";
  const why = soundWhy ?? (isPlaying ? (status.speaker?.notice ?? null) : null);
  return {
    previewId: snapshot.context.callId,
    camera: previewDevice(snapshot, "camera"),
    microphone: withStatus(previewDevice(snapshot, "microphone"), status.microphone),
    sound,
    ...(why === null ? {} : { soundWhy: why }),
  };
}

export function previewDevice(snapshot: PreviewSnapshot, kind: PreviewKind): DeviceState {
  const { open, why } = snapshot.context.devices[kind];
  return {
    state: stateOf(snapshot, kind),
    ...(open ?? {}),
    ...(why === null ? {} : { why }),
  };
}

function stateOf(snapshot: PreviewSnapshot, kind: PreviewKind): DeviceState["state"] {
  if (snapshot.matches({ [kind]: "lost" })) return "lost";
  if (snapshot.matches({ [kind]: { open: "live" } })) return "live";
  return snapshot.matches({ [kind]: "open" }) ? "opening" : "off";
}

function soundOf(snapshot: PreviewSnapshot): PreviewInfo["sound"] {
  if (snapshot.matches({ sound: "recording" })) return "recording";
  if (snapshot.matches({ sound: "playing" })) return "playing";
  return snapshot.matches({ sound: "testing" }) ? "testSound" : "quiet";
}
