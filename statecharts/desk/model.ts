// The words of the desk chart: the calls it keeps, the signals and wishes that reach it, and what it knows of calls
// that are over.

import { type ActorRefFrom, assign, setup, stopChild } from "xstate";
import type { Direction, EndReason, MediaKind, Signal, Timeouts } from "../../rpc-schema/index.ts";
import { callMachine } from "../call/machine.ts";
import type {
  CallEnd,
  CallInput,
  HangupInput,
  SignalCallEvent,
  UserCallEvent,
  UserMediaEvent,
} from "../call/model.ts";
import type { PeerKind } from "../link/model.ts";
import type { SettingsNews } from "../media/model.ts";
import { externalAction } from "../not-provided.ts";

export type CallActorRef = ActorRefFrom<typeof callMachine>;

export interface DeskCall {
  readonly callId: string;
  readonly peerId: string;
  readonly direction: Direction;
  readonly ref: CallActorRef;
}

/** How many ended calls are remembered, so that late and repeated signals of theirs are known for what they are. */
const MAX_REMEMBERED = 256;

export interface DeskInput {
  readonly timeouts: Timeouts;
}

export interface DeskContext extends DeskInput {
  /** Our own peer id; null until signalling is ready. */
  readonly selfId: string | null;
  readonly calls: Readonly<Record<string, DeskCall>>;
  /** "peer id, call id" → why it ended. Kept per peer, so that nobody can end another's call before it begins. */
  readonly remembered: ReadonlyMap<string, EndReason>;
  /** Signals from somebody who is not the call's peer. */
  readonly foreignSignals: number;
  /** Signals of calls that are over or were never known. */
  readonly strayedSignals: number;
}

export interface StartCall {
  readonly callId: string;
  readonly peerId: string;
  readonly media: MediaKind;
}

type AddCall = StartCall & Pick<CallInput, "direction" | "isAccepted" | "peerKind">;

/** What our user may want of one call. */
export type CallWish = UserCallEvent | UserMediaEvent;

interface CloseReason {
  readonly reason: Extract<EndReason, "hostGone" | "shutdown">;
}

export type DeskEvent =
  | { type: "signalling.ready"; selfId: string }
  | { type: "signalling.lost" }
  | { type: "settings.changed"; timeouts: Timeouts; news?: SettingsNews }
  | { type: "availability.changed"; videoDisabled: boolean }
  | ({ type: "user.start" } & StartCall)
  | { type: "user.toCall"; callId: string; event: CallWish }
  | { type: "signal.received"; from: string; callId: string; signal: Signal }
  | ({ type: "desk.close" } & CloseReason);

export interface EndedCall {
  readonly callId: string;
  readonly peerId: string;
  readonly end: CallEnd;
}

type Received = Extract<DeskEvent, { type: "signal.received" }>;

const memoryKey = (peerId: string, callId: string) => `${peerId} ${callId}`;

function remember(
  remembered: DeskContext["remembered"],
  peerId: string,
  callId: string,
  reason: EndReason,
): DeskContext["remembered"] {
  const kept = [...remembered].slice(-(MAX_REMEMBERED - 1));
  return new Map([...kept, [memoryKey(peerId, callId), reason]]);
}

export function reasonRemembered(context: DeskContext, event: Received): EndReason | undefined {
  return context.remembered.get(memoryKey(event.from, event.callId));
}

/** Never the bare call id, which a peer chooses and which xstate uses as a key of a plain object. */
const ACTOR_PREFIX = "call:";
const actorIdOf = (callId: string) => `${ACTOR_PREFIX}${callId}`;
export const callIdOf = (actorId: string) => actorId.slice(ACTOR_PREFIX.length);

/** By own property, since a peer may name its call `constructor`. */
export function callWith(context: DeskContext, callId: string): DeskCall | undefined {
  return Object.hasOwn(context.calls, callId) ? context.calls[callId] : undefined;
}

/** Our own call to the peer that now calls us, while it is still unanswered. */
export function crossedCall(context: DeskContext, from: string): DeskCall | undefined {
  return Object.values(context.calls).find(
    (call) =>
      call.peerId === from &&
      call.direction === "outgoing" &&
      (call.ref.getSnapshot().hasTag("requesting") || call.ref.getSnapshot().hasTag("ringing")),
  );
}

/** Of two crossed calls the other side's stays, and goes on with what our user chose for ours. */
export function crossedMedia(context: DeskContext, event: Received): MediaKind {
  const crossed = crossedCall(context, event.from);
  return crossed?.ref.getSnapshot().context.media ?? requestedMedia(event.signal);
}

/**
 * The host's wire gives no media in an SDK's request but getUserMedia's constraints; a missing `video` there, and a
 * missing media type, mean video.
 */
export function requestedMedia(signal: Signal): MediaKind {
  if (signal.type !== "call-request") return "video";
  return signal.mediaType ?? (signal.constraints?.video === false ? "audio" : "video");
}

/**
 * What program a request comes from: pages and the host's own stack name their mode, scripts send constraints instead.
 * Plugins like ours call themselves native too, until they say what only they say.
 */
export function requestingKind(signal: Signal): PeerKind {
  if (signal.type !== "call-request") return "native";
  if (signal.mode === "native") return "native";
  return signal.mode === undefined && signal.constraints !== undefined ? "script" : "browser";
}

/** A call that only still says goodbye keeps nobody from the next one. */
function isOccupied(context: DeskContext): boolean {
  return Object.values(context.calls).some((call) => !call.ref.getSnapshot().hasTag("ended"));
}

const isRequest = (event: Received) => event.signal.type === "call-request";

/** What a signal means to the call that it belongs to. */
function toCallEvent(signal: Signal): SignalCallEvent {
  switch (signal.type) {
    case "call-request":
      return { type: "signal.requestRepeated" };
    case "call-ringing":
      return { type: "signal.ringing" };
    case "call-ack":
      return { type: "signal.ack", mode: signal.mode ?? null };
    case "call-offer":
      return { type: "signal.offer", sdp: signal.sdp };
    case "call-answer":
      return { type: "signal.answer", sdp: signal.sdp };
    case "ice-candidate":
      return { type: "signal.candidate", candidate: signal.candidate };
    case "call-reconnect":
      return { type: "signal.reconnect" };
    case "call-reconnect-ack":
      return { type: "signal.reconnectAck" };
    case "call-media":
      return {
        type: "signal.media",
        microphone: signal.microphone,
        camera: signal.camera,
        rung: signal.rung ?? null,
        rungWhy: signal.why ?? null,
      };
    case "call-hangup":
      return { type: "signal.hangup", reason: signal.reason ?? null };
  }
}

const deskWords = setup({
  types: { input: {} as DeskInput, context: {} as DeskContext, events: {} as DeskEvent },
  actors: { call: callMachine },
  actions: {
    /** Tells the host of a new call and follows it from then on. */
    announceCall: externalAction<{ call: DeskCall | undefined }>("announceCall"),
    announceEnd: externalAction<EndedCall>("announceEnd"),
    /** Answers a signal with a hang-up, outside of any call. */
    refuse: externalAction<HangupInput>("refuse"),
    keepSelf: assign({ selfId: (_, params: { selfId: string | null }) => params.selfId }),
    keepTimeouts: assign({ timeouts: (_, params: { timeouts: Timeouts }) => params.timeouts }),
    addCall: assign({
      calls: ({ context, spawn }, params: AddCall) => ({
        ...context.calls,
        [params.callId]: {
          callId: params.callId,
          peerId: params.peerId,
          direction: params.direction,
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
      remembered: ({ context }, ended: EndedCall) =>
        remember(context.remembered, ended.peerId, ended.callId, ended.end.reason),
    }),
    /** Of a call that never was: its request was refused, or its hang-up came first. */
    rememberEnd: assign({
      remembered: ({ context }, { peerId, callId, reason }: HangupInput) =>
        remember(context.remembered, peerId, callId, reason),
    }),
    countForeign: assign({ foreignSignals: ({ context }) => context.foreignSignals + 1 }),
    countStrayed: assign({ strayedSignals: ({ context }) => context.strayedSignals + 1 }),
  },
  guards: {
    /** One call at a time, in whatever phase; never to oneself. */
    mayStart: ({ context }, params: { peerId: string }) =>
      context.selfId !== null && params.peerId !== context.selfId && !isOccupied(context),
    hasCall: ({ context }, params: { callId: string }) => callWith(context, params.callId) !== undefined,
    isForeign: ({ context }, event: Received) => {
      const call = callWith(context, event.callId);
      return call !== undefined && call.peerId !== event.from;
    },
    isOfOurs: ({ context }, event: Received) => callWith(context, event.callId) !== undefined,
    isStaleRequest: ({ context }, event: Received) =>
      isRequest(event) && reasonRemembered(context, event) !== undefined,
    /** A rule that both sides reckon alike: of two crossed calls, that of the lower peer id stays. */
    isCrossedAndLost: ({ context }, event: Received) =>
      isRequest(event) &&
      crossedCall(context, event.from) !== undefined &&
      event.from < (context.selfId ?? ""),
    isCrossedAndWon: ({ context }, event: Received) =>
      isRequest(event) && crossedCall(context, event.from) !== undefined,
    isBusy: ({ context }, event: Received) => isRequest(event) && isOccupied(context),
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
    isEnabled: (_, params: { videoDisabled: boolean }) => !params.videoDisabled,
    isEmpty: ({ context }) => Object.keys(context.calls).length === 0,
  },
});

/** Messages to calls, which need the words above for their types. */
export const deskSetup = deskWords.extend({
  actions: {
    forward: deskWords.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "user.toCall" && event.type !== "signal.received") return;
      const call = callWith(context, event.callId);
      if (!call) return;
      enqueue.sendTo(call.ref, event.type === "user.toCall" ? event.event : toCallEvent(event.signal));
    }),
    endCrossed: deskWords.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "signal.received") return;
      const crossed = crossedCall(context, event.from);
      if (!crossed) return;
      enqueue.sendTo(crossed.ref, { type: "desk.end", reason: "superseded", replacedBy: event.callId });
    }),
    tellCalls: deskWords.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "settings.changed" || event.news === undefined) return;
      for (const { ref } of Object.values(context.calls)) {
        enqueue.sendTo(ref, { type: "settings.changed", ...event.news });
      }
    }),
    endAll: deskWords.enqueueActions(({ context, event, enqueue }) => {
      if (event.type !== "desk.close" && event.type !== "availability.changed") return;
      const reason = event.type === "desk.close" ? event.reason : "videoDisabled";
      for (const { ref } of Object.values(context.calls)) enqueue.sendTo(ref, { type: "desk.end", reason });
    }),
  },
});
