// What each error says, in one sentence, for the OpenRPC document and the README's table.

import type { RpcErrorName } from "../errors.ts";

/** A Record, so that an error without a meaning does not compile. */
export const errorMeanings: Record<RpcErrorName, string> = {
  parseError: "the line is not JSON, or not UTF-8; its id is null",
  invalidRequest: "the message is no JSON-RPC 2.0 request, or a batch is empty or too large",
  methodNotFound: "there is no such method, or it is a notification that was sent with an id",
  invalidParams: "the params do not fit the method's schema; data.issues names each field",
  internalError: "a mistake in the plugin; its log says more",
  unsupportedProtocolVersion: "initialize named a protocol version that this plugin does not speak",
  notInitialized: "the method needs initialize first",
  alreadyInitialized: "initialize was sent twice",
  shuttingDown: "the plugin is ending and begins nothing new",
  lineTooLong: "a line was over 16 MiB and was skipped, or the answer would have been",
  duplicateId: "a request with the same id is still being answered",
  unknownCall: "there is no such call, or it has ended",
  wrongCallState: "the call is not in a phase in which this can be done",
  alreadyInCall: "one call at a time: another has not ended yet",
  invalidPeer: "the peer cannot be called, for instance because it is this plugin itself",
  callsUnavailable: "this machine cannot call; the message says why, as availability.changed does",
  callsDisabled: "the user switched calls off by the setting videoDisabled",
  peerCallsDisabled: "the peer says that calls are switched off at its side",
  callsInPage: "the mode is `browser`: the host's page makes the calls, the plugin stays out of the way",
  unknownDevice: "the id names no device",
  deviceUnavailable: "the device is there but cannot be opened",
  unknownStream: "there is no such stream, or it has ended",
  noPicture: "there is no picture of this source at this moment",
  tooManyStreams: "the call has as many streams as it may have; data.issues says how many",
  signallingUnavailable: "the plugin's libp2p node is not running",
  peerUnreachable: "the peer could not be dialled, or did not acknowledge",
  notCarried: "`initialize` did not say that the host carries the signals",
  debuggingOff: "the state machines cannot be watched unless the setting `debugging` is on",
};
