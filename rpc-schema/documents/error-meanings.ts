// The meaning of each error in one sentence, for the OpenRPC document and the README's table.

import type { RpcErrorName } from "../errors.ts";

/** A Record, so that an error without a meaning does not compile. */
export const errorMeanings: Record<RpcErrorName, string> = {
  parseError: "the line is not JSON or not UTF-8; the answer's id is null",
  invalidRequest: "the message is not a JSON-RPC 2.0 request, or a batch is empty or too large",
  methodNotFound: "there is no such method, or it is a notification that was sent with an id",
  invalidParams: "the params do not fit the method's schema; data.issues names each field",
  internalError: "a fault of the plugin; its log has the details",
  unsupportedProtocolVersion: "host and plugin speak no common protocol version",
  notInitialized: "the method needs initialize first",
  alreadyInitialized: "initialize was sent twice",
  shuttingDown: "the plugin is shutting down and starts nothing new",
  lineTooLong: "a line was longer than 16 MiB and was skipped, or the answer would have been longer",
  duplicateId: "a request with the same id has not been answered yet",
  exhausted:
    "the system allows no further file, process or memory at present; the message is a sentence for the user; try again later",
  unknownCall: "there is no such call, or it has ended",
  wrongCallState: "the call is in a phase that does not allow this",
  alreadyInCall: "another call has not ended yet; only one call at a time is possible",
  invalidPeer: "the peer cannot be called, for instance because it is this plugin itself",
  callsUnavailable:
    "this machine cannot make calls; the message gives the reason, as availability.changed does",
  callsDisabled: "the user switched calls off with the setting videoDisabled",
  peerCallsDisabled: "calls are switched off at the peer",
  callsInPage: "the mode is `browser`, so the host's page makes the calls",
  noPreview: "there is no preview, or it cannot do this at the moment; the message says what is missing",
  unknownDevice: "no device has this id",
  noScreen: "nothing of the screen can be shared on this machine; the message says what is missing",
  unknownScreen: "no monitor or window has this id, or one must be named; screen.sources lists them",
  unknownStream: "there is no such stream, or it has ended",
  noPicture: "this source has no frame at the moment",
  tooManyStreams: "the call has the maximum number of streams; data.issues gives the number",
  signallingUnavailable: "the plugin's signalling is not running",
  peerUnreachable: "the peer could not be dialled, or did not acknowledge",
  notCarried: "the host did not give `carrier` in `initialize`",
  debuggingOff: "the state machines can be observed only with the setting `debugging`",
  storageFailed:
    "a file cannot be read or written; the message is a sentence for the user with the file, the system's reason and what to do",
};
