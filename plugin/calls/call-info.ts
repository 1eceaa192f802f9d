// What the host's page is told of a call, read off the charts' snapshots.

import type { SnapshotFrom } from "xstate";
import {
  type CallInfo,
  type CallPhase,
  type CallQuality,
  type DeviceState,
  type RemoteMedia,
  withFormerNames,
} from "../../rpc-schema/index.ts";
import {
  type adaptMachine,
  type callMachine,
  type DeviceContext,
  type ManagedCall,
  mediaLevelOf,
  mediaLevelState,
  type mediaMachine,
} from "../../statecharts/index.ts";
import type { MediaFlow, NegotiatedDirections } from "../peer/peer.ts";

type CallSnapshot = SnapshotFrom<typeof callMachine>;
type MediaSnapshot = SnapshotFrom<typeof mediaMachine>;
type AdaptSnapshot = SnapshotFrom<typeof adaptMachine>;

/** What no chart knows: times, and what the statistics say. */
export interface CallInfoInput {
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Unix milliseconds; null until the media path first stood. A reconnection leaves it alone. */
  readonly connectedAt: number | null;
  readonly quality: CallQuality;
  /** Empty when the peer has told none. */
  readonly peerLabel: string;
  /** What the other side takes and gives; null before that was exchanged. */
  readonly negotiated: NegotiatedDirections | null;
  /** The picture sent at most. */
  readonly sending: { readonly width: number; readonly height: number; readonly fps: number };
}

const PHASES = [
  "requesting",
  "ringing",
  "connecting",
  "connected",
  "reconnecting",
  "ended",
] as const satisfies CallPhase[];

/** The chart tags its states with the contract's words; a state without one has ended. */
export function phaseOf(snapshot: CallSnapshot): CallPhase {
  return PHASES.find((phase) => snapshot.hasTag(phase)) ?? "ended";
}

/** A snapshot of the moment; devices count as off until the media chart runs. */
export function describeCall(call: ManagedCall, facts: CallInfoInput): CallInfo {
  const snapshot = call.ref.getSnapshot();
  const media: MediaSnapshot | undefined = snapshot.children.media?.getSnapshot();
  const { remote } = snapshot.context;
  return {
    callId: call.callId,
    peerId: call.peerId,
    peerLabel: facts.peerLabel,
    direction: call.direction,
    media: snapshot.context.media,
    phase: phaseOf(snapshot),
    createdAt: facts.createdAt,
    ...(facts.connectedAt === null ? {} : { connectedAt: facts.connectedAt }),
    local: withFormerNames(limitedBy(facts.negotiated, localOf(media))),
    remote: withFormerNames({
      microphone: remoteState(remote.microphone, facts.negotiated?.audio),
      camera: remoteState(remote.camera, facts.negotiated?.video),
      ...(remote.mediaLevel === null ? {} : { mediaLevel: remote.mediaLevel }),
      ...(remote.mediaLevelReason === null ? {} : { mediaLevelReason: remote.mediaLevelReason }),
    }),
    sending: {
      ...adaptationOf(snapshot.children.sending?.getSnapshot()),
      ...(facts.negotiated?.video.sends === false ? NO_PICTURE : facts.sending),
    },
    showing: adaptationOf(snapshot.children.showing?.getSnapshot()),
    quality: facts.quality,
  };
}

function localOf(media: MediaSnapshot | undefined): CallInfo["local"] {
  if (!media) {
    const off = { state: "off" } as const;
    return { microphone: off, camera: off, speaker: off, mediaLevel: "receiveOnly" };
  }
  const { mediaLevel, mediaLevelReason } = mediaLevelState(media.context);
  return {
    microphone: deviceState(media, "microphone"),
    camera: deviceState(media, "camera"),
    speaker: deviceState(media, "speaker"),
    mediaLevel,
    ...(mediaLevelReason === null ? {} : { mediaLevelReason }),
  };
}

function adaptationOf(adapt: AdaptSnapshot | undefined): CallInfo["showing"] {
  if (!adapt || adapt.context.step === "full") return { step: "full" };
  const { step, strain, reason } = adapt.context;
  return { step, ...(strain === null ? {} : { strain }), ...(reason === null ? {} : { reason }) };
}

const NO_PICTURE = { width: 0, height: 0, fps: 0 };

/** The media level is what arrives at most, so what the other side does not take is no part of it. */
function limitedBy(negotiated: NegotiatedDirections | null, local: CallInfo["local"]): CallInfo["local"] {
  if (!negotiated) return local;
  const hasPicture = local.mediaLevel === "pictureAndVoice" || local.mediaLevel === "pictureOnly";
  const hasVoice = local.mediaLevel === "pictureAndVoice" || local.mediaLevel === "voiceOnly";
  const refused = [
    ...(hasPicture && !negotiated.video.sends ? ["picture"] : []),
    ...(hasVoice && !negotiated.audio.sends ? ["voice"] : []),
  ];
  if (refused.length === 0) return local;
  const mediaLevel = mediaLevelOf(hasPicture && negotiated.video.sends, hasVoice && negotiated.audio.sends);
  return { ...local, mediaLevel, mediaLevelReason: `the other side takes no ${refused.join(" and no ")}` };
}

/** What was not agreed on cannot come, whatever the other side says of itself. */
function remoteState(isOn: boolean | null, flow: MediaFlow | undefined): RemoteMedia {
  if (flow?.receives === false) return "off";
  if (isOn === null) return "unknown";
  return isOn ? "on" : "off";
}

function deviceState(media: MediaSnapshot, kind: "camera" | "microphone" | "speaker"): DeviceState {
  const device: DeviceContext = media.context[kind];
  return {
    state: stateOf(media, kind),
    ...(device.open ? { deviceId: device.open.deviceId, deviceName: device.open.deviceName } : {}),
    ...whyOf(device),
    ...(device.offered === null ? {} : { offered: device.offered }),
  };
}

function whyOf({ interruption, why }: DeviceContext): Pick<DeviceState, "why"> {
  const told = interruption ?? why;
  return told === null ? {} : { why: told };
}

function stateOf(media: MediaSnapshot, kind: "camera" | "microphone" | "speaker"): DeviceState["state"] {
  if (media.matches({ [kind]: "lost" })) return "lost";
  // Open for the chart, which waits for it; for the user it is not there yet again.
  if (media.context[kind].interruption !== null) return "opening";
  if (media.matches({ [kind]: { open: "live" } })) return "live";
  if (media.matches({ [kind]: { open: "muted" } })) return "muted";
  if (media.matches({ [kind]: "open" })) return "opening";
  return "off";
}
