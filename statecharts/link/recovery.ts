// Recovery of a lost path. The path may come back by itself. Otherwise the remote implementation decides the method: an
// offer with an ICE restart, a repeated accept, or a new connection on both sides.

import { addressOf, exchangeStates, takeOffer } from "./exchange.ts";
import { linkSetup } from "./model.ts";

/** Only the answer of the other side counts, not the acknowledgement of our request. */
const untilAnswered = { onDone: {}, onError: {} } as const;

/** Both sides replace their connection. The side that requested it sends the offer. */
const renewal = {
  acknowledging: linkSetup.createStateConfig({
    description: "The other side requested it. Our connection is new, and we wait for its offer",
    invoke: { src: "sendReconnectAck", input: addressOf, ...untilAnswered },
    after: { lostTimeout: "requestingReconnect" },
  }),
  requestingReconnect: linkSetup.createStateConfig({
    description:
      "We request a new connection. We offer after the acknowledgement or a timeout, because pages answer in any role",
    entry: "renewConnection",
    invoke: {
      src: "sendReconnect",
      input: ({ context }) => ({ ...addressOf({ context }), media: context.media }),
      onDone: {},
      onError: [{ guard: "isResumed", target: "retryingReconnect" }, {}],
    },
    on: {
      "signal.reconnectAck": "exchanging.offering",
      "signal.reconnect": {
        description: "Glare of two requests. The other side follows ours",
        guard: "winsReconnectGlare",
      },
    },
    after: { lostTimeout: "exchanging.offering" },
  }),
  retryingReconnect: linkSetup.createStateConfig({
    description: "The other side is not reachable yet, for example because it restarts too",
    after: { reconnectRetryTime: "requestingReconnect" },
  }),
};

export const recovering = linkSetup.createStateConfig({
  description: "The path is lost. It may come back by itself, else we restart it until the time is up",
  entry: "reportLost",
  initial: "waiting",
  after: {
    restartTimeout: [
      { guard: "isConnected", target: "connected" },
      { target: "failed", actions: { type: "giveUp", params: { reason: "connectionLost" } } },
    ],
  },
  on: {
    "peer.connected": {
      description:
        "It takes effect between exchanges only, because an exchange in progress must be completed",
      actions: "markConnected",
    },
    "peer.disconnected": { actions: "markDisconnected" },
    "peer.failed": { actions: "markDisconnected" },
    "signal.offer": takeOffer(".exchanging.answering"),
  },
  states: {
    waiting: {
      description: "Most losses are short. A failed attempt also waits here for the next one",
      always: { guard: "isConnected", target: "#link.connected" },
      on: { "peer.failed": { guard: "leavesReconnectToUs", target: "choosing" } },
      after: { lostTimeout: "choosing" },
    },
    choosing: {
      always: [
        { guard: "requestsNewConnection", target: "requestingReconnect" },
        { guard: "offersIceRestart", target: "exchanging.offering" },
        { guard: "offersAfterAccept", target: "repeatingAccept" },
        { target: "awaitingOffer" },
      ],
    },
    repeatingAccept: {
      description:
        "Goop²'s own stack accepts no offer from a callee, but it offers again after another accept",
      always: { guard: "isConnected", target: "#link.connected" },
      invoke: { src: "sendAccept", input: addressOf, ...untilAnswered },
      after: { lostTimeout: { target: "repeatingAccept", reenter: true } },
    },
    awaitingOffer: {
      description: "The other side must offer. Until then the old path may come back",
      always: { guard: "isConnected", target: "#link.connected" },
    },
    exchanging: {
      initial: "offering",
      states: exchangeStates({
        iceRestart: true,
        onExchanged: "#link.recovering.connecting",
        onFailed: "#link.recovering.waiting",
      }),
    },
    connecting: {
      always: { guard: "isConnected", target: "#link.connected" },
      after: { lostTimeout: "choosing" },
    },
    ...renewal,
  },
});
