// A new offer on a connection that works, because the other side's offer had no place for our picture. The call goes on
// meanwhile, and whatever becomes of the offer it stays connected.

import { exchangeStates, takeOffer } from "./exchange.ts";
import { linkSetup } from "./model.ts";

const refused = (whyNot: string) => ({ type: "reportVideo", params: { whyNot } }) as const;

const { offering, sendingOffer, awaitingAnswer, applyingAnswer } = exchangeStates({
  iceRestart: false,
  onExchanged: "#link.connected",
  onFailed: "failed",
});

export const extending = linkSetup.createStateConfig({
  description: "The user wants to send a picture, and the connection has no place for it. We offer one",
  entry: ["countVideoOffer", refused("the other side is asked whether it takes a picture")],
  initial: "offering",
  after: {
    negotiationTimeout: {
      target: "connected",
      actions: refused("the other side did not answer whether it takes a picture"),
    },
  },
  on: {
    "peer.disconnected": { target: "recovering", actions: "markDisconnected" },
    "peer.failed": { target: "recovering.choosing", actions: "markDisconnected" },
    "signal.offer": [
      { description: "Glare. The caller's offer stays, and the callee answers it", guard: "isOfferer" },
      takeOffer("recovering.exchanging.answering"),
    ],
  },
  states: {
    offering,
    sendingOffer,
    awaitingAnswer,
    applyingAnswer,
    failed: {
      always: {
        target: "#link.connected",
        actions: refused("the other side could not be asked whether it takes a picture"),
      },
    },
  },
});
