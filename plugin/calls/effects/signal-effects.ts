// The charts' effects that speak to the peer. Those whose outcome matters are promises; the others log a failure.

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

/** Told to the peer for its information only; nothing is decided by it. */
const PLATFORM = process.platform;

/**
 * For the machines' `provide`. Promises reject with SignallingError; all but the hang-up's end with their
 * activity.
 */
export function createSignalEffects({ send, log, refusalBudget }: CallEnvironment) {
  const sending = <Input extends CallAddress>(toSignal: (input: Input) => Signal) =>
    fromPromise<void, Input>(({ input, signal }) =>
      send(input.peerId, input.callId, toSignal(input), signal),
    );

  const tell = ({ peerId, callId }: CallAddress, signal: Signal): void => {
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
    /** Goes on after the call stopped waiting for it: a slow peer hears of the end late rather than never. */
    sendHangup: fromPromise<void, HangupInput>(({ input }) =>
      send(input.peerId, input.callId, { type: "call-hangup", reason: input.reason }),
    ),
    sendRinging: (address: CallAddress) => tell(address, { type: "call-ringing" }),
    /** Logged when lost: the path may be found without it. */
    sendLocalCandidate: (params: CandidateParams) =>
      tell(params, { type: "ice-candidate", candidate: params.candidate }),
    sendMediaState: ({ microphone, camera, mediaLevel, mediaLevelReason, ...address }: MediaState) =>
      tell(address, {
        type: "call-media",
        microphone,
        camera,
        ...withFormerNames({ mediaLevel }),
        ...(mediaLevelReason === null ? {} : { why: mediaLevelReason.slice(0, MAX_WHY_CHARS) }),
      }),
    /**
     * For a call that never got a chart, such as one that came while another runs. Not without end: whoever asks
     * thousands of times gets the first answers only.
     */
    refuse: (params: HangupInput): void => {
      if (refusalBudget.take(params.peerId)) tell(params, { type: "call-hangup", reason: params.reason });
      else log("debug", `call ${params.callId} of ${params.peerId} was refused without a word`);
    },
  };
}
