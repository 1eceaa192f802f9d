// All calls of one user at once: which may begin, who is busy, which of two crossed calls stays, and which signal
// belongs to which call. What happens within a call is the call chart's.

import type { Availability, EndReason, MediaKind } from "../../rpc-schema/index.ts";
import type { CallEnd } from "../call/model.ts";
import {
  type CallManagerContext,
  type CallManagerEvent,
  callIdOf,
  callManagerSetup,
  callWith,
  type EndedCall,
  glareMedia,
  rememberedReason,
} from "./model.ts";
import { requestedMedia, requestingKind } from "./signals.ts";

type Received = Extract<CallManagerEvent, { type: "signal.received" }>;
interface ReceivedArgs {
  context: CallManagerContext;
  event: Received;
}

const received = ({ event }: { event: Received }) => event;

const ended = (reason: EndReason) => (args: ReceivedArgs) => ({
  callId: args.event.callId,
  peerId: args.event.from,
  reason: rememberedReason(args.context, args.event) ?? reason,
});

/** A call that is over is refused with the reason for which it ended, any other with this one. */
const refuse = (reason: EndReason) => ({ type: "refuse", params: ended(reason) }) as const;

const rememberEnd = (reason: EndReason) => ({ type: "rememberEnd", params: ended(reason) }) as const;

const addIncoming = (mediaOf: (args: ReceivedArgs) => MediaKind, { isAccepted = false, isWaiting = false }) =>
  ({
    type: "addCall",
    params: (args: ReceivedArgs) => ({
      callId: args.event.callId,
      peerId: args.event.from,
      media: mediaOf(args),
      peerKind: requestingKind(args.event.signal),
      direction: "incoming" as const,
      isAccepted,
      isWaiting,
      resumed: null,
    }),
  }) as const;

const addRinging = addIncoming(({ event }) => requestedMedia(event.signal), {});
const addWaitingCall = addIncoming(({ event }) => requestedMedia(event.signal), { isWaiting: true });
const addGlareWinner = addIncoming(({ context, event }) => glareMedia(context, event), { isAccepted: true });

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
    detail: event.error instanceof Error ? event.error.message : String(event.error),
  });

/** What remains to be done for a call that is over. */
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
        "Calls that wait take the new timeouts from the next call on, devices heed the rest at once",
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
      { description: "It stood by, and the host never heard of it", actions: releaseCall(done) },
    ],
    "xstate.error.actor.*": {
      description: "One that stands by has nothing that could fail",
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
                peerKind: "native",
                isAccepted: false,
                isWaiting: false,
                resumed: null,
              }),
            },
            notifyHostOfCall,
          ],
        },
        "host.resume": {
          description: "Our process died in this call; it is the first that the desk hears of",
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
          { guard: { type: "isForeign", params: received }, actions: "countForeign" },
          { guard: { type: "isForKnownCall", params: received }, actions: "forward" },
          {
            guard: { type: "isStaleRequest", params: received },
            actions: [refuse("unknownCall"), "countUnmatched"],
          },
          {
            guard: { type: "isGlareLoser", params: received },
            actions: ["endGlareLoser", addGlareWinner, notifyHostOfCall],
          },
          {
            description: "Remembered, since a second copy must not ring once our own call is over",
            guard: { type: "isGlareWinner", params: received },
            actions: [refuse("superseded"), rememberEnd("superseded")],
          },
          {
            guard: { type: "ringsTooOften", params: received },
            actions: [refuse("busy"), rememberEnd("busy")],
          },
          {
            guard: { type: "isSecondCallFromPeer", params: received },
            actions: [addWaitingCall, "endReplacedCall"],
          },
          {
            guard: { type: "isBusy", params: received },
            actions: [refuse("busy"), rememberEnd("busy")],
          },
          { guard: { type: "isRequest", params: received }, actions: [addRinging, notifyHostOfCall] },
          {
            description: "It may have overtaken its request, which must not ring then",
            guard: { type: "isHangup", params: received },
            actions: [rememberEnd("cancelled"), "countUnmatched"],
          },
          {
            guard: { type: "expectsCall", params: received },
            actions: [refuse("unknownCall"), "countUnmatched"],
          },
          { actions: "countUnmatched" },
        ],
        "availability.changed": [
          { guard: { type: "endsCalls", params: availability }, target: "disabled", actions: "endAllCalls" },
          {
            description: "Calls that have begun go on, with what is left to send and receive",
            guard: { type: "isDisabled", params: availability },
            target: "disabled",
          },
        ],
        "manager.close": closeAll,
      },
    },
    disabled: {
      description:
        "Calls are switched off or impossible: none begins, each caller is told so without ringing",
      on: {
        "signal.received": [
          { guard: { type: "isForeign", params: received }, actions: "countForeign" },
          { guard: { type: "isForKnownCall", params: received }, actions: "forward" },
          {
            description: "Remembered, since a late copy must not ring once calls are on again",
            guard: { type: "isRequest", params: received },
            actions: [refuse("videoDisabled"), rememberEnd("videoDisabled")],
          },
          {
            guard: { type: "expectsCall", params: received },
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
      description: "The last calls end; no new one begins",
      always: { guard: "isEmpty", target: "closed" },
      on: {
        "signal.received": [
          { guard: { type: "isForeign", params: received }, actions: "countForeign" },
          { guard: { type: "isForKnownCall", params: received }, actions: "forward" },
          { guard: { type: "isRequest", params: received }, actions: refuse("unavailable") },
        ],
      },
    },
    closed: { type: "final" },
  },
});
