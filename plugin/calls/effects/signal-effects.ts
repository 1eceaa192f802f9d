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
import type { CallEnvironment } from "../environment.ts";

/** Goop² sends its platform too. It is for logs only. */
const PLATFORM = process.platform;

/**
 * For the machines' `provide`. Promises reject with SignallingError. They are aborted with their activity, except for the
 * hang-up.
 */
export function createSignalEffects({ send, log, refusalBudget }: CallEnvironment) {
  const sending = <Input extends CallAddress>(toSignal: (input: Input) => Signal) =>
    fromPromise<void, Input>(({ input, signal }) =>
      send(input.peerId, input.callId, toSignal(input), signal),
    );

  const sendAndLog = ({ peerId, callId }: CallAddress, signal: Signal): void => {
    send(peerId, callId, signal).catch((error: unknown) =>
      log("warn", `${signal.type} for call ${callId} not delivered: ${errorText(error)}`),
    );
  };

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
    sendRinging: (address: CallAddress) => sendAndLog(address, { type: "call-ringing" }),
    /** A lost candidate is only logged, because ICE may connect without it. */
    sendLocalCandidate: (params: CandidateParams) =>
      sendAndLog(params, { type: "ice-candidate", candidate: params.candidate }),
    sendMediaState: ({ microphone, camera, mediaLevel, mediaLevelReason, ...address }: MediaState) =>
      sendAndLog(address, {
        type: "call-media",
        microphone,
        camera,
        ...withFormerNames({ mediaLevel }),
        ...(mediaLevelReason === null ? {} : { why: mediaLevelReason.slice(0, MAX_WHY_CHARS) }),
      }),
    /** Refuses a call that has no chart, such as one that arrives during another call. Rate-limited per peer. */
    refuse: (params: HangupInput): void => {
      if (refusalBudget.take(params.peerId))
        sendAndLog(params, { type: "call-hangup", reason: params.reason });
      else log("debug", `call ${params.callId} of ${params.peerId} was refused without an answer`);
    },
  };
}
