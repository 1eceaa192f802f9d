// The types, actions and guards of the link chart: its input, its events, and its effects.

import { assign, sendParent, setup } from "xstate";
import type { Candidate, EndReason, MediaKind, Timeouts } from "../../rpc-schema/index.ts";
import { externalAction, externalActivity, externalPromise } from "../not-provided.ts";
import { kindAfter, type PeerKind, type PeerTraits, RECONNECTING_KIND, traitsOf } from "./peer-kinds.ts";

export type LinkRole = "offerer" | "answerer";

/** Identifies a call for an effect. */
export interface CallAddress {
  readonly callId: string;
  readonly peerId: string;
}

export interface LinkInput extends CallAddress {
  readonly role: LinkRole;
  /** The remote implementation, inferred from its messages. */
  readonly peerKind: PeerKind;
  readonly media: MediaKind;
  readonly timeouts: Timeouts;
  /** The call continues after our crash: the other side has a connection, and ours is new. */
  readonly isResumed: boolean;
}

/** Why the link ended. */
export interface LinkOutput {
  readonly reason: EndReason;
  readonly detail?: string;
}

export interface LinkContext extends LinkInput {
  /** The description to apply or send next. */
  readonly sdp: string;
  /** The last accepted remote description; empty before the first. */
  readonly receivedSdp: string;
  readonly isConnected: boolean;
  /** True until a description was created or applied on this connection. */
  readonly isFresh: boolean;
  /** Our candidates that wait for the answer, because a peer may lose candidates that arrive before the offer. */
  readonly heldCandidates: readonly Candidate[];
  readonly failure: LinkOutput | null;
  /** The user wants to send a picture that the other side does not take so far. Absent: not wanted. */
  readonly isVideoWanted?: boolean;
  /** An offer of ours could have a place for it. Absent before the other side's offer showed that it has none. */
  readonly isOfferUseful?: boolean;
  /** Offers of ours for the picture in this call; absent before the first. */
  readonly videoOffers?: number;
}

/** A machine gathers far fewer; see MAX_WAITING_CANDIDATES of plugin/peer. */
const MAX_HELD = 64;

/** From the media chart: the user wants to send a picture, which is not taken so far. */
export interface VideoRequest {
  readonly type: "media.videoWanted";
  /** True when the user pressed the button while the picture was refused. */
  readonly isAsked: boolean;
}

/** signal.*: from the remote peer; peer.*: from our WebRTC engine. */
export type LinkEvent =
  | { type: "signal.offer"; sdp: string }
  | { type: "signal.answer"; sdp: string }
  | { type: "signal.candidate"; candidate: Candidate }
  | { type: "signal.media" }
  | { type: "signal.reconnect" }
  | { type: "signal.reconnectAck" }
  | { type: "peer.candidate"; candidate: Candidate }
  | { type: "peer.connected" }
  | { type: "peer.disconnected" }
  | { type: "peer.failed" }
  /** Why the search takes so long; null once a path stands. */
  | { type: "peer.pathTrouble"; detail: string | null }
  | {
      type: "peer.videoNegotiated";
      whyNot: string | null;
      /** Not a codec is missing but a place in the description. */
      isOfferUseful?: boolean;
    }
  | VideoRequest
  | { type: "peer.broken"; detail: string };

/** Command to the connection: close it, and open a new one without any negotiated state. */
export type ConnectionCommand = { type: "connection.renew" };

/** Events to the call. */
export type LinkReport =
  | { type: "link.connected" }
  | { type: "link.lost" }
  /** Why no path has been found so far; null once one stands. */
  | { type: "link.pathTrouble"; detail: string | null }
  /** Whether the other side takes our picture, as far as it is certain by now; null: it does. */
  | { type: "link.videoNegotiated"; whyNot: string | null };

export type ConnectionInput = CallAddress & {
  /** What the other side can do and needs. The answer changes when its messages reveal its kind. */
  traits(): PeerTraits;
};
export type DescriptionInput = CallAddress & { readonly sdp: string };
export type OfferInput = CallAddress & {
  readonly iceRestart: boolean;
  /** Plugins do not lose candidates, so an offer to a plugin need not contain any. */
  readonly holdsCandidates: boolean;
};
export type ReconnectInput = CallAddress & { readonly media: MediaKind };
export type CandidateParams = CallAddress & { readonly candidate: Candidate };

/** What the other side, as far as it is known by now, can do and needs. */
export const peerTraits = ({ context }: { context: Pick<LinkContext, "peerKind"> }): PeerTraits =>
  traitsOf(context.peerKind);

/** A user may ask again. A program that refuses in ever new ways must not keep us busy. */
const MAX_VIDEO_OFFERS = 8;

const isVideoMissing = ({ isVideoWanted, isOfferUseful }: LinkContext): boolean =>
  isVideoWanted === true && isOfferUseful === true;

const takesOurOffer = (context: LinkContext): boolean =>
  context.role === "offerer" || peerTraits({ context }).takesOfferOfCallee;

const linkBase = setup({
  types: {
    input: {} as LinkInput,
    context: {} as LinkContext,
    events: {} as LinkEvent,
    output: {} as LinkOutput,
    children: {} as { peerConnection: "peerConnection" },
  },
  actors: {
    peerConnection: externalActivity<ConnectionCommand, ConnectionInput>("peerConnection"),
    sendAccept: externalPromise<void, CallAddress>("sendAccept"),
    createOffer: externalPromise<string, OfferInput>("createOffer"),
    answerOffer: externalPromise<string, DescriptionInput>("answerOffer"),
    acceptAnswer: externalPromise<void, DescriptionInput>("acceptAnswer"),
    sendOffer: externalPromise<void, DescriptionInput>("sendOffer"),
    sendAnswer: externalPromise<void, DescriptionInput>("sendAnswer"),
    sendReconnect: externalPromise<void, ReconnectInput>("sendReconnect"),
    sendReconnectAck: externalPromise<void, CallAddress>("sendReconnectAck"),
  },
  actions: {
    addRemoteCandidate: externalAction<CandidateParams>("addRemoteCandidate"),
    sendLocalCandidate: externalAction<CandidateParams>("sendLocalCandidate"),
    giveUp: assign({ failure: (_, failure: LinkOutput) => failure }),
    keepDescription: assign({ sdp: (_, params: { sdp: string }) => params.sdp }),
    keepReceived: assign((_, { sdp }: { sdp: string }) => ({ sdp, receivedSdp: sdp })),
    holdCandidate: assign({
      heldCandidates: ({ context }, { candidate }: CandidateParams) =>
        [...context.heldCandidates, candidate].slice(-MAX_HELD),
    }),
    dropHeldCandidates: assign({ heldCandidates: [] }),
    markUsed: assign({ isFresh: false }),
    updatePeerKind: assign({ peerKind: ({ context, event }) => kindAfter(context.peerKind, event) }),
    keepVideoRequest: assign({ isVideoWanted: true }),
    dropVideoRequest: assign({ isVideoWanted: false }),
    markOfferUseful: assign({ isOfferUseful: true }),
    countVideoOffer: assign({
      isVideoWanted: false,
      videoOffers: ({ context }) => (context.videoOffers ?? 0) + 1,
    }),
    markReconnecting: assign({ peerKind: RECONNECTING_KIND }),
    markConnected: assign({ isConnected: true, isResumed: false }),
    markDisconnected: assign({ isConnected: false }),
    reportConnected: sendParent({ type: "link.connected" } satisfies LinkReport),
    reportLost: sendParent({ type: "link.lost" } satisfies LinkReport),
    reportPathTrouble: sendParent(
      (_, { detail }: { detail: string | null }): LinkReport => ({ type: "link.pathTrouble", detail }),
    ),
    reportVideo: sendParent(
      (_, { whyNot }: { whyNot: string | null }): LinkReport => ({ type: "link.videoNegotiated", whyNot }),
    ),
  },
  guards: {
    losesEarlyCandidates: ({ context }) => peerTraits({ context }).losesEarlyCandidates,
    isOfferer: ({ context }) => context.role === "offerer",
    reconnectsByItself: ({ context }) => peerTraits({ context }).reconnectsByItself,
    isResumed: ({ context }) => context.isResumed,
    /** Plugins and pages replace their connection on request. Other implementations do not know `call-reconnect`. */
    requestsNewConnection: ({ context }) => {
      const { replacesConnection } = peerTraits({ context });
      return replacesConnection === "always" || (context.isResumed && replacesConnection === "afterCrash");
    },
    /** Both plugins crashed and both request a reconnect. One must win, or each would wait for the other's offer. */
    winsReconnectGlare: ({ context }) =>
      context.isResumed &&
      context.role === "offerer" &&
      peerTraits({ context }).replacesConnection === "afterCrash",
    leavesReconnectToUs: ({ context }) => !peerTraits({ context }).reconnectsByItself,
    offersIceRestart: ({ context }) => context.role === "offerer" || peerTraits({ context }).wantsIceRestart,
    mayBeOffered: ({ context }, params: { isAsked: boolean }) =>
      context.role === "answerer" || params.isAsked,
    canBeOffered: (_, params: { isOfferUseful: boolean | undefined }) => params.isOfferUseful === true,
    offersVideo: ({ context }) =>
      isVideoMissing(context) && takesOurOffer(context) && (context.videoOffers ?? 0) < MAX_VIDEO_OFFERS,
    cannotOfferVideo: ({ context }) => isVideoMissing(context) && !takesOurOffer(context),
    offersAfterAccept: ({ context }) => peerTraits({ context }).offersAfterAccept,
    isConnected: ({ context }) => context.isConnected,
    isNewDescription: ({ context }, params: { sdp: string }) => params.sdp !== context.receivedSdp,
  },
  delays: {
    negotiationTimeout: ({ context }) => context.timeouts.negotiationMs,
    connectTimeout: ({ context }) => context.timeouts.connectMs,
    lostTimeout: ({ context }) => context.timeouts.lostMs,
    restartTimeout: ({ context }) => context.timeouts.restartMs,
    /** Short, because the user waits and the other side may be reachable at any moment. */
    reconnectRetryTime: ({ context }) => context.timeouts.lostMs / 8,
  },
});

/** Actions that enqueue other actions. They need the types of the setup above. */
export const linkSetup = linkBase.extend({
  actions: {
    /** A connection without any negotiated state needs no replacement. */
    renewConnection: linkBase.enqueueActions(({ context, enqueue }) => {
      if (context.isFresh) return;
      enqueue.sendTo("peerConnection", { type: "connection.renew" });
      enqueue.assign({ isFresh: true, isConnected: false, heldCandidates: [] });
    }),
    sendHeldCandidates: linkBase.enqueueActions(({ context, enqueue }) => {
      const { callId, peerId, heldCandidates } = context;
      for (const candidate of heldCandidates) {
        enqueue({ type: "sendLocalCandidate", params: { callId, peerId, candidate } });
      }
      enqueue.assign({ heldCandidates: [] });
    }),
  },
});
