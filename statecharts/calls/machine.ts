// The call manager holds all calls of one user. It decides which call may begin, who is busy, which call survives glare,
// and which call a signal belongs to. The call chart decides what happens within a call.

import type { Availability, EndReason, MediaKind } from "../../rpc-schema/index.ts";
import type { CallEnd } from "../call/model.ts";
import type { MediaPreference } from "../call/preference.ts";
import { errorText } from "../error-text.ts";
import { ASSUMED_KIND, requestingKind } from "../link/peer-kinds.ts";
import {
  type CallManagerContext,
  type CallManagerEvent,
  callIdOf,
  callManagerSetup,
  callWith,
  type EndedCall,
  glareChoice,
  rememberedReason,
} from "./model.ts";
import { requestedMedia } from "./signals.ts";

type Received = Extract<CallManagerEvent, { type: "signal.received" }>;
interface ReceivedArgs {
  context: CallManagerContext;
  event: Received;
}

const receivedEvent = ({ event }: { event: Received }) => event;

const ended = (reason: EndReason) => (args: ReceivedArgs) => ({
  callId: args.event.callId,
  peerId: args.event.from,
  reason: rememberedReason(args.context, args.event) ?? reason,
});

/** Refuses an ended call with the reason for which it ended, and any other call with this reason. */
const refuse = (reason: EndReason) => ({ type: "refuse", params: ended(reason) }) as const;

const rememberEnd = (reason: EndReason) => ({ type: "rememberEnd", params: ended(reason) }) as const;

const addIncoming = (
  choiceOf: (args: ReceivedArgs) => { media: MediaKind; preference?: MediaPreference },
  { isAccepted = false, isWaiting = false },
) =>
  ({
    type: "addCall",
    params: (args: ReceivedArgs) => ({
      callId: args.event.callId,
      peerId: args.event.from,
      ...choiceOf(args),
      peerKind: requestingKind(args.event.signal),
      direction: "incoming" as const,
      isAccepted,
      isWaiting,
      resumed: null,
      ...(args.event.isStranger ? { isStranger: true as const } : {}),
    }),
  }) as const;

const requested = ({ event }: ReceivedArgs) => ({ media: requestedMedia(event.signal) });
const addRinging = addIncoming(requested, {});
const addWaitingCall = addIncoming(requested, { isWaiting: true });
const addGlareWinner = addIncoming(({ context, event }) => glareChoice(context, event), { isAccepted: true });

const availability = ({ event }: { event: Pick<Availability, "videoDisabled" | "cause"> }) => ({
  videoDisabled: event.videoDisabled,
  ...(event.cause === undefined ? {} : { cause: event.cause }),
});

const closeAll = { target: "closing", actions: "endAllCalls" } as const;

const notifyHostOfCall = {
  type: "notifyHostOfCall",
  params: ({ context, event }: { context: CallManagerContext; event: { callId: string } }) => ({
    call: callWith(context, event.callId),
  }),
} as const;

function endedCall(context: CallManagerContext, callId: string, end: CallEnd): EndedCall {
  return { callId, peerId: callWith(context, callId)?.peerId ?? "", end };
}

interface DoneArgs {
  context: CallManagerContext;
  event: { actorId: string; output: CallEnd };
}
const done = ({ context, event }: DoneArgs) => endedCall(context, callIdOf(event.actorId), event.output);

interface ErrorArgs {
  context: CallManagerContext;
  event: { actorId: string; error: unknown };
}
const failed = ({ context, event }: ErrorArgs) =>
  endedCall(context, callIdOf(event.actorId), {
    reason: "mediaFailed",
    endedBy: "local",
    detail: errorText(event.error),
  });

/** Cleans up after a call that ended. */
const releaseCall = <Args>(ended: (args: Args) => EndedCall) =>
  [
    { type: "removeCall", params: ended },
    { type: "releaseActor", params: ended },
    "ringWaitingCall",
  ] as const;

export const callManagerMachine = callManagerSetup.createMachine({
  id: "callManager",
  description: "All calls of one user",
  context: ({ input }) => ({
    ...input,
    selfId: null,
    calls: {},
    endedCalls: new Map(),
    foreignSignals: 0,
    unmatchedSignals: 0,
  }),
  on: {
    "signalling.ready": {
      actions: [
        { type: "setSelfId", params: ({ event }) => ({ selfId: event.selfId }) },
        "endCallsOfFormerId",
      ],
    },
    "settings.changed": {
      description:
        "New timeouts apply from the next call on. The devices of calls in progress apply the rest at once",
      actions: [
        { type: "setTimeouts", params: ({ event }) => ({ timeouts: event.timeouts }) },
        "forwardSettings",
      ],
    },
    "call.rings": {
      actions: [
        { type: "markKnownToHost", params: ({ event }) => ({ callId: event.callId }) },
        notifyHostOfCall,
      ],
    },
    "call.lost": { actions: "endReplacedCall" },
    "user.toCall": {
      guard: { type: "hasCall", params: ({ event }) => ({ callId: event.callId }) },
      actions: "forward",
    },
    "xstate.done.actor.*": [
      {
        guard: { type: "isKnownToHost", params: done },
        actions: [{ type: "notifyHostOfEnd", params: done }, ...releaseCall(done)],
      },
      { description: "It was waiting, so the host does not know it", actions: releaseCall(done) },
    ],
    "xstate.error.actor.*": {
      description: "A waiting call has no effect that could fail",
      actions: [{ type: "notifyHostOfEnd", params: failed }, ...releaseCall(failed)],
    },
  },
  initial: "open",
  states: {
    open: {
      description: "Calls may begin",
      on: {
        "user.start": {
          guard: { type: "mayStart", params: ({ event }) => ({ peerId: event.peerId }) },
          actions: [
            {
              type: "addCall",
              params: ({ event }) => ({
                callId: event.callId,
                peerId: event.peerId,
                media: event.media,
                direction: "outgoing",
                peerKind: ASSUMED_KIND,
                isAccepted: false,
                isWaiting: false,
                resumed: null,
              }),
            },
            notifyHostOfCall,
          ],
        },
        "host.resume": {
          description: "The plugin crashed during this call. This event comes before all others",
          guard: "mayResume",
          actions: [
            {
              type: "addCall",
              params: ({ event: { type: _, ...call } }) => ({
                ...call,
                isAccepted: false,
                isWaiting: false,
              }),
            },
            notifyHostOfCall,
          ],
        },
        "signal.received": [
          { guard: { type: "isForeign", params: receivedEvent }, actions: "countForeign" },
          { guard: { type: "isForKnownCall", params: receivedEvent }, actions: "forward" },
          {
            guard: { type: "isStaleRequest", params: receivedEvent },
            actions: [refuse("unknownCall"), "countUnmatched"],
          },
          {
            guard: { type: "isGlareLoser", params: receivedEvent },
            actions: ["endGlareLoser", addGlareWinner, notifyHostOfCall],
          },
          {
            description: "Remembered, so that a duplicate does not ring after our own call ended",
            guard: { type: "isGlareWinner", params: receivedEvent },
            actions: [refuse("superseded"), rememberEnd("superseded")],
          },
          {
            guard: { type: "ringsTooOften", params: receivedEvent },
            actions: [refuse("busy"), rememberEnd("busy")],
          },
          {
            guard: { type: "isSecondCallFromPeer", params: receivedEvent },
            actions: [addWaitingCall, "endReplacedCall"],
          },
          {
            guard: { type: "isBusy", params: receivedEvent },
            actions: [refuse("busy"), rememberEnd("busy")],
          },
          {
            description: "Strangers whose calls ring here make room for a peer that the user has chosen",
            guard: { type: "isRequest", params: receivedEvent },
            actions: ["endOutrankedCalls", addRinging, notifyHostOfCall],
          },
          {
            description: "It may have arrived before its request, which must not ring then",
            guard: { type: "isHangup", params: receivedEvent },
            actions: [rememberEnd("cancelled"), "countUnmatched"],
          },
          {
            guard: { type: "expectsCall", params: receivedEvent },
            actions: [refuse("unknownCall"), "countUnmatched"],
          },
          { actions: "countUnmatched" },
        ],
        "availability.changed": [
          { guard: { type: "endsCalls", params: availability }, target: "disabled", actions: "endAllCalls" },
          {
            description: "Calls in progress continue with the devices that are left",
            guard: { type: "isDisabled", params: availability },
            target: "disabled",
          },
        ],
        "manager.close": closeAll,
      },
    },
    disabled: {
      description:
        "Calls are switched off or impossible. No call begins, and every caller is refused without ringing",
      on: {
        "signal.received": [
          { guard: { type: "isForeign", params: receivedEvent }, actions: "countForeign" },
          { guard: { type: "isForKnownCall", params: receivedEvent }, actions: "forward" },
          {
            description: "Remembered, so that a late duplicate does not ring when calls are possible again",
            guard: { type: "isRequest", params: receivedEvent },
            actions: [refuse("videoDisabled"), rememberEnd("videoDisabled")],
          },
          {
            guard: { type: "expectsCall", params: receivedEvent },
            actions: [refuse("unknownCall"), "countUnmatched"],
          },
          { actions: "countUnmatched" },
        ],
        "availability.changed": [
          { guard: { type: "isEnabled", params: availability }, target: "open" },
          { guard: { type: "endsCalls", params: availability }, actions: "endAllCalls" },
        ],
        "manager.close": closeAll,
      },
    },
    closing: {
      description: "The last calls end, and no new call begins",
      always: { guard: "isEmpty", target: "closed" },
      on: {
        "signal.received": [
          { guard: { type: "isForeign", params: receivedEvent }, actions: "countForeign" },
          { guard: { type: "isForKnownCall", params: receivedEvent }, actions: "forward" },
          { guard: { type: "isRequest", params: receivedEvent }, actions: refuse("unavailable") },
        ],
      },
    },
    closed: { type: "final" },
  },
});
