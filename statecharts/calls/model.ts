// The types, actions and guards of the call manager: its calls, its events, and its memory of ended calls.

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
import type { MediaPreference } from "../call/preference.ts";
import type { LiveSettingsChange } from "../media/model.ts";
import { externalAction } from "../not-provided.ts";
import { type EndMemory, endReasonOf, withEnd } from "./ended-calls.ts";
import { isInCall, startRefusal } from "./may-start.ts";
import { requestedMedia, toCallEvent } from "./signals.ts";

type CallActorRef = ActorRefFrom<typeof callMachine>;

export interface ManagedCall {
  readonly callId: string;
  readonly peerId: string;
  readonly direction: Direction;
  readonly ref: CallActorRef;
  /** False while the call waits: such a call may end without a notification to the host. */
  readonly isKnownToHost: boolean;
  /** The user had not chosen the peer when it called. Absent otherwise. */
  readonly isStranger?: true;
}

export interface CallManagerInput {
  readonly timeouts: Timeouts;
}

export interface CallManagerContext extends CallManagerInput {
  /** Our own peer id; null until signalling is ready. */
  readonly selfId: string | null;
  readonly calls: Readonly<Record<string, ManagedCall>>;
  readonly endedCalls: EndMemory;
  /** Count of signals whose sender is not the call's peer. */
  readonly foreignSignals: number;
  /** Count of signals for a call that ended or never existed. */
  readonly unmatchedSignals: number;
}

export interface StartCall {
  readonly callId: string;
  readonly peerId: string;
  readonly media: MediaKind;
}

type AddCall = StartCall &
  Pick<CallInput, "direction" | "isAccepted" | "isWaiting" | "peerKind" | "resumed" | "preference"> &
  MaybeStranger;

/** Absent for a peer that the user has chosen, and in logs of charts that did not know strangers. */
interface MaybeStranger {
  readonly isStranger?: true;
}

/** A call of a crashed process, which continues here or only has to be ended. */
export type ResumeCall = StartCall &
  Pick<CallInput, "direction" | "peerKind"> & { readonly resumed: Resumed };

/** A request of the user for one call. */
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
  | ({ type: "signal.received"; from: string; callId: string; signal: Signal } & MaybeStranger)
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

/** The prefix makes the id safe: a peer chooses the call id, and xstate uses actor ids as keys of a plain object. */
const ACTOR_PREFIX = "call:";
const actorIdOf = (callId: string) => `${ACTOR_PREFIX}${callId}`;
export const callIdOf = (actorId: string) => actorId.slice(ACTOR_PREFIX.length);

/** Checks for an own property, because a peer may choose the call id `constructor`. */
export function callWith(context: CallManagerContext, callId: string): ManagedCall | undefined {
  return Object.hasOwn(context.calls, callId) ? context.calls[callId] : undefined;
}

/** @returns our own unanswered call to the peer that now calls us */
function glareCall(context: CallManagerContext, from: string): ManagedCall | undefined {
  return Object.values(context.calls).find(
    (call) =>
      call.peerId === from &&
      call.direction === "outgoing" &&
      (call.ref.getSnapshot().hasTag("requesting") || call.ref.getSnapshot().hasTag("ringing")),
  );
}

const isWaiting = ({ ref }: ManagedCall) => ref.getSnapshot().hasTag("waiting");

/** @returns a call with this peer that rings here, or that one side accepted as far as we know */
function otherCallWith(context: CallManagerContext, peerId: string): ManagedCall | undefined {
  return Object.values(context.calls).find(({ peerId: other, direction, ref }) => {
    const snapshot = ref.getSnapshot();
    const tags = ["connecting", "connected", "reconnecting"] as const;
    const isRinging = direction === "incoming" && snapshot.hasTag("ringing");
    return other === peerId && (isRinging || tags.some((tag) => snapshot.hasTag(tag)));
  });
}

/** When the peer's call survives glare, it continues with what our user chose for our own call. */
export function glareChoice(
  context: CallManagerContext,
  event: Received,
): { media: MediaKind; preference?: MediaPreference } {
  const own = glareCall(context, event.from)?.ref.getSnapshot().context;
  const media = own?.media ?? requestedMedia(event.signal);
  return { media, ...(own?.preference === undefined ? {} : { preference: own.preference }) };
}

const liveCalls = ({ calls }: CallManagerContext) =>
  Object.values(calls).filter(({ ref }) => !ref.getSnapshot().hasTag("ended"));

/** A stranger's call that our user has not answered. */
const isOutranked = ({ isStranger, direction, ref }: ManagedCall) =>
  isStranger === true && direction === "incoming" && ref.getSnapshot().hasTag("ringing");

/** The call's own chart does not need to know. */
const withoutMark = ({ isStranger: _, ...call }: AddCall): Omit<AddCall, "isStranger"> => call;

const isRequest = (event: Received) => event.signal.type === "call-request";

const callManagerBase = setup({
  types: { input: {} as CallManagerInput, context: {} as CallManagerContext, events: {} as CallManagerEvent },
  actors: { call: callMachine },
  actions: {
    /** Notifies the host of a new call, and reports its changes from then on. */
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
          ...(params.isStranger ? { isStranger: true } : {}),
          ref: spawn("call", {
            id: actorIdOf(params.callId),
            input: { ...withoutMark(params), timeouts: context.timeouts },
          }),
        },
      }),
    }),
    /** xstate keeps a spawned actor among the children until it is stopped, even after it ended. */
    releaseActor: stopChild((_, params: EndedCall) => actorIdOf(params.callId)),
    removeCall: assign({
      calls: ({ context }, { callId }: EndedCall) =>
        Object.fromEntries(Object.entries(context.calls).filter(([id]) => id !== callId)),
      endedCalls: ({ context }, ended: EndedCall) =>
        withEnd(
          context.endedCalls,
          { ...ended, isStranger: callWith(context, ended.callId)?.isStranger },
          ended.end.reason,
        ),
    }),
    /** For a call without a chart: its request was refused, or its hang-up arrived first. */
    rememberEnd: assign({
      endedCalls: ({ context, event }, { peerId, callId, reason }: HangupInput) => {
        const isStranger = event.type === "signal.received" && event.isStranger;
        return withEnd(context.endedCalls, { peerId, callId, isStranger }, reason);
      },
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
    /** A resumed call comes before every other event. */
    mayResume: ({ context }) => !isInCall(context),
    hasCall: ({ context }, params: { callId: string }) => callWith(context, params.callId) !== undefined,
    isForeign: ({ context }, event: Received) => {
      const call = callWith(context, event.callId);
      return call !== undefined && call.peerId !== event.from;
    },
    isForKnownCall: ({ context }, event: Received) => callWith(context, event.callId) !== undefined,
    isStaleRequest: ({ context }, event: Received) =>
      isRequest(event) && rememberedReason(context, event) !== undefined,
    /** Both sides compute this rule alike: the call of the lower peer id survives glare. */
    isGlareLoser: ({ context }, event: Received) =>
      isRequest(event) && glareCall(context, event.from) !== undefined && event.from < (context.selfId ?? ""),
    isGlareWinner: ({ context }, event: Received) =>
      isRequest(event) && glareCall(context, event.from) !== undefined,
    /** A peer cannot have two calls with us: it restarted, or the hang-up of its first call is still on its way. */
    isSecondCallFromPeer: ({ context }, event: Received) =>
      isRequest(event) &&
      otherCallWith(context, event.from) !== undefined &&
      !Object.values(context.calls).some(isWaiting),
    /** Strangers that make our side ring do not keep out a peer that the user has chosen. */
    isBusy: ({ context }, event: Received) =>
      isRequest(event) &&
      isInCall(context) &&
      (event.isStranger === true || !liveCalls(context).every(isOutranked)),
    isKnownToHost: ({ context }, ended: EndedCall) => callWith(context, ended.callId)?.isKnownToHost === true,
    /** plugin/calls provides this guard, because it needs a clock. Without it no peer rings too often. */
    ringsTooOften: (_, _event: Received) => false,
    isRequest: (_, event: Received) => isRequest(event),
    isHangup: (_, event: Received) => event.signal.type === "call-hangup",
    /** The sender expects an answer from a call that we do not have, so it needs a refusal. */
    expectsCall: (_, event: Received) =>
      event.signal.type === "call-ringing" ||
      event.signal.type === "call-ack" ||
      event.signal.type === "call-offer" ||
      event.signal.type === "call-answer" ||
      event.signal.type === "call-reconnect",
    isDisabled: (_, params: { videoDisabled: boolean }) => params.videoDisabled,
    /** Without a device or a permission the user can still receive, so calls in progress continue. */
    endsCalls: (_, { videoDisabled, cause }: Pick<Availability, "videoDisabled" | "cause">) =>
      videoDisabled && cause !== "device" && cause !== "permission",
    isEnabled: (_, params: { videoDisabled: boolean }) => !params.videoDisabled,
    isEmpty: ({ context }) => Object.keys(context.calls).length === 0,
  },
});

/** Actions that send events to calls. They need the types of the setup above. */
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
      const loser = glareCall(context, event.from);
      if (!loser) return;
      enqueue.sendTo(loser.ref, { type: "manager.end", reason: "superseded", replacedBy: event.callId });
    }),
    endOutrankedCalls: callManagerBase.enqueueActions(({ context, enqueue }) => {
      for (const { ref } of liveCalls(context).filter(isOutranked)) {
        enqueue.sendTo(ref, { type: "manager.end", reason: "busy" });
      }
    }),
    /** Its path is lost and its peer called again, so the first call cannot recover. */
    endReplacedCall: callManagerBase.enqueueActions(({ context, enqueue }) => {
      const waiting = Object.values(context.calls).find(isWaiting);
      const replaced = waiting && otherCallWith(context, waiting.peerId);
      if (!replaced?.ref.getSnapshot().hasTag("reconnecting")) return;
      enqueue.sendTo(replaced.ref, { type: "manager.end", reason: "connectionLost" });
    }),
    /** The call that blocked it has ended. */
    ringWaitingCall: callManagerBase.enqueueActions(({ context, enqueue }) => {
      const waiting = Object.values(context.calls).find(isWaiting);
      if (waiting) enqueue.sendTo(waiting.ref, { type: "manager.lineFree" });
    }),
    /** The peer knows the call under our former peer id, and drops every signal that we send for it now. */
    endCallsOfFormerId: callManagerBase.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "signalling.ready") return;
      for (const { ref } of Object.values(context.calls)) {
        const { resumed } = ref.getSnapshot().context;
        if (resumed === null || resumed.selfId === event.selfId) continue;
        const detail = "the plugin was restarted and has another peer id now";
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
