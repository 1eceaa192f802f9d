// The connection of one call: who offers, what to wait for, when to restart a lost path, and when to give up. The chart
// passes descriptions on as text, and sees the WebRTC engine only through its connection state.

import { errorText } from "../error-text.ts";
import { addressOf, candidateParams, exchangeStates, takeOffer } from "./exchange.ts";
import { extending } from "./extending.ts";
import { linkSetup, peerTraits } from "./model.ts";
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
            "The accept is being sent. The caller's offer proves its arrival as well as the acknowledgement does",
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
      description: "Descriptions are exchanged, and ICE looks for a path",
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

const reportNegotiated = {
  type: "reportVideo",
  params: ({ event }: { event: { whyNot: string | null } }) => ({ whyNot: event.whyNot }),
} as const;

const connected = linkSetup.createStateConfig({
  entry: ["markConnected", "reportConnected"],
  always: [
    { guard: "offersVideo", target: "extending" },
    {
      description: "Goop²'s own stack takes no offer from a callee",
      guard: "cannotOfferVideo",
      actions: [
        "dropVideoRequest",
        {
          type: "reportVideo",
          params: { whyNot: "the other side's Goop² called without a picture and cannot add one" },
        },
      ],
    },
  ],
  on: {
    "peer.disconnected": { target: "recovering", actions: "markDisconnected" },
    "peer.failed": [
      {
        description: "A page that reloads reconnects by itself, and a request of ours would cross its own",
        guard: "reconnectsByItself",
        target: "recovering",
        actions: "markDisconnected",
      },
      { target: "recovering.choosing", actions: "markDisconnected" },
    ],
    "signal.offer": {
      description: "The other side restarts ICE, or changes what it sends",
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
    input: ({ context, self }) => ({
      ...addressOf({ context }),
      traits: () => peerTraits(self.getSnapshot()),
    }),
    onError: {
      target: ".failed",
      actions: {
        type: "giveUp",
        params: ({ event }) => ({ reason: "mediaFailed" as const, detail: errorText(event.error) }),
      },
    },
  },
  on: {
    "signal.media": { description: "Only plugins send this signal", actions: "updatePeerKind" },
    "signal.reconnect": {
      description:
        "The other side has a new connection, so we replace ours. The newest request wins, in any state",
      target: ".recovering.acknowledging",
      actions: ["markReconnecting", "renewConnection"],
    },
    "signal.reconnectAck": { description: "A duplicate, or for a request that we no longer wait for" },
    "signal.candidate": { actions: { type: "addRemoteCandidate", params: candidateParams } },
    "peer.candidate": { actions: { type: "sendLocalCandidate", params: candidateParams } },
    "peer.videoNegotiated": [
      {
        description: "The other side's offer had no place for our picture. An offer of ours can have one",
        guard: { type: "canBeOffered", params: ({ event }) => ({ isOfferUseful: event.isOfferUseful }) },
        actions: ["markOfferUseful", reportNegotiated],
      },
      {
        description: "A description, or the kind of the peer, tells whether our picture is taken",
        actions: reportNegotiated,
      },
    ],
    "peer.pathTrouble": {
      description: "If the call ends for want of a path, this is the detail of its end",
      actions: { type: "reportPathTrouble", params: ({ event }) => ({ detail: event.detail }) },
    },
    "media.videoWanted": [
      {
        description: "The preference waits until the path stands",
        guard: { type: "mayBeOffered", params: ({ event }) => ({ isAsked: event.isAsked }) },
        actions: "keepVideoRequest",
      },
      { description: "Our offer had a place for it and was answered without, so only the user asks again" },
    ],
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
  states: { establishing, connected, extending, recovering, failed: { type: "final" } },
});
