// The charts' effects that send signals to the peer. Effects whose outcome matters are promises; the others log a failure.

import { fromPromise } from "xstate";
import { MAX_WHY_CHARS, type Signal, withFormerNames } from "../../../rpc-schema/index.ts";
import type {
  CallAddress,
  CandidateParams,
  DescriptionInput,
  HangupInput,
  MediaState,
  ReconnectInput,
  RequestInput,
} from "../../../statecharts/index.ts";
import { errorText } from "../../common/error-text.ts";
import type { NegotiatedDirections } from "../../peer/peer.ts";
import { limitedLevel } from "../call-info.ts";
import type { CallEnvironment } from "../environment.ts";

/** Goop² sends its platform too. It is for logs only. */
const PLATFORM = process.platform;

/** The two ways of sending: as a task with an outcome, and with a log line if it fails. */
function createSenders({ send, log }: CallEnvironment) {
  return {
    sending: <Input extends CallAddress>(toSignal: (input: Input) => Signal) =>
      fromPromise<void, Input>(({ input, signal }) =>
        send(input.peerId, input.callId, toSignal(input), signal),
      ),
    sendAndLog({ peerId, callId }: CallAddress, signal: Signal, level: "warn" | "debug" = "warn"): void {
      send(peerId, callId, signal).catch((error: unknown) =>
        log(level, `${signal.type} for call ${callId} not delivered: ${errorText(error)}`),
      );
    },
  };
}

/**
 * For the machines' `provide`. Promises reject with SignallingError. They are aborted with their activity, except for the
 * hang-up.
 */
export function createSignalEffects(environment: CallEnvironment) {
  const { send, log, mediaOf, refusalBudget } = environment;
  const { sending, sendAndLog } = createSenders(environment);

  const sendState = (state: MediaState): void =>
    sendAndLog(state, mediaSignal(state, mediaOf(state.callId).peer?.negotiatedDirections() ?? null));

  return {
    sendRequest: sending(({ media }: RequestInput) => ({
      type: "call-request",
      mode: "native",
      platform: PLATFORM,
      mediaType: media,
    })),
    sendAccept: sending((_: CallAddress) => ({ type: "call-ack", mode: "native", platform: PLATFORM })),
    sendOffer: sending(({ sdp }: DescriptionInput) => ({ type: "call-offer", sdp })),
    sendAnswer: sending(({ sdp }: DescriptionInput) => ({ type: "call-answer", sdp })),
    sendReconnect: sending(({ callId, media }: ReconnectInput) => ({
      type: "call-reconnect",
      channelId: callId,
      mediaType: media,
    })),
    sendReconnectAck: sending((_: CallAddress) => ({
      type: "call-reconnect-ack",
      mode: "native",
      platform: PLATFORM,
    })),
    /** Continues after the call has stopped waiting for it, so that a slow peer learns of the end late rather than never. */
    sendHangup: fromPromise<void, HangupInput>(({ input }) =>
      send(input.peerId, input.callId, { type: "call-hangup", reason: input.reason }),
    ),
    /** The other side may be gone already, so a failure is no warning. */
    answerHangup: (params: HangupInput) =>
      sendAndLog(params, { type: "call-hangup", reason: params.reason }, "debug"),
    /** Without it the other side has no code, until the next exchange of descriptions sends it again. */
    sendCheck: (address: CallAddress, nonce: string) => sendAndLog(address, { type: "call-check", nonce }),
    sendRinging: (address: CallAddress) => sendAndLog(address, { type: "call-ringing" }),
    /** A lost candidate is only logged, because ICE may connect without it. */
    sendLocalCandidate: (params: CandidateParams) =>
      sendAndLog(params, { type: "ice-candidate", candidate: params.candidate }),
    sendMediaState: (state: MediaState): void => {
      mediaOf(state.callId).reportedState = state;
      sendState(state);
    },
    /** Sends the last state again after a negotiation that changed what can arrive. */
    resendMediaState: (callId: string): void => {
      const { reportedState } = mediaOf(callId);
      if (reportedState) sendState(reportedState);
    },
    /** Refuses a call that has no chart, such as one that arrives during another call. Rate-limited per peer. */
    refuse: (params: HangupInput): void => {
      if (refusalBudget.take(params.peerId))
        sendAndLog(params, { type: "call-hangup", reason: params.reason });
      else log("debug", `call ${params.callId} of ${params.peerId} was refused without an answer`);
    },
  };
}

/** The state as it arrives at the other side, which may lack a common codec for the picture. */
function mediaSignal(state: MediaState, negotiated: NegotiatedDirections | null): Signal {
  const hasNoCodec = negotiated?.videoRefused !== undefined;
  const { mediaLevel, mediaLevelReason: why } = hasNoCodec ? limitedLevel(state, negotiated) : state;
  return {
    type: "call-media",
    microphone: state.microphone,
    camera: state.camera && !hasNoCodec,
    ...(state.screen && !hasNoCodec ? { screen: true } : {}),
    ...withFormerNames({ mediaLevel }),
    ...(why === null ? {} : { why: why.slice(0, MAX_WHY_CHARS) }),
  };
}
