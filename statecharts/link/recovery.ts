// How a lost path is sought anew: it may come back by itself; else as the other side's program can, by an offer, by a
// second accept, or by a new connection on both sides. Knows no more of the engine than the link does.

import { addressOf, exchangeStates, takeOffer } from "./exchange.ts";
import { linkSetup } from "./model.ts";

/** An answer of the other side is what counts; whether the question was acknowledged changes nothing. */
const untilAnswered = { onDone: {}, onError: {} } as const;

/** The other side's connection and ours are made anew; whoever asked for it offers. */
const renewal = {
  acknowledging: linkSetup.createStateConfig({
    description: "The other side asked: ours is new, and its offer is awaited",
    invoke: { src: "sendReconnectAck", input: addressOf, ...untilAnswered },
    after: { lostTimeout: "requestingReconnect" },
  }),
  requestingReconnect: linkSetup.createStateConfig({
    description:
      "We ask for a new connection; its acknowledgement lets us offer, and so does silence, for pages take offers in any role",
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
        description: "It crossed ours, which the other side heeds",
        guard: "winsReconnectGlare",
      },
    },
    after: { lostTimeout: "exchanging.offering" },
  }),
  retryingReconnect: linkSetup.createStateConfig({
    description: "The other side could not be reached yet, as when its program was just started again",
    after: { reconnectRetryTime: "requestingReconnect" },
  }),
};

export const recovering = linkSetup.createStateConfig({
  description: "The path was lost: it may come back by itself, else a new one is sought until the time is up",
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
      description: "Believed only between exchanges, for an exchange under way has to be finished",
      actions: "markConnected",
    },
    "peer.disconnected": { actions: "markDisconnected" },
    "peer.failed": { actions: "markDisconnected" },
    "signal.offer": takeOffer(".exchanging.answering"),
  },
  states: {
    waiting: {
      description: "Most losses are short; a failed attempt also waits here for the next",
      always: { guard: "isConnected", target: "#link.connected" },
      on: { "peer.failed": { guard: "isNotBrowser", target: "choosing" } },
      after: { lostTimeout: "choosing" },
    },
    choosing: {
      always: [
        { guard: "requestsNewConnection", target: "requestingReconnect" },
        { guard: "offersIceRestart", target: "exchanging.offering" },
        { guard: "isHostNative", target: "repeatingAccept" },
        { target: "awaitingOffer" },
      ],
    },
    repeatingAccept: {
      description: "The host's own stack takes no offer of a callee, yet offers again on another accept",
      always: { guard: "isConnected", target: "#link.connected" },
      invoke: { src: "sendAccept", input: addressOf, ...untilAnswered },
      after: { lostTimeout: { target: "repeatingAccept", reenter: true } },
    },
    awaitingOffer: {
      description: "The other side has to offer; until it does the old path may come back",
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
