// The words of the desk chart: the calls it keeps, the signals and wishes that reach it, and what it knows of calls
// that are over.

import { type ActorRefFrom, assign, setup, stopChild } from "xstate";
import type {
  Availability,
  Direction,
  EndReason,
  MediaKind,
  Signal,
  Timeouts,
} from "../../rpc-schema/index.ts";
import { callMachine } from "../call/machine.ts";
import type {
  CallEnd,
  CallInput,
  CallReport,
  HangupInput,
  Resumed,
  UserCallEvent,
  UserMediaEvent,
} from "../call/model.ts";
import type { LiveSettingsChange } from "../media/model.ts";
import { externalAction } from "../not-provided.ts";
import { type EndMemory, endReasonOf, withEnd } from "./ended-calls.ts";
import { isInCall, startRefusal } from "./may-start.ts";
import { requestedMedia, toCallEvent } from "./signals.ts";

export type CallActorRef = ActorRefFrom<typeof callMachine>;

export interface ManagedCall {
  readonly callId: string;
  readonly peerId: string;
  readonly direction: Direction;
  readonly ref: CallActorRef;
  /** The host was told of it. One that stands by may end without that. */
  readonly isKnownToHost: boolean;
}

export interface CallManagerInput {
  readonly timeouts: Timeouts;
}

export interface CallManagerContext extends CallManagerInput {
  /** Our own peer id; null until signalling is ready. */
  readonly selfId: string | null;
  readonly calls: Readonly<Record<string, ManagedCall>>;
  readonly endedCalls: EndMemory;
  /** Signals from somebody who is not the call's peer. */
  readonly foreignSignals: number;
  /** Signals of calls that are over or were never known. */
  readonly unmatchedSignals: number;
}

export interface StartCall {
  readonly callId: string;
  readonly peerId: string;
  readonly media: MediaKind;
}

type AddCall = StartCall & Pick<CallInput, "direction" | "isAccepted" | "isWaiting" | "peerKind" | "resumed">;

/** A call that goes on in this process, or of which only the end remains to be told. */
export type ResumeCall = StartCall &
  Pick<CallInput, "direction" | "peerKind"> & { readonly resumed: Resumed };

/** What our user may want of one call. */
export type UserCommand = UserCallEvent | UserMediaEvent;

interface CloseReason {
  readonly reason: Extract<EndReason, "hostGone" | "shutdown">;
}

export type CallManagerEvent =
  | { type: "signalling.ready"; selfId: string }
  | { type: "settings.changed"; timeouts: Timeouts; change?: LiveSettingsChange }
  | ({ type: "availability.changed" } & Pick<Availability, "videoDisabled" | "cause">)
  | ({ type: "host.resume" } & ResumeCall)
  | ({ type: "user.start" } & StartCall)
  | { type: "user.toCall"; callId: string; event: UserCommand }
  | { type: "signal.received"; from: string; callId: string; signal: Signal }
  | ({ type: "manager.close" } & CloseReason)
  | CallReport;

export interface EndedCall {
  readonly callId: string;
  readonly peerId: string;
  readonly end: CallEnd;
}

type Received = Extract<CallManagerEvent, { type: "signal.received" }>;

export function rememberedReason(context: CallManagerContext, event: Received): EndReason | undefined {
  return endReasonOf(context.endedCalls, event.from, event.callId);
}

/** Never the bare call id, which a peer chooses and which xstate uses as a key of a plain object. */
const ACTOR_PREFIX = "call:";
const actorIdOf = (callId: string) => `${ACTOR_PREFIX}${callId}`;
export const callIdOf = (actorId: string) => actorId.slice(ACTOR_PREFIX.length);

/** By own property, since a peer may name its call `constructor`. */
export function callWith(context: CallManagerContext, callId: string): ManagedCall | undefined {
  return Object.hasOwn(context.calls, callId) ? context.calls[callId] : undefined;
}

/** Our own call to the peer that now calls us, while it is still unanswered. */
export function glareCall(context: CallManagerContext, from: string): ManagedCall | undefined {
  return Object.values(context.calls).find(
    (call) =>
      call.peerId === from &&
      call.direction === "outgoing" &&
      (call.ref.getSnapshot().hasTag("requesting") || call.ref.getSnapshot().hasTag("ringing")),
  );
}

const isWaiting = ({ ref }: ManagedCall) => ref.getSnapshot().hasTag("waiting");

/** A peer's call that rings here, or that was accepted on either side, as far as we know. */
function otherCallWith(context: CallManagerContext, peerId: string): ManagedCall | undefined {
  return Object.values(context.calls).find(({ peerId: other, direction, ref }) => {
    const snapshot = ref.getSnapshot();
    const tags = ["connecting", "connected", "reconnecting"] as const;
    const isRinging = direction === "incoming" && snapshot.hasTag("ringing");
    return other === peerId && (isRinging || tags.some((tag) => snapshot.hasTag(tag)));
  });
}

/** Of two crossed calls the other side's stays, and goes on with what our user chose for ours. */
export function glareMedia(context: CallManagerContext, event: Received): MediaKind {
  const crossed = glareCall(context, event.from);
  return crossed?.ref.getSnapshot().context.media ?? requestedMedia(event.signal);
}

const isRequest = (event: Received) => event.signal.type === "call-request";

const callManagerBase = setup({
  types: { input: {} as CallManagerInput, context: {} as CallManagerContext, events: {} as CallManagerEvent },
  actors: { call: callMachine },
  actions: {
    /** Tells the host of a new call and follows it from then on. */
    notifyHostOfCall: externalAction<{ call: ManagedCall | undefined }>("notifyHostOfCall"),
    notifyHostOfEnd: externalAction<EndedCall>("notifyHostOfEnd"),
    /** Answers a signal with a hang-up, outside of any call. */
    refuse: externalAction<HangupInput>("refuse"),
    setSelfId: assign({ selfId: (_, params: { selfId: string }) => params.selfId }),
    setTimeouts: assign({ timeouts: (_, params: { timeouts: Timeouts }) => params.timeouts }),
    addCall: assign({
      calls: ({ context, spawn }, params: AddCall) => ({
        ...context.calls,
        [params.callId]: {
          callId: params.callId,
          peerId: params.peerId,
          direction: params.direction,
          isKnownToHost: !params.isWaiting,
          ref: spawn("call", {
            id: actorIdOf(params.callId),
            input: { ...params, timeouts: context.timeouts },
          }),
        },
      }),
    }),
    /** A spawned actor stays among the desk's children, ended or not, until it is stopped. */
    releaseActor: stopChild((_, params: EndedCall) => actorIdOf(params.callId)),
    removeCall: assign({
      calls: ({ context }, { callId }: EndedCall) =>
        Object.fromEntries(Object.entries(context.calls).filter(([id]) => id !== callId)),
      endedCalls: ({ context }, ended: EndedCall) =>
        withEnd(context.endedCalls, ended.peerId, ended.callId, ended.end.reason),
    }),
    /** Of a call that never was: its request was refused, or its hang-up came first. */
    rememberEnd: assign({
      endedCalls: ({ context }, { peerId, callId, reason }: HangupInput) =>
        withEnd(context.endedCalls, peerId, callId, reason),
    }),
    markKnownToHost: assign({
      calls: ({ context }, { callId }: { callId: string }) => {
        const call = callWith(context, callId);
        return call ? { ...context.calls, [callId]: { ...call, isKnownToHost: true } } : context.calls;
      },
    }),
    countForeign: assign({ foreignSignals: ({ context }) => context.foreignSignals + 1 }),
    countUnmatched: assign({ unmatchedSignals: ({ context }) => context.unmatchedSignals + 1 }),
  },
  guards: {
    mayStart: ({ context }, params: { peerId: string }) => startRefusal(context, params.peerId) === null,
    /** It comes before anything else can. */
    mayResume: ({ context }) => !isInCall(context),
    hasCall: ({ context }, params: { callId: string }) => callWith(context, params.callId) !== undefined,
    isForeign: ({ context }, event: Received) => {
      const call = callWith(context, event.callId);
      return call !== undefined && call.peerId !== event.from;
    },
    isForKnownCall: ({ context }, event: Received) => callWith(context, event.callId) !== undefined,
    isStaleRequest: ({ context }, event: Received) =>
      isRequest(event) && rememberedReason(context, event) !== undefined,
    /** A rule that both sides reckon alike: of two crossed calls, that of the lower peer id stays. */
    isGlareLoser: ({ context }, event: Received) =>
      isRequest(event) && glareCall(context, event.from) !== undefined && event.from < (context.selfId ?? ""),
    isGlareWinner: ({ context }, event: Received) =>
      isRequest(event) && glareCall(context, event.from) !== undefined,
    /** The other side cannot have two calls with us; either it restarted, or the end of the first is on its way. */
    isSecondCallFromPeer: ({ context }, event: Received) =>
      isRequest(event) &&
      otherCallWith(context, event.from) !== undefined &&
      !Object.values(context.calls).some(isWaiting),
    isBusy: ({ context }, event: Received) => isRequest(event) && isInCall(context),
    isKnownToHost: ({ context }, ended: EndedCall) => callWith(context, ended.callId)?.isKnownToHost === true,
    /** Supplied by the surroundings, which have a clock; without it nobody does. */
    ringsTooOften: (_, _event: Received) => false,
    isRequest: (_, event: Received) => isRequest(event),
    isHangup: (_, event: Received) => event.signal.type === "call-hangup",
    /** The sender waits for something from a call that is not here; it should know. */
    expectsCall: (_, event: Received) =>
      event.signal.type === "call-ringing" ||
      event.signal.type === "call-ack" ||
      event.signal.type === "call-offer" ||
      event.signal.type === "call-answer" ||
      event.signal.type === "call-reconnect",
    isDisabled: (_, params: { videoDisabled: boolean }) => params.videoDisabled,
    /** Whoever lost the last device, or the right to it, can still hear and see the other side. */
    endsCalls: (_, { videoDisabled, cause }: Pick<Availability, "videoDisabled" | "cause">) =>
      videoDisabled && cause !== "device" && cause !== "permission",
    isEnabled: (_, params: { videoDisabled: boolean }) => !params.videoDisabled,
    isEmpty: ({ context }) => Object.keys(context.calls).length === 0,
  },
});

/** Messages to calls, which need the words above for their types. */
export const callManagerSetup = callManagerBase.extend({
  actions: {
    forward: callManagerBase.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "user.toCall" && event.type !== "signal.received") return;
      const call = callWith(context, event.callId);
      if (!call) return;
      enqueue.sendTo(call.ref, event.type === "user.toCall" ? event.event : toCallEvent(event.signal));
    }),
    endGlareLoser: callManagerBase.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "signal.received") return;
      const crossed = glareCall(context, event.from);
      if (!crossed) return;
      enqueue.sendTo(crossed.ref, { type: "manager.end", reason: "superseded", replacedBy: event.callId });
    }),
    /** Its path is lost and its peer calls anew: nobody waits for it any more. */
    endReplacedCall: callManagerBase.enqueueActions(({ context, enqueue }) => {
      const waiting = Object.values(context.calls).find(isWaiting);
      const replaced = waiting && otherCallWith(context, waiting.peerId);
      if (!replaced?.ref.getSnapshot().hasTag("reconnecting")) return;
      enqueue.sendTo(replaced.ref, { type: "manager.end", reason: "connectionLost" });
    }),
    /** The call before it is over. */
    ringWaitingCall: callManagerBase.enqueueActions(({ context, enqueue }) => {
      const waiting = Object.values(context.calls).find(isWaiting);
      if (waiting) enqueue.sendTo(waiting.ref, { type: "manager.lineFree" });
    }),
    /** The other side knows the call as that of another peer, and would heed nothing that we say of it. */
    endCallsOfFormerId: callManagerBase.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "signalling.ready") return;
      for (const { ref } of Object.values(context.calls)) {
        const { resumed } = ref.getSnapshot().context;
        if (resumed === null || resumed.selfId === event.selfId) continue;
        const detail = "the plugin was started anew and is another peer now";
        enqueue.sendTo(ref, { type: "manager.end", reason: "connectionLost", detail });
      }
    }),
    forwardSettings: callManagerBase.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "settings.changed" || event.change === undefined) return;
      for (const { ref } of Object.values(context.calls)) {
        enqueue.sendTo(ref, { type: "settings.changed", ...event.change });
      }
    }),
    endAllCalls: callManagerBase.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "manager.close" && event.type !== "availability.changed") return;
      const reason = event.type === "manager.close" ? event.reason : "videoDisabled";
      for (const { ref } of Object.values(context.calls))
        enqueue.sendTo(ref, { type: "manager.end", reason });
    }),
  },
});
