// One call between two peers, from the request to its end. The call manager decides whether a call may begin, the link
// chart how media connect, and the media chart which devices are open.

import type { EndReason } from "../../rpc-schema/index.ts";
import { errorText } from "../error-text.ts";
import {
  addressOf,
  type CallContext,
  callSetup,
  endAfterCrash,
  endOf,
  hangupOf,
  linkFailure,
  type RemoteMediaState,
  UNKNOWN_REMOTE_MEDIA,
  withPathTrouble,
} from "./model.ts";
import { choicesOf, type PreferenceEvent } from "./preference.ts";

const endedHere = (reason: EndReason) => ({ type: "end", params: { reason, endedBy: "local" } }) as const;

/**
 * Deployed Goop² shows every message in all windows of its user. So a window that is connected learns from our answer that
 * another window ended the call. Only a call in progress is answered, and the call ends with it. So each side answers once,
 * and never an answer.
 */
const answerHangup = { type: "answerHangup", params: hangupOf } as const;

/** @param bareReason what a hang-up without a reason means in this phase; older peers send none */
const endedThere = (bareReason: EndReason) =>
  ({
    type: "end",
    params: ({ context, event }: { context: CallContext; event: { reason: EndReason | null } }) =>
      withPathTrouble({ reason: event.reason ?? bareReason, endedBy: "remote" }, context),
  }) as const;

/**
 * A refusal as `superseded` may arrive before the request of the call that stays; see the state `yielding`. Any other
 * hang-up ends the call.
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
  { target: "ended", actions: [endedThere("rejected"), answerHangup] },
] as const;

const undeliverable = {
  type: "end",
  params: ({ event }: { event: { error: unknown } }) =>
    ({ reason: "unreachable", endedBy: "local", detail: errorText(event.error) }) as const,
} as const;

/** A child chart failed. Effects report their failures as events, so this is a fault in the chart. */
const onChildError = {
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

const keepPreference = {
  type: "keepPreference",
  params: ({ event }: { event: PreferenceEvent }) => ({ request: event }),
} as const;
/** Applied with the accept. */
const whileUnanswered = {
  "user.setMicrophone": { actions: keepPreference },
  "user.setCamera": { actions: keepPreference },
  "user.useCamera": { actions: keepPreference },
  "user.useMicrophone": { actions: keepPreference },
  "user.useSpeaker": { actions: keepPreference },
} as const;

const ringing = (target: string) => ({ target, actions: "updatePeerKind" }) as const;
const accepted = { target: "active", actions: "updatePeerKind" } as const;

const placing = callSetup.createStateConfig({
  description: "The request is being sent",
  tags: ["requesting"],
  invoke: {
    src: "sendRequest",
    input: ({ context }) => ({ ...addressOf({ context }), media: context.media }),
    onDone: "awaitingAccept",
    onError: {
      description: "It may have arrived all the same, so we send a hang-up",
      target: "ending",
      actions: undeliverable,
    },
  },
  after: { requestTimeout: { target: "ending", actions: endedHere("unreachable") } },
  on: {
    ...whileUnanswered,
    "user.hangup": { target: "ending", actions: endedHere("cancelled") },
    "signal.ringing": ringing("awaitingAccept.ringing"),
    "signal.ack": accepted,
    "signal.hangup": refused,
  },
});

const awaitingAccept = callSetup.createStateConfig({
  description: "The request arrived. The other user decides",
  initial: "requested",
  after: { ringTimeout: { target: "ending", actions: endedHere("noAnswer") } },
  on: {
    ...whileUnanswered,
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
  description: "Our call lost in glare, but the request of the other call has not arrived yet",
  tags: ["requesting"],
  after: { requestTimeout: { target: "ended", actions: answerHangup } },
  on: { ...whileUnanswered, "user.hangup": { target: "ending", actions: endedHere("cancelled") } },
});

const waiting = callSetup.createStateConfig({
  description: "Its caller has another call with us: that call is dead, or its hang-up is still on its way",
  tags: ["waiting"],
  after: { waitingTimeout: { target: "ending", actions: endedHere("busy") } },
  on: {
    "manager.lineFree": { target: "ringingIn", actions: "reportRinging" },
    "signal.hangup": { target: "ended", actions: [endedThere("cancelled"), answerHangup] },
  },
});

const ringingIn = callSetup.createStateConfig({
  description: "Our user decides",
  tags: ["ringing"],
  entry: { type: "sendRinging", params: addressOf },
  after: { ringTimeout: { target: "ending", actions: endedHere("noAnswer") } },
  on: {
    ...whileUnanswered,
    "user.accept": {
      target: "active",
      actions: { type: "chooseMedia", params: ({ event }) => ({ media: event.media }) },
    },
    "user.reject": {
      target: "ending",
      actions: { type: "end", params: ({ event }) => ({ reason: event.reason, endedBy: "local" as const }) },
    },
    "user.hangup": { target: "ending", actions: endedHere("rejected") },
    "signal.requestRepeated": { actions: { type: "sendRinging", params: addressOf } },
    "signal.hangup": { target: "ended", actions: [endedThere("cancelled"), answerHangup] },
  },
});

const keepRemoteMedia = {
  type: "keepRemoteMedia",
  params: ({
    event: { microphone, camera, screen, mediaLevel, mediaLevelReason },
  }: {
    event: RemoteMediaState;
  }) => ({
    microphone,
    camera,
    ...(screen === undefined ? {} : { screen }),
    mediaLevel,
    mediaLevelReason,
  }),
} as const;

const active = callSetup.createStateConfig({
  description: "Both users agreed. The devices are open, and the link is established and maintained",
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
      onError: onChildError,
    },
    {
      src: "media",
      id: "media",
      input: ({ context }: { context: CallContext }) => ({
        ...addressOf({ context }),
        media: context.media,
        resumed: context.resumed?.media ?? choicesOf(context.media, context.preference),
      }),
      onError: onChildError,
    },
    {
      src: "adapt",
      id: "sending",
      input: ({ context }: { context: CallContext }) => ({
        callId: context.callId,
        direction: "sending" as const,
      }),
      onError: onChildError,
    },
    {
      src: "adapt",
      id: "showing",
      input: ({ context }: { context: CallContext }) => ({
        callId: context.callId,
        direction: "showing" as const,
      }),
      onError: onChildError,
    },
  ],
  on: {
    "user.hangup": { target: "ending", actions: endedHere("hungUp") },
    "user.setMicrophone": { actions: "toMedia" },
    "user.setCamera": { actions: "toMedia" },
    "user.useCamera": { actions: "toMedia" },
    "user.useMicrophone": { actions: "toMedia" },
    "user.useSpeaker": { actions: "toMedia" },
    "user.shareScreen": { actions: "toMedia" },
    "settings.changed": { actions: "toMedia" },
    "adapt.stepped": {
      description: "The other side only needs to know whether video is paused",
      guard: { type: "isSendDirection", params: ({ event }) => ({ direction: event.direction }) },
      actions: {
        type: "reportVideoPause",
        params: ({ event }) => ({ step: event.step, reason: event.reason }),
      },
    },
    "link.videoNegotiated": { actions: "toMedia" },
    "link.pathTrouble": {
      actions: { type: "keepPathTrouble", params: ({ event }) => ({ detail: event.detail }) },
    },
    "media.videoWanted": { actions: "toLink" },
    "signal.offer": { actions: "toLink" },
    "signal.answer": { actions: "toLink" },
    "signal.candidate": { actions: "toLink" },
    "signal.reconnect": { actions: ["toLink", "toMedia"] },
    "signal.reconnectAck": { actions: "toLink" },
    "signal.media": { actions: [keepRemoteMedia, "updatePeerKind", "toLink"] },
    "signal.check": {
      description: "Both sides derive the check code from it",
      actions: {
        type: "acceptCheck",
        params: ({ context, event }) => ({ ...addressOf({ context }), nonce: event.nonce }),
      },
    },
    "signal.hangup": { target: "ended", actions: [endedThere("hungUp"), answerHangup] },
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
  description: "The devices and the link are closed, and the hang-up is being sent",
  tags: ["ended"],
  invoke: {
    src: "sendHangup",
    input: hangupOf,
    onDone: "ended",
    onError: "ended",
  },
  after: { hangupTimeout: "ended" },
  on: { "manager.end": { description: "The call is ending already, and the first reason stays" } },
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
      description: "In any phase, because it may arrive before the accept",
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
          description: "The call cannot be resumed. The peer and the host are notified of its end",
          guard: "isLostInCrash",
          target: "ending",
          actions: { type: "end", params: endAfterCrash },
        },
        {
          description: "The call was connected before the crash, and the peer still waits",
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
