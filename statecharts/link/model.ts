// The words of the link chart: what it is given, what it hears, what it says, and the effects it names.

import { assign, sendParent, setup } from "xstate";
import type { Candidate, EndReason, MediaKind, Timeouts } from "../../rpc-schema/index.ts";
import { externalAction, externalActivity, externalPromise } from "../not-provided.ts";

export type LinkRole = "offerer" | "answerer";

/**
 * What program the other side runs, by what it said so far; a lost path is sought anew as that program can. plugin: ours;
 * native: the host's own stack; browser: the host's page; script: a page with the host's script interface.
 */
export type PeerKind = "plugin" | "native" | "browser" | "script";

/** Names one call to an effect. */
export interface CallAddress {
  readonly callId: string;
  readonly peerId: string;
}

export interface LinkInput extends CallAddress {
  readonly role: LinkRole;
  readonly peerKind: PeerKind;
  readonly media: MediaKind;
  readonly timeouts: Timeouts;
  /** The call goes on after our crash: the other side has a connection, ours is new. */
  readonly isResumed: boolean;
}

/** Why the link was given up. */
export interface LinkOutput {
  readonly reason: EndReason;
  readonly detail?: string;
}

export interface LinkContext extends LinkInput {
  /** The description to be applied or sent next. */
  readonly sdp: string;
  /** The remote description taken last; empty before the first. */
  readonly receivedSdp: string;
  readonly isConnected: boolean;
  /** No description was made or taken on this connection yet. */
  readonly isFresh: boolean;
  /** Our candidates that wait for the answer, since a peer may lose what it gets before the offer. */
  readonly heldCandidates: readonly Candidate[];
  readonly failure: LinkOutput | null;
}

/** What a machine gathers is far less; see MAX_WAITING_CANDIDATES of plugin/peer. */
const MAX_HELD = 64;

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
  | { type: "peer.broken"; detail: string };

/** What the link tells the connection: close what is there and make another, with nothing agreed yet. */
export type ConnectionCommand = { type: "connection.renew" };

/** What the link tells its call. */
export type LinkReport = { type: "link.connected" } | { type: "link.lost" };

export type DescriptionInput = CallAddress & { readonly sdp: string };
export type OfferInput = CallAddress & {
  readonly iceRestart: boolean;
  /** Plugins like ours lose no candidate, so their offers need not wait to hold some. */
  readonly holdsCandidates: boolean;
};
export type ReconnectInput = CallAddress & { readonly media: MediaKind };
export type CandidateParams = CallAddress & { readonly candidate: Candidate };

/** Some do; only plugins like ours are known to keep them. */
export const losesEarlyCandidates = ({ context }: { context: LinkContext }) => context.peerKind !== "plugin";

const linkBase = setup({
  types: {
    input: {} as LinkInput,
    context: {} as LinkContext,
    events: {} as LinkEvent,
    output: {} as LinkOutput,
    children: {} as { peerConnection: "peerConnection" },
  },
  actors: {
    peerConnection: externalActivity<ConnectionCommand, CallAddress>("peerConnection"),
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
    markPlugin: assign({ peerKind: "plugin" as const }),
    markBrowser: assign({ peerKind: "browser" as const }),
    markConnected: assign({ isConnected: true, isResumed: false }),
    markDisconnected: assign({ isConnected: false }),
    reportConnected: sendParent({ type: "link.connected" } satisfies LinkReport),
    reportLost: sendParent({ type: "link.lost" } satisfies LinkReport),
  },
  guards: {
    losesEarlyCandidates,
    isOfferer: ({ context }) => context.role === "offerer",
    isBrowser: ({ context }) => context.peerKind === "browser",
    isResumed: ({ context }) => context.isResumed,
    /** Plugins make their connection anew when asked to, as pages do; other programs know no such question. */
    requestsNewConnection: ({ context: { peerKind, isResumed } }) =>
      peerKind === "browser" || (isResumed && peerKind === "plugin"),
    /** Both sides crashed, and both ask; one rule for both, or each would wait for the other's offer. */
    winsReconnectGlare: ({ context: { peerKind, isResumed, role } }) =>
      isResumed && peerKind === "plugin" && role === "offerer",
    isNotBrowser: ({ context }) => context.peerKind !== "browser",
    /** A script takes offers in any role, and makes none of itself. */
    offersIceRestart: ({ context }) => context.role === "offerer" || context.peerKind === "script",
    isHostNative: ({ context }) => context.peerKind === "native",
    isConnected: ({ context }) => context.isConnected,
    isNewDescription: ({ context }, params: { sdp: string }) => params.sdp !== context.receivedSdp,
  },
  delays: {
    negotiationTimeout: ({ context }) => context.timeouts.negotiationMs,
    connectTimeout: ({ context }) => context.timeouts.connectMs,
    lostTimeout: ({ context }) => context.timeouts.lostMs,
    restartTimeout: ({ context }) => context.timeouts.restartMs,
    /** Somebody waits for the picture, and the other side may be reached at any moment. */
    reconnectRetryTime: ({ context }) => context.timeouts.lostMs / 8,
  },
});

/** What takes several actions at once, which need the words above for their types. */
export const linkSetup = linkBase.extend({
  actions: {
    /** A connection on which nothing was agreed yet serves as well as another new one. */
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

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
