// The scripted plugin's data: the steps of its script, its devices, a new call, a small frame.

import { PNG } from "pngjs";
import type {
  Availability,
  CallInfo,
  CallStatistics,
  Contact,
  DeviceList,
  DeviceState,
  EndedBy,
  EndReason,
  FieldIssue,
  MediaKind,
  MethodName,
  MissedCaller,
  Params,
  PreviewInfo,
  Result,
  SharedScreen,
} from "../../../rpc-schema/index.ts";

/** Begins each line of the scripted plugin's stderr that repeats a request. */
export const REQUEST_LINE_PREFIX = "request: ";

/** One step of a test's script. */
export type ScriptStep =
  | { do: "call"; call: CallInfo; isIncoming?: boolean }
  | { do: "change"; callId: string; change: Partial<CallInfo> }
  | {
      do: "end";
      callId: string;
      reason: EndReason;
      endedBy: EndedBy;
      durationMs?: number;
      replacedBy?: string;
      detail?: string;
    }
  | { do: "contacts"; contacts: Contact[] }
  | { do: "missed"; missed: MissedCaller[] }
  | { do: "availability"; availability: Availability }
  | { do: "statistics"; statistics: CallStatistics }
  | { do: "levels"; callId: string; microphone: number; speaker: number; mutedMicrophone?: number }
  | { do: "preview"; change: Partial<PreviewInfo> }
  | { do: "previewLevel"; microphone: number }
  | { do: "previewEnd"; reason: "call" | "callsDisabled" }
  | { do: "pictureSize"; width: number; height: number }
  /** What screen.sources answers from now on. With the chooser `desktop` a shared screen waits for a step `change`. */
  | { do: "screens"; offer: Result<"screen.sources"> }
  /** From now on each stream has one frame, always the same, and a call has as many streams as are asked for. */
  | { do: "stillPictures" }
  | { do: "refuse"; method: MethodName; code: number; kind: string }
  /** Requests of this method are answered after the step `release`. */
  | { do: "hold"; method: MethodName }
  | { do: "release" }
  | { do: "die"; words: string; status: number };

export const devices: DeviceList = {
  cameras: [
    { id: "usb-cam", name: "Aurora HD Webcam", isDefault: true },
    { id: "usb-cam-2", name: "Desk camera", isDefault: false },
  ],
  microphones: [{ id: "mic-1", name: "Headset microphone", isDefault: true }],
  speakers: [
    { id: "spk-1", name: "Headset", isDefault: true },
    { id: "spk-2", name: "Built-in speakers", isDefault: false },
  ],
};
export const off: DeviceState = { state: "off" };

/** A new outgoing call. */
export function newCall(callId: string, peer: Pick<Contact, "peerId" | "label">, media: MediaKind): CallInfo {
  const camera: DeviceState =
    media === "video" ? { state: "live", deviceId: "usb-cam", deviceName: "Aurora HD Webcam" } : off;
  return {
    callId,
    peerId: peer.peerId,
    peerLabel: peer.label,
    direction: "outgoing",
    media,
    phase: "requesting",
    createdAt: Date.now(),
    local: {
      microphone: { state: "live", deviceId: "mic-1" },
      camera,
      speaker: { state: "live", deviceId: "spk-1" },
      mediaLevel: media === "video" ? "pictureAndVoice" : "voiceOnly",
    },
    remote: { microphone: "unknown", camera: "unknown" },
    sending: { step: "full", width: 640, height: 480, fps: 30 },
    showing: { step: "full" },
    quality: "unknown",
  };
}

export function snapshot(): Result<"call.snapshot"> {
  const png = new PNG({ width: 8, height: 6 });
  png.data.fill(200);
  const dataUrl = `data:image/png;base64,${PNG.sync.write(png).toString("base64")}`;
  return { width: 8, height: 6, dataUrl };
}

/** An error that the scripted plugin answers with. */
export class RequestRefused extends Error {
  readonly code: number;
  readonly kind: string;
  readonly issues: readonly FieldIssue[];

  constructor(code: number, kind: string, issues: readonly FieldIssue[] = []) {
    super(kind);
    this.code = code;
    this.kind = kind;
    this.issues = issues;
  }
}

/** @throws RequestRefused */
export function contactAt(address: string): Contact {
  const peerId = /\/p2p\/(\w+)$/.exec(address)?.[1];
  if (!peerId) {
    const issue = { field: "address", value: JSON.stringify(address), expected: "an address with /p2p/" };
    throw new RequestRefused(-32602, "invalidParams", [issue]);
  }
  if (address.includes("10.255.255.1")) throw new RequestRefused(1402, "peerUnreachable");
  return { peerId, label: "Grace Hopper", addresses: [address], reachable: true, videoDisabled: false };
}

/**
 * What a request to share the screen makes of the call.
 * @throws RequestRefused
 */
export function sharedScreen(
  offer: Result<"screen.sources">,
  { on, source }: Pick<Params<"call.shareScreen">, "on" | "source">,
): { screen: SharedScreen; sending?: CallInfo["sending"] } {
  if (!on) return { screen: { state: "off", ended: "stopped" } };
  if (offer.chooser === "none") throw new RequestRefused(1203, "noScreen");
  if (offer.chooser === "desktop") return { screen: { state: "choosing" } };
  const chosen = offer.sources.find(({ id }) => id === source);
  if (!chosen) throw new RequestRefused(1204, "unknownScreen");
  const { kind, name, width, height } = chosen;
  return {
    screen: { state: "live", kind, name },
    sending: { step: "full", width, height, fps: 30 },
  };
}
