// The connection of one call: who offers, what is awaited, when a lost path is sought anew and when it is given up.
// Knows descriptions only as text to pass on, and the WebRTC engine only by the state of its connection.

import type { Candidate } from "../../rpc-schema/index.ts";
import { addressOf, exchangeStates, takeOffer } from "./exchange.ts";
import { type LinkContext, linkSetup, textOf } from "./model.ts";

interface CandidateArgs {
  context: LinkContext;
  event: { candidate: Candidate };
}
const candidateParams = ({ context, event }: CandidateArgs) => ({
  callId: context.callId,
  peerId: context.peerId,
  candidate: event.candidate,
});

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
    choosing: { always: [{ guard: "isOfferer", target: "negotiating.offering" }, { target: "negotiating" }] },
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
                params: ({ event }) => ({ reason: "unreachable" as const, detail: textOf(event.error) }),
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
    "peer.failed": { target: "recovering.seeking", actions: "markDisconnected" },
    "signal.offer": {
      description: "The other side seeks a new path, or changes what it sends",
      ...takeOffer("recovering.exchanging.answering"),
    },
  },
});

const recovering = linkSetup.createStateConfig({
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
      on: { "peer.failed": "seeking" },
      after: { lostTimeout: "seeking" },
    },
    seeking: {
      always: [{ guard: "isOfferer", target: "exchanging.offering" }, { target: "awaitingOffer" }],
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
      after: { lostTimeout: "seeking" },
    },
  },
});

export const linkMachine = linkSetup.createMachine({
  id: "link",
  description: "The connection of one call, from the accept to its loss",
  context: ({ input }) => ({ ...input, sdp: "", receivedSdp: "", isConnected: false, failure: null }),
  output: ({ context }) => context.failure ?? { reason: "connectionLost" },
  invoke: {
    src: "peerConnection",
    id: "peerConnection",
    input: ({ context }) => ({ callId: context.callId, peerId: context.peerId }),
    onError: {
      target: ".failed",
      actions: {
        type: "giveUp",
        params: ({ event }) => ({ reason: "mediaFailed" as const, detail: textOf(event.error) }),
      },
    },
  },
  on: {
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
