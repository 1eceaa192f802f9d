// One call between two peers, from the request to its end. Whether a call may begin at all is the desk's decision;
// how media connect is the link's; which devices are open is the media chart's.

import type { EndReason } from "../../rpc-schema/index.ts";
import { errorText } from "../link/model.ts";
import {
  addressOf,
  type CallContext,
  callSetup,
  endAfterCrash,
  endOf,
  linkFailure,
  type RemoteMediaState,
  UNKNOWN_REMOTE_MEDIA,
} from "./model.ts";

const endedHere = (reason: EndReason) => ({ type: "end", params: { reason, endedBy: "local" } }) as const;

/** Older peers give no reason; what a bare hang-up means then follows from where the call stood. */
const endedThere = (bareReason: EndReason) =>
  ({
    type: "end",
    params: ({ event }: { event: { reason: EndReason | null } }) =>
      ({ reason: event.reason ?? bareReason, endedBy: "remote" }) as const,
  }) as const;

/**
 * A refusal as `superseded` may overtake the request of the call that stays; see the state `yielding`. Any other
 * hang-up is the end.
 */
const refused = [
  {
    guard: {
      type: "isSuperseded",
      params: ({ event }: { event: { reason: EndReason | null } }) => ({ reason: event.reason }),
    },
    target: "yielding",
    actions: endedThere("superseded"),
  },
  { target: "ended", actions: endedThere("rejected") },
] as const;

const undeliverable = {
  type: "end",
  params: ({ event }: { event: { error: unknown } }) =>
    ({ reason: "unreachable", endedBy: "local", detail: errorText(event.error) }) as const,
} as const;

/** A chart of this call failed, which no effect of theirs should bring about. */
const broken = {
  target: "ending",
  actions: [
    {
      type: "end",
      params: ({ event }: { event: { error: unknown } }) =>
        ({ reason: "mediaFailed", endedBy: "local", detail: errorText(event.error) }) as const,
    },
    "stopChildrenOfFailed",
  ],
} as const;

const ringing = (target: string) => ({ target, actions: "updatePeerKind" }) as const;
const accepted = { target: "active", actions: "updatePeerKind" } as const;

const placing = callSetup.createStateConfig({
  description: "The request is on its way",
  tags: ["requesting"],
  invoke: {
    src: "sendRequest",
    input: ({ context }) => ({ ...addressOf({ context }), media: context.media }),
    onDone: "awaitingAccept",
    onError: {
      description: "It may have arrived all the same, so the other side is told",
      target: "ending",
      actions: undeliverable,
    },
  },
  after: { requestTimeout: { target: "ending", actions: endedHere("unreachable") } },
  on: {
    "user.hangup": { target: "ending", actions: endedHere("cancelled") },
    "signal.ringing": ringing("awaitingAccept.ringing"),
    "signal.ack": accepted,
    "signal.hangup": refused,
  },
});

const awaitingAccept = callSetup.createStateConfig({
  description: "The request arrived; the other user has the word",
  initial: "requested",
  after: { ringTimeout: { target: "ending", actions: endedHere("noAnswer") } },
  on: {
    "user.hangup": { target: "ending", actions: endedHere("cancelled") },
    "signal.ack": accepted,
    "signal.hangup": refused,
  },
  states: {
    requested: { tags: ["requesting"], on: { "signal.ringing": ringing("ringing") } },
    ringing: { tags: ["ringing"] },
  },
});

const yielding = callSetup.createStateConfig({
  description: "Both called at once and the other call stays, but its request is still on its way",
  tags: ["requesting"],
  after: { requestTimeout: "ended" },
  on: { "user.hangup": { target: "ending", actions: endedHere("cancelled") } },
});

const waiting = callSetup.createStateConfig({
  description:
    "Its caller is in another call with us: either that one is dead, as we shall see, or its end is on its way",
  tags: ["waiting"],
  after: { waitingTimeout: { target: "ending", actions: endedHere("busy") } },
  on: {
    "manager.lineFree": { target: "ringingIn", actions: "reportRinging" },
    "signal.hangup": { target: "ended", actions: endedThere("cancelled") },
  },
});

const ringingIn = callSetup.createStateConfig({
  description: "Our user has the word",
  tags: ["ringing"],
  entry: { type: "sendRinging", params: addressOf },
  after: { ringTimeout: { target: "ending", actions: endedHere("noAnswer") } },
  on: {
    "user.accept": {
      target: "active",
      actions: {
        type: "chooseMedia",
        params: ({ context, event }) => ({ media: event.media ?? context.media }),
      },
    },
    "user.reject": {
      target: "ending",
      actions: { type: "end", params: ({ event }) => ({ reason: event.reason, endedBy: "local" as const }) },
    },
    "user.hangup": { target: "ending", actions: endedHere("rejected") },
    "signal.requestRepeated": { actions: { type: "sendRinging", params: addressOf } },
    "signal.hangup": { target: "ended", actions: endedThere("cancelled") },
  },
});

const keepRemoteMedia = {
  type: "keepRemoteMedia",
  params: ({ event: { microphone, camera, mediaLevel, mediaLevelReason } }: { event: RemoteMediaState }) => ({
    microphone,
    camera,
    mediaLevel,
    mediaLevelReason,
  }),
} as const;

const active = callSetup.createStateConfig({
  description: "Both users agreed: devices open, the link is made and kept",
  initial: "connecting",
  invoke: [
    {
      src: "link",
      id: "link",
      input: ({ context }: { context: CallContext }) => ({
        ...addressOf({ context }),
        role: context.direction === "outgoing" ? ("offerer" as const) : ("answerer" as const),
        peerKind: context.peerKind,
        media: context.media,
        timeouts: context.timeouts,
        isResumed: context.resumed !== null,
      }),
      onDone: { target: "ending", actions: { type: "end", params: linkFailure } },
      onError: broken,
    },
    {
      src: "media",
      id: "media",
      input: ({ context }: { context: CallContext }) => ({
        ...addressOf({ context }),
        media: context.media,
        resumed: context.resumed?.media ?? null,
      }),
      onError: broken,
    },
    {
      src: "adapt",
      id: "sending",
      input: ({ context }: { context: CallContext }) => ({
        callId: context.callId,
        direction: "sending" as const,
      }),
      onError: broken,
    },
    {
      src: "adapt",
      id: "showing",
      input: ({ context }: { context: CallContext }) => ({
        callId: context.callId,
        direction: "showing" as const,
      }),
      onError: broken,
    },
  ],
  on: {
    "user.hangup": { target: "ending", actions: endedHere("hungUp") },
    "user.setMicrophone": { actions: "toMedia" },
    "user.setCamera": { actions: "toMedia" },
    "user.useCamera": { actions: "toMedia" },
    "user.useMicrophone": { actions: "toMedia" },
    "user.useSpeaker": { actions: "toMedia" },
    "settings.changed": { actions: "toMedia" },
    "adapt.stepped": {
      description: "Only a picture that is not sent at all concerns the other side",
      guard: { type: "isSendDirection", params: ({ event }) => ({ direction: event.direction }) },
      actions: {
        type: "reportVideoPause",
        params: ({ event }) => ({ step: event.step, reason: event.reason }),
      },
    },
    "signal.offer": { actions: "toLink" },
    "signal.answer": { actions: "toLink" },
    "signal.candidate": { actions: "toLink" },
    "signal.reconnect": { actions: ["toLink", "toMedia"] },
    "signal.reconnectAck": { actions: "toLink" },
    "signal.media": { actions: [keepRemoteMedia, "updatePeerKind", "toLink"] },
    "signal.hangup": { target: "ended", actions: endedThere("hungUp") },
  },
  states: {
    connecting: { tags: ["connecting"], on: { "link.connected": "connected" } },
    connected: {
      tags: ["connected"],
      on: { "link.lost": { target: "reconnecting", actions: "reportLost" } },
    },
    reconnecting: { tags: ["reconnecting"], on: { "link.connected": "connected" } },
  },
});

const ending = callSetup.createStateConfig({
  description: "Devices and link are closed; the other side is told why, for as long as there is time",
  tags: ["ended"],
  invoke: {
    src: "sendHangup",
    input: ({ context }) => ({ ...addressOf({ context }), reason: endOf({ context }).reason }),
    onDone: "ended",
    onError: "ended",
  },
  after: { hangupTimeout: "ended" },
  on: { "manager.end": { description: "It is ending already, for the reason that came first" } },
});

export const callMachine = callSetup.createMachine({
  id: "call",
  description: "One call between two peers",
  context: ({ input }) => ({
    ...input,
    remote: input.resumed?.remote ?? UNKNOWN_REMOTE_MEDIA,
    end: null,
  }),
  output: endOf,
  initial: "beginning",
  on: {
    "signal.media": {
      description: "In any phase, since it may overtake the accept",
      actions: [keepRemoteMedia, "updatePeerKind"],
    },
    "manager.end": {
      target: ".ending",
      actions: {
        type: "end",
        params: ({ event }) => ({
          reason: event.reason,
          endedBy: "local" as const,
          ...(event.replacedBy === undefined ? {} : { replacedBy: event.replacedBy }),
          ...(event.detail === undefined ? {} : { detail: event.detail }),
        }),
      },
    },
  },
  states: {
    beginning: {
      always: [
        {
          description: "What rang when our process died is over; the other side and the host are told",
          guard: "isLostInCrash",
          target: "ending",
          actions: { type: "end", params: endAfterCrash },
        },
        {
          description: "Both had agreed before our process died: the other side still waits",
          guard: "isResumed",
          target: "active.reconnecting",
        },
        { guard: "isOutgoing", target: "placing" },
        { guard: "isAccepted", target: "active" },
        { guard: "isWaiting", target: "waiting" },
        { target: "ringingIn" },
      ],
    },
    placing,
    awaitingAccept,
    yielding,
    waiting,
    ringingIn,
    active,
    ending,
    ended: { type: "final", tags: ["ended"] },
  },
});
