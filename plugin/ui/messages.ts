// The page's sentences: what states, ends and errors are called in plain words. `name` is how the user knows the peer.

import type { CallInfo, CallQuality, EndedBy, EndReason, PictureStep } from "../../rpc-schema/index.ts";
import { LinkError } from "./link/page-link.ts";

type Sentence = (name: string) => string;

const endings: Record<EndReason, Record<EndedBy, Sentence>> = {
  hungUp: { local: () => "You hung up.", remote: (name) => `${name} hung up.` },
  cancelled: {
    local: () => "You cancelled the call before it was answered.",
    remote: (name) => `${name} stopped calling before you answered.`,
  },
  rejected: { local: () => "You declined the call.", remote: (name) => `${name} declined the call.` },
  busy: {
    local: () => "The call was turned away because you are in another one.",
    remote: (name) => `${name} is in another call. Try again in a little while.`,
  },
  noAnswer: {
    local: (name) => `${name} did not answer.`,
    remote: (name) => `You missed a call from ${name}.`,
  },
  unreachable: {
    local: (name) => `${name} could not be reached. They may be offline.`,
    remote: (name) => `${name} could not reach you.`,
  },
  superseded: {
    local: (name) => `You and ${name} called each other; the other call goes on.`,
    remote: (name) => `You and ${name} called each other; the other call goes on.`,
  },
  negotiationTimeout: {
    local: (name) => `${name} accepted, but setting up the call took too long.`,
    remote: (name) => `Setting up the call took too long at ${name}'s side.`,
  },
  negotiationFailed: {
    local: (name) => `This program and ${name}'s could not agree on how to talk.`,
    remote: (name) => `${name}'s program could not take up the call with this one.`,
  },
  connectTimeout: {
    local: (name) => `No connection to ${name} was found. A firewall may be in the way.`,
    remote: (name) => `${name}'s side found no connection to you. A firewall may be in the way.`,
  },
  connectionLost: {
    local: (name) => `The connection to ${name} was lost and did not come back.`,
    remote: (name) => `${name} lost the connection to you, and it did not come back.`,
  },
  mediaFailed: {
    local: () => "Sound and picture stopped working on this computer.",
    remote: (name) => `Sound and picture stopped working at ${name}'s side.`,
  },
  unavailable: {
    local: () => "Calls cannot be taken on this computer at present.",
    remote: (name) => `${name} cannot take calls at present.`,
  },
  videoDisabled: {
    local: () => "Calls are switched off on this computer.",
    remote: (name) => `${name} has calls switched off.`,
  },
  hostGone: {
    local: () => "The application behind this call closed.",
    remote: (name) => `${name}'s application closed or crashed.`,
  },
  shutdown: {
    local: () => "Calling was switched off on this computer.",
    remote: (name) => `${name}'s computer switched calling off.`,
  },
  unknownCall: {
    local: () => "This call is not known here any more.",
    remote: (name) => `${name}'s side does not know this call any more.`,
  },
};

/** Why a call ended, in one sentence. */
export function endSentence(reason: EndReason, endedBy: EndedBy, name: string): string {
  return endings[reason][endedBy](name);
}

/** Ends that a user chose; every other one is worth a warning sign. */
export function isOrdinaryEnd(reason: EndReason): boolean {
  return reason === "hungUp" || reason === "cancelled" || reason === "rejected" || reason === "superseded";
}

/** What the call is doing, short enough for one line beneath the name. */
export function phaseText(call: CallInfo): string {
  switch (call.phase) {
    case "requesting":
      return "Calling…";
    case "ringing":
      return "Ringing…";
    case "connecting":
      return "Connecting…";
    case "connected":
      return "Connected";
    case "reconnecting":
      return "Reconnecting…";
    case "ended":
      return "Call ended";
  }
}

export const qualityText: Record<CallQuality, string> = {
  unknown: "Measuring",
  good: "Good connection",
  fair: "Fair connection",
  poor: "Poor connection",
};

/** The picture that is sent, or shown, at each step of adapting. */
export const stepText: Record<PictureStep, string> = {
  full: "Full picture",
  threeQuarters: "Slightly smaller picture",
  half: "Picture at half size",
  quarter: "Picture at quarter size",
  thumbnail: "Small picture, a few times a second",
  paused: "Picture paused",
};

const errors: Record<string, string> = {
  alreadyInCall: "You are already in a call.",
  invalidPeer: "This contact cannot be called.",
  signallingUnavailable: "The network part is not ready yet. Try again in a moment.",
  peerUnreachable: "Nobody answered at this address.",
  invalidParams: "This does not look like a complete address. It begins with / and ends in /p2p/ and an id.",
  unknownDevice: "This device is gone. Choose another one.",
  deviceUnavailable: "This device is in use by another program.",
  noPicture: "There is no picture to save yet.",
  unknownCall: "This call has ended.",
};

/** An error of the plugin for the user; errors without a sentence of their own show their message. */
export function errorSentence(error: unknown): string {
  if (error instanceof LinkError) return errors[error.kind] ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** 75 → "1:15", 3675 → "1:01:15". */
export function clockText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** How the user knows a peer; its id's tail when it gave no label. */
export function peerName(label: string, peerId: string): string {
  return label.trim() || `Peer …${peerId.slice(-6)}`;
}
