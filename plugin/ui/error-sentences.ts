// The sentences that users read for errors. No name of a state, method or field, and no JSON, reaches the page: a text that
// another program wrote is shown only if it reads like a sentence.

import type { FieldIssue, RpcErrorName } from "../../rpc-schema/index.ts";
import { LinkError } from "./link/page-link.ts";

const fault = "The program that makes the calls ran into a fault. Its log has the details.";
const restarting = "The program that makes the calls is starting or ending. Try again in a moment.";

/** A Record, so that an error without a sentence does not compile. */
const errors: Record<RpcErrorName | "disconnected" | "timeout", string> = {
  disconnected: "This page has lost its connection to the application.",
  timeout: "The program that makes the calls did not answer in time. Try again.",
  parseError: fault,
  invalidRequest: fault,
  methodNotFound: "The program that makes the calls does not know this action. It may be an older version.",
  invalidParams: "The program that makes the calls refused this, so nothing was changed.",
  internalError: fault,
  unsupportedProtocolVersion:
    "The application and the program that makes the calls do not fit together. Update both.",
  notInitialized: restarting,
  alreadyInitialized: fault,
  shuttingDown: restarting,
  lineTooLong: fault,
  duplicateId: fault,
  exhausted: "The system allows no further file or process at present. Close other programs and try again.",
  unknownCall: "This call has ended.",
  wrongCallState: "The call is not ready for this at the moment.",
  alreadyInCall: "You are already in a call.",
  invalidPeer: "This contact cannot be called.",
  callsUnavailable: "Calls are not possible on this computer at present.",
  callsDisabled: "Calls are switched off in the settings of this computer.",
  peerCallsDisabled: "This contact has calls switched off.",
  callsInPage: "The application makes the calls itself here.",
  noPreview: "Open the camera and microphone first, or wait until the sound is over.",
  unknownDevice: "This device is gone. Choose another one.",
  noScreen: "The screen cannot be shared on this computer.",
  unknownScreen: "This window or monitor is gone. Choose another one.",
  unknownStream: "This picture has ended.",
  noPicture: "There is no picture to save yet.",
  tooManyStreams:
    "Other windows show this call's pictures. This one shows them when one of the others is closed.",
  signallingUnavailable:
    "The network part is not running. If it does not start in a moment, restart the program that makes the calls.",
  peerUnreachable: "Nobody answered at this address.",
  notCarried: fault,
  storageFailed: "A file could not be written. The log of the program that makes the calls names it.",
  debuggingOff: "The state machines can be watched only with debugging switched on in the settings.",
};

/** Errors whose own message says more, such as which permission is missing. */
const WORDED: readonly string[] = [
  "callsUnavailable",
  "callsDisabled",
  "peerCallsDisabled",
  "storageFailed",
  "exhausted",
];

const wrongDevice = "This device cannot be used. Choose another one.";
const answeredElsewhere = "The call was answered in another window.";

/** Sentences for an error of one method, by the method and the error's name. */
const errorsOfMethods: Record<string, string> = {
  "call.accept wrongCallState": answeredElsewhere,
  "call.reject wrongCallState": answeredElsewhere,
};

/** Sentences for `invalidParams`, by the method and the refused field. An entry for a field also covers the fields inside it. */
const refusedFields: Record<string, string> = {
  "contacts.add address":
    "This does not look like a complete address. It begins with / and ends in /p2p/ and an id.",
  "call.start peerId": "This contact cannot be called.",
  "call.useDevice deviceId": wrongDevice,
  "settings.update settings": "This setting was not changed, because its new value is not allowed.",
  "settings.update settings.camera": wrongDevice,
  "settings.update settings.microphone": wrongDevice,
  "settings.update settings.speaker": wrongDevice,
  "frames.subscribe delivery": "The pictures of this call cannot be shown in the chosen way.",
};

const pageFault = "Something on this page failed. Load the page again.";
const refusedValue = "Not changed, because this value is not allowed.";

/** @returns a sentence for the user, for any thrown value */
export function errorSentence(error: unknown): string {
  if (!(error instanceof LinkError)) {
    return error instanceof Error && isPlain(error.message) ? error.message : pageFault;
  }
  const { kind, method, message } = error;
  if (kind === "invalidParams") return refusalSentence(error);
  if (WORDED.includes(kind) && isPlain(message)) return asSentence(message);
  return errorsOfMethods[`${method} ${kind}`] ?? (isKnown(kind) ? errors[kind] : fault);
}

/** @returns why the host refused the value of one setting, for the line below its field */
export function settingSentence(error: unknown): string {
  if (!(error instanceof LinkError) || error.kind !== "invalidParams") return errorSentence(error);
  const [issue] = error.issues;
  const text = issue && issueText(issue);
  return text !== undefined && isPlain(text) ? asSentence(text) : refusedValue;
}

function isKnown(kind: string): kind is keyof typeof errors {
  return Object.hasOwn(errors, kind);
}

function refusalSentence({ method, issues }: LinkError): string {
  for (const { field } of issues) {
    const path = field.split(".");
    for (let length = path.length; length > 0; length -= 1) {
      const sentence = refusedFields[`${method} ${path.slice(0, length).join(".")}`];
      if (sentence) return sentence;
    }
  }
  return errors.invalidParams;
}

/** Names the part of the setting in words, such as `width`, or `urls of entry 2`. */
function issueText({ field, expected }: FieldIssue): string {
  const [, ...parts] = field.split(".");
  const names = parts.filter((part) => !isNumber(part)).map(inWords);
  const [first = ""] = parts;
  const entry = isNumber(first) ? [`entry ${Number(first) + 1}`] : [];
  const subject = [...names.reverse(), ...entry].join(" of ");
  return `Not changed. Expected${subject && ` for ${subject}`}: ${expected.replaceAll('"', "")}`;
}

function isNumber(part: string): boolean {
  return /^\d+$/.test(part);
}

/** `bitRate_bps` → `bit rate bps` */
function inWords(name: string): string {
  return name
    .replaceAll(/([a-z])([A-Z])/g, "$1 $2")
    .replaceAll("_", " ")
    .toLowerCase();
}

/** Names of methods, notifications and events, such as those of the contract and of the charts. */
const DOTTED_NAME = /\b[a-z][A-Za-z]*\.[a-z][A-Za-z]*\b/;
const CAMEL_CASE = /\b[a-z]+[A-Z]/;
const FILE_EXTENSION = /\.(?:so|json|key|node)\b[.\d]*/;
const ENVIRONMENT_VARIABLE = /\b[A-Z][A-Z_]+\b/g;

/** False for text with JSON, code or a name that only programmers know. Names of the system may look like one. */
export function isPlain(text: string): boolean {
  const prose = text.split(/\s/).map(withoutFileName).join(" ").replaceAll(ENVIRONMENT_VARIABLE, "");
  return prose.trim() !== "" && ![/[{}[\]"`<>=_]/, DOTTED_NAME, CAMEL_CASE].some((sign) => sign.test(prose));
}

/** Removes the path or the name of a file from a word, and keeps the punctuation around a name. */
function withoutFileName(word: string): string {
  if (word.includes("/")) return "";
  const extension = FILE_EXTENSION.exec(word);
  const before = /^\W*/.exec(word)?.[0] ?? "";
  if (extension === null || extension.index <= before.length) return word;
  return before + word.slice(extension.index + extension[0].length);
}

/** Begins with a capital and ends with a stop. */
function asSentence(text: string): string {
  const trimmed = text.trim();
  const capital = trimmed.charAt(0).toUpperCase() + trimmed.slice(1);
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}
