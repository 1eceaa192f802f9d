// The words of the call chart: what one call is given, what it hears, how it ends, and the effects it names.

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
import type { CallAddress, LinkOutput, LinkReport, PeerKind } from "../link/model.ts";
import { mediaMachine } from "../media/machine.ts";
import type { MediaEvent, ResumedMedia } from "../media/model.ts";
import { externalAction, externalPromise } from "../not-provided.ts";

export interface CallInput extends CallAddress {
  readonly direction: Direction;
  readonly media: MediaKind;
  /** As far as its first message tells; what it says later tells more. */
  readonly peerKind: PeerKind;
  readonly timeouts: Timeouts;
  /** Both called each other, and this call is the one that stays: no question to the user. */
  readonly isAccepted: boolean;
  /** Its peer is in another call with us, as far as we know. */
  readonly isWaiting: boolean;
  /** The process before this one crashed in this call; null: it begins here. */
  readonly resumed: Resumed | null;
}

/** What was kept of a call for whoever goes on with it. */
export interface Resumed {
  /** Our own peer id at that time, under which the other side knows the call. */
  readonly selfId: string;
  /** Why it cannot go on and only its end remains to be told; null: it can. */
  readonly whyNotResumable: string | null;
  /** Unix milliseconds, for whoever tells of the call. */
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

/** What the other side says of itself; null: nothing yet, and of the rung with older peers ever. */
export interface RemoteMediaState {
  readonly microphone: boolean | null;
  readonly camera: boolean | null;
  readonly mediaLevel: MediaLevel | null;
  readonly mediaLevelReason: string | null;
}

export interface CallContext extends CallInput {
  readonly remote: RemoteMediaState;
  readonly end: CallEnd | null;
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
  | { type: "signal.hangup"; reason: EndReason | null };

/** From the desk, which sees all calls at once. */
export type ManagerCommand =
  | {
      type: "manager.end";
      reason: Extract<EndReason, "superseded" | "connectionLost" | "videoDisabled" | "hostGone" | "shutdown">;
      replacedBy?: string;
      detail?: string;
    }
  | { type: "manager.lineFree" };

/** What a call tells the desk. */
export type CallReport = { type: "call.rings"; callId: string } | { type: "call.lost"; callId: string };

export type CallEvent =
  | UserCallEvent
  | SignalCallEvent
  | ManagerCommand
  | LinkReport
  | AdaptReport
  | UserMediaEvent
  | Extract<MediaEvent, { type: "settings.changed" }>;
export type UserMediaEvent = Extract<MediaEvent, { type: `user.${string}` }>;

export type RequestInput = CallAddress & { readonly media: MediaKind };
export type HangupInput = CallAddress & { readonly reason: EndReason };

export const UNKNOWN_REMOTE_MEDIA: RemoteMediaState = {
  microphone: null,
  camera: null,
  mediaLevel: null,
  mediaLevelReason: null,
};

const FALLBACK_END: CallEnd = { reason: "mediaFailed", endedBy: "local" };

/** A page says so in its accept; ringing and media are words of plugins like ours; from the others nothing is learnt. */
function peerKindAfter(known: PeerKind, event: CallEvent): PeerKind {
  switch (event.type) {
    case "signal.ringing":
    case "signal.media":
      return "plugin";
    case "signal.ack":
      return event.mode === "browser" ? "browser" : known;
    default:
      return known;
  }
}

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
    updatePeerKind: assign({ peerKind: ({ context, event }) => peerKindAfter(context.peerKind, event) }),
    end: assign({ end: (_, end: CallEnd) => end }),
    chooseMedia: assign({ media: (_, params: { media: MediaKind }) => params.media }),
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
        why: step === "paused" ? (reason ?? "nothing can carry it") : null,
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
    /** Twice the time in which a path's loss shows for certain. */
    waitingTimeout: ({ context }) => 2 * context.timeouts.lostMs,
    hangupTimeout: ({ context }) => context.timeouts.hangupMs,
  },
});

/** What takes several actions at once, which need the words above for their types. */
export const callSetup = callBase.extend({
  actions: {
    /** xstate ends what a chart holds when the chart ends or is stopped, yet not when it fails. */
    stopChildrenOfFailed: callBase.enqueueActions(({ event, self, enqueue }) => {
      for (const held of childrenOfFailed(self, event)) enqueue.sendTo(held, { type: "xstate.stop" });
    }),
  },
});

function childrenOfFailed(call: AnyActorRef, event: AnyEventObject): AnyActorRef[] {
  const parts: Record<string, AnyActorRef | undefined> = call.getSnapshot().children;
  const broken: unknown = parts[String(event.actorId)]?.getSnapshot();
  if (typeof broken !== "object" || broken === null || !("children" in broken)) return [];
  return Object.values(broken.children as Record<string, AnyActorRef>);
}

export const addressOf = ({ context }: { context: CallContext }): CallAddress => ({
  callId: context.callId,
  peerId: context.peerId,
});

export const endOf = ({ context }: { context: CallContext }): CallEnd => context.end ?? FALLBACK_END;

export const linkFailure = ({ event }: { event: { output: LinkOutput } }): CallEnd => ({
  ...event.output,
  endedBy: "local",
});

/** The other side is told as if our host had gone, since it cannot know one of our processes from the other. */
export const endAfterCrash = ({ context: { resumed } }: { context: CallContext }): CallEnd => ({
  reason: "hostGone",
  endedBy: "local",
  ...(resumed?.whyNotResumable ? { detail: resumed.whyNotResumable } : {}),
});
