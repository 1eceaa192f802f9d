// The exchange of offer and answer, used twice: when a call is set up, and when a lost path is sought anew. It differs
// only in where it leads and in what a failure means.

import type { EndReason } from "../../rpc-schema/index.ts";
import { type LinkContext, linkSetup, textOf } from "./model.ts";

interface ExchangePlan {
  readonly iceRestart: boolean;
  /** Where a finished exchange leads. */
  readonly onExchanged: string;
  readonly onFailed: string;
}

const addressOf = ({ context }: { context: LinkContext }) => ({
  callId: context.callId,
  peerId: context.peerId,
});
const descriptionOf = ({ context }: { context: LinkContext }) => ({
  callId: context.callId,
  peerId: context.peerId,
  sdp: context.sdp,
});
const keepReceived = {
  type: "keepDescription",
  params: ({ event }: { event: { sdp: string } }) => ({ sdp: event.sdp }),
} as const;
const keepMade = {
  type: "keepDescription",
  params: ({ event }: { event: { output: string } }) => ({ sdp: event.output }),
} as const;

/** The states of one exchange, to be spread into the states of the phase that it belongs to. */
export function exchangeStates({ iceRestart, onExchanged, onFailed }: ExchangePlan) {
  const failed = (reason: EndReason) =>
    ({
      target: onFailed,
      actions: {
        type: "giveUp",
        params: ({ event }: { event: { error: unknown } }) => ({ reason, detail: textOf(event.error) }),
      },
    }) as const;

  return {
    accepting: linkSetup.createStateConfig({
      description: "The caller is told of the accept; its offer proves as much as the acknowledgement does",
      invoke: {
        src: "sendAccept",
        input: addressOf,
        onDone: "awaitingOffer",
        onError: failed("unreachable"),
      },
      on: { "signal.offer": { target: "answering", actions: keepReceived } },
    }),
    awaitingOffer: linkSetup.createStateConfig({
      on: { "signal.offer": { target: "answering", actions: keepReceived } },
    }),
    answering: linkSetup.createStateConfig({
      invoke: {
        src: "answerOffer",
        input: descriptionOf,
        onDone: { target: "sendingAnswer", actions: keepMade },
        onError: failed("negotiationFailed"),
      },
    }),
    sendingAnswer: linkSetup.createStateConfig({
      invoke: {
        src: "sendAnswer",
        input: descriptionOf,
        onDone: onExchanged,
        onError: failed("unreachable"),
      },
    }),
    offering: linkSetup.createStateConfig({
      invoke: {
        src: "createOffer",
        input: ({ context }) => ({ ...addressOf({ context }), iceRestart }),
        onDone: { target: "sendingOffer", actions: keepMade },
        onError: failed("negotiationFailed"),
      },
    }),
    sendingOffer: linkSetup.createStateConfig({
      description: "The answer may overtake the acknowledgement of the offer",
      invoke: {
        src: "sendOffer",
        input: descriptionOf,
        onDone: "awaitingAnswer",
        onError: failed("unreachable"),
      },
      on: { "signal.answer": { target: "applyingAnswer", actions: keepReceived } },
    }),
    awaitingAnswer: linkSetup.createStateConfig({
      on: { "signal.answer": { target: "applyingAnswer", actions: keepReceived } },
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
