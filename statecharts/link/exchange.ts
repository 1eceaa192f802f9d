// The exchange of offer and answer. Call setup and ICE restart both use it, with different targets and failure handling.

import type { Candidate, EndReason } from "../../rpc-schema/index.ts";
import { errorText } from "../error-text.ts";
import { type LinkContext, linkSetup, peerTraits } from "./model.ts";

interface ExchangePlan {
  readonly iceRestart: boolean;
  /** State after a completed exchange. */
  readonly onExchanged: string;
  readonly onFailed: string;
}

export const addressOf = ({ context }: { context: LinkContext }) => ({
  callId: context.callId,
  peerId: context.peerId,
});
const descriptionOf = ({ context }: { context: LinkContext }) => ({
  callId: context.callId,
  peerId: context.peerId,
  sdp: context.sdp,
});
interface CandidateArgs {
  context: LinkContext;
  event: { candidate: Candidate };
}
export const candidateParams = ({ context, event }: CandidateArgs) => ({
  callId: context.callId,
  peerId: context.peerId,
  candidate: event.candidate,
});
const hold = {
  guard: "losesEarlyCandidates",
  actions: { type: "holdCandidate", params: candidateParams },
} as const;
const received = ({ event }: { event: { sdp: string } }) => ({ sdp: event.sdp });
const takeAnswer = {
  guard: { type: "isNewDescription", params: received },
  target: "applyingAnswer",
  actions: [{ type: "keepReceived", params: received }, "sendHeldCandidates"],
} as const;
const keepMade = {
  type: "keepDescription",
  params: ({ event }: { event: { output: string } }) => ({ sdp: event.output }),
} as const;

/**
 * Accepts an offer unless it is a duplicate of the last one. The same text is a duplicate, because every new description
 * has a new version number (RFC 8829, section 5.2.2).
 */
export function takeOffer(target: string) {
  return {
    guard: { type: "isNewDescription", params: received },
    target,
    actions: { type: "keepReceived", params: received },
  } as const;
}

/** @returns the states of one exchange, to be spread into the states of its phase */
export function exchangeStates({ iceRestart, onExchanged, onFailed }: ExchangePlan) {
  const failed = (reason: EndReason) =>
    ({
      target: onFailed,
      actions: {
        type: "giveUp",
        params: ({ event }: { event: { error: unknown } }) => ({ reason, detail: errorText(event.error) }),
      },
    }) as const;

  return {
    answering: linkSetup.createStateConfig({
      entry: "markUsed",
      invoke: {
        src: "answerOffer",
        input: descriptionOf,
        onDone: { target: "sendingAnswer", actions: keepMade },
        onError: failed("negotiationFailed"),
      },
    }),
    sendingAnswer: linkSetup.createStateConfig({
      description: "A connected path proves that the answer arrived, even without its acknowledgement",
      invoke: {
        src: "sendAnswer",
        input: descriptionOf,
        onDone: onExchanged,
        onError: [{ guard: "isConnected", target: onExchanged }, failed("unreachable")],
      },
    }),
    offering: linkSetup.createStateConfig({
      entry: ["markUsed", "dropHeldCandidates"],
      invoke: {
        src: "createOffer",
        input: ({ context }) => ({
          ...addressOf({ context }),
          iceRestart,
          holdsCandidates: peerTraits({ context }).losesEarlyCandidates,
        }),
        onDone: { target: "sendingOffer", actions: keepMade },
        onError: failed("negotiationFailed"),
      },
      on: { "peer.candidate": hold },
    }),
    sendingOffer: linkSetup.createStateConfig({
      description: "The answer may arrive before the acknowledgement of the offer",
      invoke: {
        src: "sendOffer",
        input: descriptionOf,
        onDone: "awaitingAnswer",
        onError: failed("unreachable"),
      },
      on: { "signal.answer": takeAnswer, "peer.candidate": hold },
    }),
    awaitingAnswer: linkSetup.createStateConfig({
      on: { "signal.answer": takeAnswer, "peer.candidate": hold },
    }),
    applyingAnswer: linkSetup.createStateConfig({
      invoke: {
        src: "acceptAnswer",
        input: descriptionOf,
        onDone: onExchanged,
        onError: failed("negotiationFailed"),
      },
    }),
  };
}
