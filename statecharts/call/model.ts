// The types, actions and guards of the call chart: its input, its events, its end, and its effects.

import { type AnyActorRef, type AnyEventObject, assign, sendParent, sendTo, setup } from "xstate";
import type {
  Candidate,
  Direction,
  EndedBy,
  EndReason,
  MediaKind,
  MediaLevel,
  Timeouts,
} from "../../rpc-schema/index.ts";
import type { AdaptedDirection } from "../adapt/judge.ts";
import { adaptMachine } from "../adapt/machine.ts";
import type { AdaptReport } from "../adapt/model.ts";
import { linkMachine } from "../link/machine.ts";
import type { CallAddress, LinkOutput, LinkReport, VideoRequest } from "../link/model.ts";
import { kindAfter, type PeerKind } from "../link/peer-kinds.ts";
import { mediaMachine } from "../media/machine.ts";
import type { MediaEvent, ResumedMedia } from "../media/model.ts";
import { externalAction, externalPromise } from "../not-provided.ts";
import { type MediaPreference, type PreferenceEvent, preferenceAfter } from "./preference.ts";

export interface CallInput extends CallAddress {
  readonly direction: Direction;
  readonly media: MediaKind;
  /** Inferred from the first message; later messages refine it. */
  readonly peerKind: PeerKind;
  readonly timeouts: Timeouts;
  /** Both users called each other and this call survives glare, so the user is not asked. */
  readonly isAccepted: boolean;
  /** Its peer has another call with us, as far as we know, so this call waits. */
  readonly isWaiting: boolean;
  /** State from the process that crashed during this call; null for a new call. */
  readonly resumed: Resumed | null;
  /** What the user set before the accept; absent until something was set. */
  readonly preference?: MediaPreference;
}

/** The state of a call that a crashed process left behind. */
export interface Resumed {
  /** Our peer id at that time. The other side knows the call under it. */
  readonly selfId: string;
  /** Why the call can only be ended; null if it can continue. */
  readonly whyNotResumable: string | null;
  /** Unix milliseconds, for reports to the host. */
  readonly createdAt: number;
  readonly connectedAt: number | null;
  readonly remote: RemoteMediaState;
  readonly media: ResumedMedia;
}

export interface CallEnd {
  readonly reason: EndReason;
  readonly endedBy: EndedBy;
  readonly detail?: string;
  readonly replacedBy?: string;
}

/** The last `call-media` of the other side; null: unknown. Older peers never send a media level. */
export interface RemoteMediaState {
  readonly microphone: boolean | null;
  readonly camera: boolean | null;
  /** The picture is the other side's screen. Absent: it is not. */
  readonly screen?: true;
  readonly mediaLevel: MediaLevel | null;
  readonly mediaLevelReason: string | null;
}

export interface CallContext extends CallInput {
  readonly remote: RemoteMediaState;
  readonly end: CallEnd | null;
  /** Why there is no path; null once one stands. Absent in a call that found one at once. */
  readonly pathTrouble?: string | null;
}

export type UserCallEvent =
  | { type: "user.accept"; media: MediaKind | null }
  | { type: "user.reject"; reason: Extract<EndReason, "rejected" | "busy" | "unavailable"> }
  | { type: "user.hangup" };

export type SignalCallEvent =
  | { type: "signal.requestRepeated" }
  | { type: "signal.ringing" }
  | { type: "signal.ack"; mode: "native" | "browser" | null }
  | { type: "signal.offer"; sdp: string }
  | { type: "signal.answer"; sdp: string }
  | { type: "signal.candidate"; candidate: Candidate }
  | ({ type: "signal.media" } & RemoteMediaState)
  | { type: "signal.reconnect" }
  | { type: "signal.reconnectAck" }
  | { type: "signal.check"; nonce: string }
  | { type: "signal.hangup"; reason: EndReason | null };

/** Events from the call manager. */
export type ManagerCommand =
  | {
      type: "manager.end";
      reason: Extract<
        EndReason,
        "superseded" | "busy" | "connectionLost" | "videoDisabled" | "hostGone" | "shutdown"
      >;
      replacedBy?: string;
      detail?: string;
    }
  | { type: "manager.lineFree" };

/** Events to the call manager. */
export type CallReport = { type: "call.rings"; callId: string } | { type: "call.lost"; callId: string };

export type CallEvent =
  | UserCallEvent
  | SignalCallEvent
  | ManagerCommand
  | LinkReport
  | VideoRequest
  | AdaptReport
  | UserMediaEvent
  | Extract<MediaEvent, { type: "settings.changed" }>;
export type UserMediaEvent = Extract<MediaEvent, { type: `user.${string}` }>;

/** The offerer's part of the check code. */
export type CheckParams = CallAddress & { readonly nonce: string };
export type RequestInput = CallAddress & { readonly media: MediaKind };
export type HangupInput = CallAddress & { readonly reason: EndReason };

export const UNKNOWN_REMOTE_MEDIA: RemoteMediaState = {
  microphone: null,
  camera: null,
  mediaLevel: null,
  mediaLevelReason: null,
};

const FALLBACK_END: CallEnd = { reason: "mediaFailed", endedBy: "local" };

const callBase = setup({
  types: {
    input: {} as CallInput,
    context: {} as CallContext,
    events: {} as CallEvent,
    output: {} as CallEnd,
    children: {} as { link: "link"; media: "media"; sending: "adapt"; showing: "adapt" },
    tags: {} as "requesting" | "ringing" | "connecting" | "connected" | "reconnecting" | "waiting" | "ended",
  },
  actors: {
    link: linkMachine,
    media: mediaMachine,
    adapt: adaptMachine,
    sendRequest: externalPromise<void, RequestInput>("sendRequest"),
    sendHangup: externalPromise<void, HangupInput>("sendHangup"),
  },
  actions: {
    sendRinging: externalAction<CallAddress>("sendRinging"),
    /** Sends our hang-up after the other side ended the call. Not awaited, so that the end is reported at once. */
    answerHangup: externalAction<HangupInput>("answerHangup"),
    acceptCheck: externalAction<CheckParams>("acceptCheck"),
    updatePeerKind: assign({ peerKind: ({ context, event }) => kindAfter(context.peerKind, event) }),
    end: assign({ end: (_, end: CallEnd) => end }),
    keepPathTrouble: assign({ pathTrouble: (_, { detail }: { detail: string | null }) => detail }),
    /** An answer by voice is newer than what was set for the camera before. */
    chooseMedia: assign(({ context }, { media }: { media: MediaKind | null }) => ({
      media: media ?? context.media,
      ...(media === "audio" && context.preference
        ? { preference: { ...context.preference, isCameraOn: false } }
        : {}),
    })),
    /** Applied with the accept. */
    keepPreference: assign(({ context }, { request }: { request: PreferenceEvent }) => ({
      preference: preferenceAfter(context.preference, request),
    })),
    keepRemoteMedia: assign({
      remote: (_, params: RemoteMediaState) => params,
    }),
    reportRinging: sendParent(({ context }): CallReport => ({ type: "call.rings", callId: context.callId })),
    reportLost: sendParent(({ context }): CallReport => ({ type: "call.lost", callId: context.callId })),
    toLink: sendTo("link", ({ event }) => event),
    toMedia: sendTo("media", ({ event }) => event),
    reportVideoPause: sendTo(
      "media",
      (_, { step, reason }: Pick<AdaptReport, "step" | "reason">): MediaEvent => ({
        type: "video.pauseChanged",
        why: step === "paused" ? (reason ?? "there is no capacity for it") : null,
      }),
    ),
  },
  guards: {
    isOutgoing: ({ context }) => context.direction === "outgoing",
    isWaiting: ({ context }) => context.isWaiting,
    isResumed: ({ context }) => context.resumed !== null,
    isLostInCrash: ({ context }) => (context.resumed?.whyNotResumable ?? null) !== null,
    isAccepted: ({ context }) => context.isAccepted,
    isSendDirection: (_, params: { direction: AdaptedDirection }) => params.direction === "sending",
    isSuperseded: (_, params: { reason: EndReason | null }) => params.reason === "superseded",
  },
  delays: {
    requestTimeout: ({ context }) => context.timeouts.requestMs,
    ringTimeout: ({ context }) => context.timeouts.ringMs,
    /** Twice the time after which a lost path is certain to show. */
    waitingTimeout: ({ context }) => 2 * context.timeouts.lostMs,
    hangupTimeout: ({ context }) => context.timeouts.hangupMs,
  },
});

/** Actions that enqueue other actions. They need the types of the setup above. */
export const callSetup = callBase.extend({
  actions: {
    /** xstate stops the children of a chart that ends or is stopped, but not those of a chart that fails. */
    stopChildrenOfFailed: callBase.enqueueActions(({ event, self, enqueue }) => {
      for (const child of childrenOfFailed(self, event)) enqueue.sendTo(child, { type: "xstate.stop" });
    }),
  },
});

function childrenOfFailed(call: AnyActorRef, event: AnyEventObject): AnyActorRef[] {
  const parts: Record<string, AnyActorRef | undefined> = call.getSnapshot().children;
  const failed: unknown = parts[String(event.actorId)]?.getSnapshot();
  if (typeof failed !== "object" || failed === null || !("children" in failed)) return [];
  return Object.values(failed.children as Record<string, AnyActorRef>);
}

export const addressOf = ({ context }: { context: CallContext }): CallAddress => ({
  callId: context.callId,
  peerId: context.peerId,
});

export const endOf = ({ context }: { context: CallContext }): CallEnd => context.end ?? FALLBACK_END;

export const hangupOf = ({ context }: { context: CallContext }): HangupInput => ({
  ...addressOf({ context }),
  reason: endOf({ context }).reason,
});

const ENDS_WITHOUT_PATH: ReadonlySet<EndReason> = new Set(["connectTimeout", "connectionLost"]);

/** Whichever side gives up first, each knows only its own part of the search for a path. */
export function withPathTrouble(end: CallEnd, { pathTrouble }: CallContext): CallEnd {
  const isKnown = typeof pathTrouble === "string" && ENDS_WITHOUT_PATH.has(end.reason);
  return isKnown ? { ...end, detail: pathTrouble } : end;
}

interface LinkDone {
  readonly context: CallContext;
  readonly event: { readonly output: LinkOutput };
}

export const linkFailure = ({ context, event }: LinkDone): CallEnd =>
  withPathTrouble({ ...event.output, endedBy: "local" }, context);

/** The peer gets the reason `hostGone`, because it cannot distinguish two processes of ours. */
export const endAfterCrash = ({ context: { resumed } }: { context: CallContext }): CallEnd => ({
  reason: "hostGone",
  endedBy: "local",
  ...(resumed?.whyNotResumable ? { detail: resumed.whyNotResumable } : {}),
});
