// The connection of one call: who offers, what is awaited, when a lost path is sought anew and when it is given up.
// Knows descriptions only as text to pass on, and the WebRTC engine only by the state of its connection.

import { addressOf, candidateParams, exchangeStates, takeOffer } from "./exchange.ts";
import { errorText, linkSetup } from "./model.ts";
import { recovering } from "./recovery.ts";

const establishing = linkSetup.createStateConfig({
  description: "The first exchange and the first path",
  initial: "choosing",
  on: {
    "peer.connected": { actions: "markConnected" },
    "peer.disconnected": { actions: "markDisconnected" },
    "peer.failed": {
      target: "failed",
      actions: { type: "giveUp", params: { reason: "connectTimeout", detail: "no path between the two" } },
    },
  },
  states: {
    choosing: {
      always: [
        { guard: "isResumed", target: "#link.recovering.choosing" },
        { guard: "isOfferer", target: "negotiating.offering" },
        { target: "negotiating" },
      ],
    },
    negotiating: {
      initial: "accepting",
      after: {
        negotiationTimeout: {
          target: "#link.failed",
          actions: { type: "giveUp", params: { reason: "negotiationTimeout" } },
        },
      },
      states: {
        accepting: {
          description:
            "The caller is told of the accept; its offer proves as much as the acknowledgement does",
          invoke: {
            src: "sendAccept",
            input: addressOf,
            onDone: "awaitingOffer",
            onError: {
              target: "#link.failed",
              actions: {
                type: "giveUp",
                params: ({ event }) => ({ reason: "unreachable" as const, detail: errorText(event.error) }),
              },
            },
          },
          on: { "signal.offer": takeOffer("answering") },
        },
        awaitingOffer: { on: { "signal.offer": takeOffer("answering") } },
        ...exchangeStates({
          iceRestart: false,
          onExchanged: "#link.establishing.connecting",
          onFailed: "#link.failed",
        }),
      },
    },
    connecting: {
      description: "Descriptions are exchanged, a path is sought",
      always: { guard: "isConnected", target: "#link.connected" },
      after: {
        connectTimeout: {
          target: "#link.failed",
          actions: { type: "giveUp", params: { reason: "connectTimeout" } },
        },
      },
    },
  },
});

const connected = linkSetup.createStateConfig({
  entry: ["markConnected", "reportConnected"],
  on: {
    "peer.disconnected": { target: "recovering", actions: "markDisconnected" },
    "peer.failed": [
      {
        description: "A page that is loaded anew speaks up by itself; asking meanwhile would cross it",
        guard: "isBrowser",
        target: "recovering",
        actions: "markDisconnected",
      },
      { target: "recovering.choosing", actions: "markDisconnected" },
    ],
    "signal.offer": {
      description: "The other side seeks a new path, or changes what it sends",
      ...takeOffer("recovering.exchanging.answering"),
    },
  },
});

export const linkMachine = linkSetup.createMachine({
  id: "link",
  description: "The connection of one call, from the accept to its loss",
  context: ({ input }) => ({
    ...input,
    sdp: "",
    receivedSdp: "",
    isConnected: false,
    isFresh: true,
    heldCandidates: [],
    failure: null,
  }),
  output: ({ context }) => context.failure ?? { reason: "connectionLost" },
  invoke: {
    src: "peerConnection",
    id: "peerConnection",
    input: ({ context }) => ({ callId: context.callId, peerId: context.peerId }),
    onError: {
      target: ".failed",
      actions: {
        type: "giveUp",
        params: ({ event }) => ({ reason: "mediaFailed" as const, detail: errorText(event.error) }),
      },
    },
  },
  on: {
    "signal.media": { description: "Only plugins like ours say this", actions: "markPlugin" },
    "signal.reconnect": {
      description:
        "The other side has a new connection, so ours is made anew; in whatever state, the newest wins",
      target: ".recovering.acknowledging",
      actions: ["markBrowser", "renewConnection"],
    },
    "signal.reconnectAck": { description: "A second copy, or to a question that nobody asks any more" },
    "signal.candidate": { actions: { type: "addRemoteCandidate", params: candidateParams } },
    "peer.candidate": { actions: { type: "sendLocalCandidate", params: candidateParams } },
    "peer.broken": {
      description: "The engine could not make the connection at all",
      target: ".failed",
      actions: {
        type: "giveUp",
        params: ({ event }) => ({ reason: "mediaFailed" as const, detail: event.detail }),
      },
    },
  },
  initial: "establishing",
  states: { establishing, connected, recovering, failed: { type: "final" } },
});
