// The texts of the notices in a call: plain words without figures and terms of the field. What the plugin measured, and reasons
// that only an expert understands, stay in the connection details.

import type {
  CallInfo,
  DeviceKind,
  DeviceState,
  MediaLevel,
  ScreenEndReason,
  SharedScreen,
  Strain,
} from "../../rpc-schema/index.ts";
import { levelText, peerName } from "./messages.ts";

/** Words that mean nothing to a user, with the names of codecs, programs and system errors. */
const TERMS =
  /\b(?:[a-z]*codecs?|encod\w+|decod\w+|bit ?rates?|packets?|jitter|frames?|samples?|buffers?|negotiat\w+|sockets?|sinks?|streams?|RTP|RTCP|SDP|ICE|STUN|TURN|WebRTC|Opus|VP|AV|ALSA|PortAudio|PulseAudio|PipeWire|errno)\b/i;
/** Figures, units, paths, code and names such as `getUserMedia` and `ENODEV`. */
const SIGNS = /[\d%/\\{}[\]<>=_`]|[a-z][A-Z]|\bE[A-Z]{3,}\b/;

/** True for a text without figures, terms of the field and code. */
export function isPlainReason(text: string): boolean {
  return !TERMS.test(text) && !SIGNS.test(text);
}

/** @returns `: reason`, or where to look when the reason is not plain, or nothing without one */
function withReason(text: string, reason: string | undefined): string {
  if (reason === undefined) return text;
  return isPlainReason(reason) ? `${text}: ${reason}` : `${text}. The connection details say why.`;
}

const strainText: Record<Strain, string> = {
  link: "slow connection",
  processor: "this computer is busy",
  page: "this computer is busy",
};

/** What the other side sees of us while our picture is reduced; false at full size. */
export function smallerText({ step, strain }: CallInfo["sending"]): string | false {
  if (step === "full") return false;
  const text = step === "paused" ? "Your picture is paused" : "Your picture is smaller";
  return strain === undefined ? text : `${text}: ${strainText[strain]}`;
}

/** What arrives of the other side. */
const remoteLevelText: Record<MediaLevel, (name: string) => string> = {
  pictureAndVoice: (name) => `You can see and hear ${name}`,
  pictureOnly: (name) => `You can see ${name}, but not hear them`,
  voiceOnly: (name) => `You can hear ${name}, but not see them`,
  receiveOnly: (name) => `You can neither see nor hear ${name}`,
};

/** What does not arrive from the other side, and why; false while nothing is wrong. */
export function remoteTroubleText({ remote, peerLabel, peerId }: CallInfo): string | false {
  const { mediaLevel, mediaLevelReason } = remote;
  if (mediaLevelReason === undefined) return false;
  const name = peerName(peerLabel, peerId);
  const isLess = mediaLevel !== undefined && mediaLevel !== "pictureAndVoice";
  const text = isLess ? remoteLevelText[mediaLevel](name) : `Something is wrong at ${name}’s end`;
  return withReason(text, mediaLevelReason);
}

/** What does not arrive at the other side, and why, unless another notice says so already. */
export function localTroubleText({ local, sending, peerLabel, peerId }: CallInfo): string | false {
  const { mediaLevel, mediaLevelReason, camera, microphone } = local;
  const isExplained = camera.state === "lost" || microphone.state === "lost" || sending.step === "paused";
  if (mediaLevelReason === undefined || mediaLevel === "pictureAndVoice" || isExplained) return false;
  return withReason(levelText[mediaLevel](peerName(peerLabel, peerId)), mediaLevelReason);
}

export function lostText(kind: DeviceKind, { why }: DeviceState): string {
  return why === undefined ? `Your ${kind} stopped working` : withReason(`Your ${kind} stopped`, why);
}

/** A device replaces another one, or works with a reservation. */
export function changedText(kind: DeviceKind, { deviceName, why }: DeviceState): string {
  return withReason(`Your ${kind} is now ${deviceName ?? "another"}`, why);
}

/** A Record, so that a reason without a sentence does not compile. False: the user knows it. */
const screenEndTexts: Record<ScreenEndReason, (name: string, why: string | undefined) => string | false> = {
  stopped: () => false,
  stoppedByDesktop: () => "Your screen is not shared any more: your desktop ended it",
  cancelled: () => "Your screen is not shared: nothing was chosen",
  refused: () => "Your screen is not shared: your desktop does not allow it",
  closed: () => "Your screen is not shared any more: the window or monitor is gone",
  notTaken: (name) => `Your screen is not shared: ${name}’s program takes no picture`,
  failed: (_, why) => withReason("Your screen is not shared", why),
};

/** Why the user's screen is not shared, or not any more; false where the user needs no reason. */
export function screenEndText(screen: SharedScreen, name: string): string | false {
  return screen.ended === undefined ? false : screenEndTexts[screen.ended](name, screen.why);
}

const kinds = ["camera", "microphone", "speaker"] as const satisfies DeviceKind[];

/** The reasons that the plugin and the other side gave, as they are, for the connection details. */
export function detailedReasons({ local, remote }: CallInfo): readonly string[] {
  const named = (name: string, why: string | undefined) => (why === undefined ? [] : [`${name}: ${why}`]);
  const devices = kinds.flatMap((kind) => named(`Your ${kind}`, local[kind].why));
  const levels = [...named("Sent", local.mediaLevelReason), ...named("Received", remote.mediaLevelReason)];
  return [...devices, ...named("Your screen", local.screen?.why), ...levels];
}
