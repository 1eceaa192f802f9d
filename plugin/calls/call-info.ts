// Describes a call to the host's page (CallInfo), from the snapshots of its charts.

import type { SnapshotFrom } from "xstate";
import {
  type CallInfo,
  type CallPhase,
  type CallQuality,
  type DeviceState,
  type RemoteMedia,
  type SharedScreen,
  withFormerNames,
} from "../../rpc-schema/index.ts";
import {
  type adaptMachine,
  type callMachine,
  type DeviceContext,
  type ManagedCall,
  type MediaLevelState,
  mediaLevelOf,
  mediaLevelState,
  type mediaMachine,
  wantedMedia,
} from "../../statecharts/index.ts";
import type { MediaFlow, NegotiatedDirections } from "../peer/peer.ts";
import type { DeviceStatus } from "../sound/sound.ts";
import type { CheckReport } from "./check-code/check-exchange.ts";

type CallSnapshot = SnapshotFrom<typeof callMachine>;
type MediaSnapshot = SnapshotFrom<typeof mediaMachine>;
type AdaptSnapshot = SnapshotFrom<typeof adaptMachine>;

/** What protects a call. */
export interface ProtectionFacts {
  readonly check: CheckReport;
  /** Whether a TURN server passes the media on; null before a path was chosen. */
  readonly isRelayed: boolean | null;
  /** Whether the host's node carries the signals. */
  readonly isHostRelayed: boolean;
}

/** The parts of CallInfo that no chart holds. */
export interface CallInfoInput {
  /** Unix milliseconds. */
  readonly createdAt: number;
  /** Unix milliseconds; null before the first connection. A reconnection does not change it. */
  readonly connectedAt: number | null;
  readonly quality: CallQuality;
  /** Empty when the peer's label is unknown. */
  readonly peerLabel: string;
  /** The negotiated directions of audio and video; null before the first answer. */
  readonly negotiated: NegotiatedDirections | null;
  /** The largest format that is sent. */
  readonly sending: { readonly width: number; readonly height: number; readonly fps: number };
  /** Without it the info says nothing about protection. */
  readonly protection?: ProtectionFacts;
  /** What the sound server reports about the open devices; absent without a report. */
  readonly soundStatus?: Readonly<Partial<Record<"microphone" | "speaker", DeviceStatus>>>;
  /** The camera of the own picture while the other user has not answered; absent without one. */
  readonly ownCamera?: DeviceState | undefined;
}

const PHASES = [
  "requesting",
  "ringing",
  "connecting",
  "connected",
  "reconnecting",
  "ended",
] as const satisfies CallPhase[];

/** The chart tags its states with the contract's phases; a state without such a tag has ended. */
export function phaseOf(snapshot: CallSnapshot): CallPhase {
  return PHASES.find((phase) => snapshot.hasTag(phase)) ?? "ended";
}

/** Describes the present moment. Devices are off until the media chart runs. */
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
    local: withFormerNames(limitedBy(facts.negotiated, localOf(media, facts))),
    ...(media || snapshot.hasTag("ended")
      ? {}
      : { wanted: wantedMedia(snapshot.context.media, snapshot.context.preference) }),
    remote: withFormerNames({
      microphone: remoteState(remote.microphone, facts.negotiated?.audio),
      camera: remoteState(remote.camera, facts.negotiated?.video),
      ...(remote.screen && facts.negotiated?.video.receives !== false ? { screen: true } : {}),
      ...remoteLevel(snapshot.context, facts.negotiated),
    }),
    sending: {
      ...adaptationOf(snapshot.children.sending?.getSnapshot()),
      ...(!media || facts.negotiated?.video.sends === false ? NO_VIDEO : facts.sending),
    },
    showing: adaptationOf(snapshot.children.showing?.getSnapshot()),
    quality: facts.quality,
    ...(facts.protection
      ? { protection: protectionOf(facts.protection, snapshot.context.resumed !== null) }
      : {}),
  };
}

/** @param isResumed the call had a connection, and so perhaps a code, in the process before this one */
function protectionOf(
  { check, isRelayed, isHostRelayed }: ProtectionFacts,
  isResumed: boolean,
): NonNullable<CallInfo["protection"]> {
  const isChanged = check.isChanged || isResumed;
  return {
    path: isRelayed === null ? "unknown" : isRelayed ? "relayed" : "direct",
    identity: isHostRelayed ? "host" : "key",
    check: check.state,
    ...(check.code === null ? {} : { checkCode: check.code, checkCodeChanged: isChanged }),
  };
}

function localOf(
  media: MediaSnapshot | undefined,
  { soundStatus: status = {}, ownCamera }: Pick<CallInfoInput, "soundStatus" | "ownCamera">,
): CallInfo["local"] {
  if (!media) {
    const off = { state: "off" } as const;
    return { microphone: off, camera: ownCamera ?? off, speaker: off, mediaLevel: "receiveOnly" };
  }
  return {
    microphone: withStatus(deviceState(media, "microphone"), status.microphone),
    camera: deviceState(media, "camera"),
    speaker: withStatus(deviceState(media, "speaker"), status.speaker),
    screen: screenState(media),
    ...withReason(mediaLevelState(media.context)),
  };
}

function adaptationOf(adapt: AdaptSnapshot | undefined): CallInfo["showing"] {
  if (!adapt || adapt.context.step === "full") return { step: "full" };
  const { step, strain, reason } = adapt.context;
  return { step, ...(strain === null ? {} : { strain }), ...(reason === null ? {} : { reason }) };
}

const NO_VIDEO = { width: 0, height: 0, fps: 0 };

/** @returns why the other side would not receive our picture; null if it would */
export function whyNoPicture({ video, videoRefused }: NegotiatedDirections): string | null {
  return video.sends ? null : (videoRefused ?? "the other side takes no picture");
}

/** The media level says what can arrive. Excludes a kind of media that the other side refuses, or that has no common codec, and adds why. */
export function limitedLevel(
  state: MediaLevelState,
  negotiated: NegotiatedDirections | null,
): MediaLevelState {
  if (!negotiated) return state;
  const { video, audio } = negotiated;
  const hasPicture = state.mediaLevel === "pictureAndVoice" || state.mediaLevel === "pictureOnly";
  const hasVoice = state.mediaLevel === "pictureAndVoice" || state.mediaLevel === "voiceOnly";
  const refused = [
    hasPicture ? whyNoPicture(negotiated) : null,
    hasVoice && !audio.sends ? "the other side takes no voice" : null,
  ].filter((reason) => reason !== null);
  if (refused.length === 0) return state;
  const reasons = [state.mediaLevelReason, ...refused].filter((reason) => reason !== null);
  return {
    mediaLevel: mediaLevelOf(hasPicture && video.sends, hasVoice && audio.sends),
    mediaLevelReason: reasons.join("; "),
  };
}

function limitedBy(negotiated: NegotiatedDirections | null, local: CallInfo["local"]): CallInfo["local"] {
  const { mediaLevelReason: reason, ...rest } = local;
  const limited = limitedLevel(
    { mediaLevel: local.mediaLevel, mediaLevelReason: reason ?? null },
    negotiated,
  );
  return { ...rest, ...withReason(limited) };
}

/**
 * The other side's own report, and why its picture cannot be shown here. An audio call gives no such reason.
 * @param remote the level is null when the other side never reported one
 */
function remoteLevel(
  { remote, media }: CallSnapshot["context"],
  negotiated: NegotiatedDirections | null,
): Pick<CallInfo["remote"], "mediaLevel" | "mediaLevelReason"> {
  const { mediaLevel, mediaLevelReason } = remote;
  const refused = media === "video" ? negotiated?.videoRefused : undefined;
  const hasVoice = mediaLevel === "pictureAndVoice" || mediaLevel === "voiceOnly";
  const level = refused !== undefined && mediaLevel !== null ? mediaLevelOf(false, hasVoice) : mediaLevel;
  const reasons = new Set([refused ?? null, mediaLevelReason].filter((reason) => reason !== null));
  const all = reasons.size === 0 ? null : [...reasons].join("; ");
  return {
    ...(level === null ? {} : { mediaLevel: level }),
    ...(all === null ? {} : { mediaLevelReason: all }),
  };
}

function withReason({ mediaLevel, mediaLevelReason }: MediaLevelState) {
  return { mediaLevel, ...(mediaLevelReason === null ? {} : { mediaLevelReason }) };
}

/** A kind of media that was not negotiated cannot arrive, whatever the other side announces. */
function remoteState(isOn: boolean | null, flow: MediaFlow | undefined): RemoteMedia {
  if (flow?.receives === false) return "off";
  if (isOn === null) return "unknown";
  return isOn ? "on" : "off";
}

function screenState(media: MediaSnapshot): SharedScreen {
  const { open, end } = media.context.screen ?? { open: null, end: null };
  const isSharing = media.matches({ screen: "sharing" });
  const why = end?.why ?? null;
  return {
    state: open ? "live" : isSharing ? "choosing" : "off",
    ...(open ? { kind: open.kind, name: open.name } : {}),
    ...(open?.isHidden ? { hidden: true } : {}),
    ...(end === null ? {} : { ended: end.reason }),
    ...(why === null ? {} : { why }),
  };
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

/** An open device can be silent, or be another one than was opened. The chart's reason comes first. */
export function withStatus(device: DeviceState, status: DeviceStatus | undefined): DeviceState {
  if (status === undefined || device.deviceId === undefined) return device;
  const { deviceId, deviceName, notice } = status;
  const why = device.why ?? notice;
  return { ...device, deviceId, deviceName, ...(why === null ? {} : { why }) };
}

function whyOf({ interruption, why }: DeviceContext): Pick<DeviceState, "why"> {
  const reason = interruption ?? why;
  return reason === null ? {} : { why: reason };
}

function stateOf(media: MediaSnapshot, kind: "camera" | "microphone" | "speaker"): DeviceState["state"] {
  if (media.matches({ [kind]: "lost" })) return "lost";
  // The chart treats an interrupted device as open, but the user cannot use it at present.
  if (media.context[kind].interruption !== null) return "opening";
  if (media.matches({ [kind]: { open: "live" } })) return "live";
  if (media.matches({ [kind]: { open: "muted" } })) return "muted";
  if (media.matches({ [kind]: "open" })) return "opening";
  return "off";
}
