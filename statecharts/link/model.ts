// The words of the link chart: what it is given, what it hears, what it says, and the effects it names.

import { assign, sendParent, setup } from "xstate";
import type { Candidate, EndReason, Timeouts } from "../../rpc-schema/index.ts";
import { externalAction, externalActivity, externalPromise } from "../not-provided.ts";

export type LinkRole = "offerer" | "answerer";

/** Names one call to an effect. */
export interface CallAddress {
  readonly callId: string;
  readonly peerId: string;
}

export interface LinkInput extends CallAddress {
  readonly role: LinkRole;
  readonly timeouts: Timeouts;
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
  readonly failure: LinkOutput | null;
}

/** signal.*: from the remote peer; peer.*: from our WebRTC engine. */
export type LinkEvent =
  | { type: "signal.offer"; sdp: string }
  | { type: "signal.answer"; sdp: string }
  | { type: "signal.candidate"; candidate: Candidate }
  | { type: "peer.candidate"; candidate: Candidate }
  | { type: "peer.connected" }
  | { type: "peer.disconnected" }
  | { type: "peer.failed" }
  | { type: "peer.broken"; detail: string };

/** What the link tells its call. */
export type LinkReport = { type: "link.connected" } | { type: "link.lost" };

export type DescriptionInput = CallAddress & { readonly sdp: string };
export type OfferInput = CallAddress & { readonly iceRestart: boolean };
export type CandidateParams = CallAddress & { readonly candidate: Candidate };

export const linkSetup = setup({
  types: {
    input: {} as LinkInput,
    context: {} as LinkContext,
    events: {} as LinkEvent,
    output: {} as LinkOutput,
  },
  actors: {
    peerConnection: externalActivity<LinkEvent, CallAddress>("peerConnection"),
    sendAccept: externalPromise<void, CallAddress>("sendAccept"),
    createOffer: externalPromise<string, OfferInput>("createOffer"),
    answerOffer: externalPromise<string, DescriptionInput>("answerOffer"),
    acceptAnswer: externalPromise<void, DescriptionInput>("acceptAnswer"),
    sendOffer: externalPromise<void, DescriptionInput>("sendOffer"),
    sendAnswer: externalPromise<void, DescriptionInput>("sendAnswer"),
  },
  actions: {
    addRemoteCandidate: externalAction<CandidateParams>("addRemoteCandidate"),
    sendLocalCandidate: externalAction<CandidateParams>("sendLocalCandidate"),
    giveUp: assign({ failure: (_, failure: LinkOutput) => failure }),
    keepDescription: assign({ sdp: (_, params: { sdp: string }) => params.sdp }),
    keepReceived: assign((_, { sdp }: { sdp: string }) => ({ sdp, receivedSdp: sdp })),
    markConnected: assign({ isConnected: true }),
    markDisconnected: assign({ isConnected: false }),
    reportConnected: sendParent({ type: "link.connected" } satisfies LinkReport),
    reportLost: sendParent({ type: "link.lost" } satisfies LinkReport),
  },
  guards: {
    isOfferer: ({ context }) => context.role === "offerer",
    isConnected: ({ context }) => context.isConnected,
    isNew: ({ context }, params: { sdp: string }) => params.sdp !== context.receivedSdp,
  },
  delays: {
    negotiationTimeout: ({ context }) => context.timeouts.negotiationMs,
    connectTimeout: ({ context }) => context.timeouts.connectMs,
    lostTimeout: ({ context }) => context.timeouts.lostMs,
    restartTimeout: ({ context }) => context.timeouts.restartMs,
  },
});

export function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
