// The texts that users read for the states of a call and its end; error-sentences.ts has those for errors. `name` is the peer's name as the user sees it.

import type {
  CallInfo,
  CallProtection,
  CallQuality,
  EndedBy,
  EndReason,
  MediaLevel,
  PictureStep,
  Refusal,
} from "../../rpc-schema/index.ts";

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

/** @returns one sentence that explains why a call ended */
export function endSentence(reason: EndReason, endedBy: EndedBy, name: string): string {
  return endings[reason][endedBy](name);
}

/** @returns what the plugin found out about the end, as a sentence; empty where {@link endSentence} says all that a user can use */
export function endDetailSentence(reason: EndReason, detail: string | undefined): string {
  const isUseful = reason === "connectTimeout" || reason === "connectionLost";
  if (!isUseful || detail === undefined || detail === "") return "";
  return `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`;
}

/** True for an end that one of the users chose. The page marks every other end with a warning sign. */
export function isOrdinaryEnd(reason: EndReason): boolean {
  return reason === "hungUp" || reason === "cancelled" || reason === "rejected" || reason === "superseded";
}

/** The call's phase, short enough for one line below the name. */
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

/** What the plugin has refused since its start. None of it has reached the user. */
export function refusalsText(refusals: readonly Refusal[]): string {
  if (refusals.length === 0) return "Nothing";
  return refusals.map(({ count, text }) => `${count} ${text}`).join("; ");
}

/** How each adaptation step limits the resolution and the frame rate, for the connection details. */
export const stepText: Record<PictureStep, string> = {
  full: "None",
  threeQuarters: "75 % of the resolution",
  half: "50 % of the resolution",
  quarter: "25 % of the resolution, half the frame rate",
  thumbnail: "25 % of the resolution, a sixth of the frame rate",
  paused: "Video paused",
};

/** What the other side gets of us. */
export const levelText: Record<MediaLevel, Sentence> = {
  pictureAndVoice: (name) => `${name} can see and hear you`,
  pictureOnly: (name) => `${name} can see you, but not hear you`,
  voiceOnly: (name) => `${name} can hear you, but not see you`,
  receiveOnly: (name) => `${name} can neither see nor hear you`,
};

const pathText: Record<CallProtection["path"], string> = {
  unknown: "",
  direct: ", with a direct connection",
  relayed: ", through a relay that cannot read it",
};

/** What protects the call, and who vouches for the other side. */
export function protectionSentence({ path, identity }: CallProtection, name: string): string {
  const vouched =
    identity === "key"
      ? `${name}’s program proved its identity with its key.`
      : `The application that passed the call on vouches for ${name}.`;
  return `Encrypted from end to end${pathText[path]}. ${vouched}`;
}

/** What the two users can do with the check code, or why there is none. */
export function checkSentence({ check, checkCodeChanged }: CallProtection, name: string): string {
  switch (check) {
    case "code":
      return `${checkCodeChanged ? "The connection is a new one, so compare again: you" : "You"} and ${name} read these words to each other. If they are the same, nobody is in between.`;
    case "unsupported":
      return `There is no check code, because ${name}’s program makes none.`;
    case "failed":
      return `There is no check code, because the check with ${name}’s program failed. Somebody may be in between.`;
    case "waiting":
      return "There is no check code yet.";
  }
}

/** Shows a code that the users have not seen yet. */
export function newCodeSentence({ checkCode = "", checkCodeChanged }: CallProtection): string {
  return `${checkCodeChanged ? "New connection, new check code" : "Check code"}: ${checkCode}`;
}

/** 75 → "1:15", 3675 → "1:01:15". */
export function clockText(durationMs: number): string {
  const seconds = Math.max(0, Math.floor(durationMs / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const tail = String(seconds % 60).padStart(2, "0");
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}:${tail}` : `${minutes}:${tail}`;
}

/** @returns the peer's label, or the end of its id when it has none */
export function peerName(label: string, peerId: string): string {
  return label.trim() || `Peer …${peerId.slice(-6)}`;
}
