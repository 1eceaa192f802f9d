// The external events of each chart, from which paths are generated.

import type { AnyEventObject } from "xstate";
import { type DeviceKind, timeoutsSchema } from "../../../rpc-schema/index.ts";
import type { CallInput } from "../../../statecharts/call/model.ts";
import {
  type AdaptEvent,
  adaptMachine,
  attachMachine,
  callMachine,
  callManagerMachine,
  type LinkInput,
  linkMachine,
  type MediaInput,
  mediaMachine,
  type PreviewInput,
  previewMachine,
} from "../../../statecharts/index.ts";
import type { ChartEnvironment } from "./chart-stage.ts";
import { CANDIDATE } from "./start-manager.ts";

const timeouts = timeoutsSchema.parse({});
const address = { callId: "call-1", peerId: "bob" };
const { candidate } = CANDIDATE;
const NO_ACTIVITIES = {};

const bare = (types: string): AnyEventObject[] => types.split(" ").map((type) => ({ type }));

export const attachLife: ChartEnvironment = {
  machine: attachMachine,
  input: {},
  events: () => bare("host.initialize host.initialized host.shutdown host.exit host.gone"),
  activities: NO_ACTIVITIES,
};

const signals = (times: number): AnyEventObject[] => [
  ...["signal.offer", "signal.answer"].map((type) => ({ type, sdp: `description ${times}` })),
  ...bare("signal.reconnect signal.reconnectAck"),
  { type: "signal.candidate", candidate },
];
const videoNegotiated = (source: "peer" | "link"): AnyEventObject[] =>
  [null, "no video section", "no common codec"].map((whyNot) => ({
    type: `${source}.videoNegotiated`,
    whyNot,
  }));
const fromEngine = (): AnyEventObject[] => [
  ...bare("peer.connected peer.disconnected peer.failed"),
  { type: "peer.candidate", candidate },
  { type: "peer.broken", detail: "no engine" },
  { type: "peer.pathTrouble", detail: "no direct path" },
  { type: "peer.pathTrouble", detail: null },
  ...videoNegotiated("peer"),
];

export const linkOf = (input: Pick<LinkInput, "role" | "peerKind" | "isResumed">): ChartEnvironment => ({
  machine: linkMachine,
  input: { ...address, media: "video", timeouts, ...input },
  events: (times) => [...signals(times), { type: "signal.media" }],
  activities: { peerConnection: fromEngine },
});

/**
 * A callee whose caller offered no place for a picture, with only what leads to an offer of its own and out of it. That mark
 * of the context is given, because a position consists of states alone.
 */
export const linkThatOffersVideo: ChartEnvironment = {
  machine: linkMachine,
  input: {
    ...{ ...address, media: "video", timeouts, role: "answerer", peerKind: "script", isResumed: false },
    isOfferUseful: true,
  },
  events: (times) => [
    ...["signal.offer", "signal.answer"].map((type) => ({ type, sdp: `description ${times}` })),
    { type: "media.videoWanted", isAsked: true },
  ],
  activities: {
    peerConnection: () => bare("peer.connected peer.disconnected peer.failed"),
  },
};

const device = (kind: DeviceKind): AnyEventObject[] => [
  { type: `device.${kind}Opened`, deviceId: `${kind}-1`, deviceName: "One" },
  { type: `device.${kind}Lost`, why: "unplugged" },
];
const interrupted = (kind: DeviceKind): AnyEventObject[] => [
  { type: `device.${kind}Interrupted`, why: "suspended" },
  { type: `device.${kind}Resumed` },
];
const userEvents = (): AnyEventObject[] => [
  ...["user.setCamera", "user.setMicrophone"].flatMap((type) => [true, false].map((on) => ({ type, on }))),
  ...["user.useCamera", "user.useMicrophone", "user.useSpeaker"].map((type) => ({ type, deviceId: "two" })),
];

/** With the devices of mediaOf, the screen would multiply the positions by three. */
export const mediaThatSharesScreen: ChartEnvironment = {
  machine: mediaMachine,
  input: { ...address, before: null, media: "audio" },
  events: () => [
    ...[true, false].map((on) => ({ type: "user.shareScreen", on, source: "monitor:one" })),
    ...videoNegotiated("link"),
  ],
  activities: {
    screen: () => [
      { type: "device.screenOpened", kind: "monitor", name: "one" },
      { type: "device.screenHidden" },
      { type: "device.screenShown" },
      { type: "device.screenEnded", reason: "closed", why: "the window was closed" },
    ],
  },
};

export const mediaOf = (input: Pick<MediaInput, "media">): ChartEnvironment => ({
  machine: mediaMachine,
  input: { ...address, before: null, ...input },
  events: () => [
    ...userEvents(),
    { type: "settings.changed", preferred: {}, isVoiceNew: true, isPictureNew: true },
    { type: "video.pauseChanged", why: "strained" },
    ...videoNegotiated("link"),
  ],
  activities: {
    camera: () => [
      ...device("camera"),
      ...interrupted("camera"),
      { type: "device.cameraAbsent" },
      { type: "device.cameraRefused", deviceId: "two", why: "busy" },
    ],
    microphone: () => [...device("microphone"), ...interrupted("microphone")],
    speaker: () => [...device("speaker"), ...interrupted("speaker")],
    deviceList: () =>
      [[], [{ id: "camera-1", name: "One", isDefault: true }]].map((cameras) => ({
        type: "devices.changed",
        devices: { cameras, microphones: [], speakers: [] },
        preferred: { camera: "auto", microphone: "auto", speaker: "auto" },
        whenDeviceReturns: "take",
      })),
  },
});

export const previewOf = (input: Pick<PreviewInput, "camera" | "microphone">): ChartEnvironment => ({
  machine: previewMachine,
  input: { callId: "preview-1", cameraChoice: null, ...input },
  events: () => [
    ...bare("user.hearYourself user.testSound"),
    ...["user.useCamera", "user.useMicrophone"].map((type) => ({ type, deviceId: "two" })),
    { type: "settings.changed", preferred: {}, isVoiceChanged: true, isVideoChanged: true },
    {
      type: "settings.changed",
      preferred: { camera: "two", microphone: "two" },
      isVoiceChanged: false,
      isVideoChanged: false,
    },
  ],
  activities: {
    camera: () => [
      ...device("camera"),
      ...interrupted("camera"),
      { type: "device.cameraAbsent" },
      { type: "device.cameraRefused", deviceId: "two", why: "busy" },
    ],
    microphone: () => [...device("microphone"), ...interrupted("microphone")],
    deviceList: () => bare("devices.changed"),
    record: () => [],
  },
});

const CLEAN = {
  roundTripMs: 20,
  sendLoss: 0,
  availableSendBps: 3_000_000,
  maxVideoBps: 1_500_000,
  isEncoderBehind: false,
  loopLagMs: 0,
  captureDropped: null,
  picture: { width: 640, height: 480, fps: 30 },
  pageReplaced: 0,
};

export const adaptOf = (direction: "sending" | "showing"): ChartEnvironment => ({
  machine: adaptMachine,
  input: { callId: "call-1", direction },
  events: () => [],
  activities: {
    measure: () =>
      [
        CLEAN,
        { ...CLEAN, sendLoss: 0.5, pageReplaced: 0.9 },
        { ...CLEAN, availableSendBps: null, pageReplaced: null },
      ]
        .map((measured): AdaptEvent => ({ type: "measured", measured }))
        .concat(
          [
            { linkBps: 700_000, queuedMs: 300 },
            { linkBps: 400_000, queuedMs: 300 },
            { linkBps: 200_000, queuedMs: 300 },
            { linkBps: 20_000, queuedMs: 300 },
            // An earlier version kept a thumbnail on every link.
            { linkBps: 20_000 },
          ].flatMap(({ linkBps, ...queued }): AdaptEvent[] => {
            const outgoing = { frames: 30, bps: linkBps, flowingMs: 2_000, isRampingUp: false, ...queued };
            const limited = {
              ...CLEAN,
              availableSendBps: linkBps,
              outgoing: { ...outgoing, isRateLimited: true, linkBps },
            };
            return [
              { type: "linkLimited", measured: limited },
              { type: "linkQueued", measured: limited },
              { type: "sourceChanged", measured: limited },
              { type: "measured", measured: { ...limited, sendLoss: 0.5 } },
            ];
          }),
        ),
  },
});

/** Devices and video have paths of their own. */
const silent = /\/(media|sending|showing)\//;

const toCall = (times: number): AnyEventObject[] => [
  { type: "user.accept", media: null },
  { type: "user.reject", reason: "rejected" },
  ...bare("user.hangup signal.requestRepeated signal.ringing manager.lineFree"),
  { type: "signal.ack", mode: null },
  { type: "signal.ack", mode: "browser" },
  { type: "signal.media", microphone: true, camera: true, mediaLevel: null, mediaLevelReason: null },
  { type: "signal.hangup", reason: null },
  { type: "signal.hangup", reason: "superseded" },
  { type: "manager.end", reason: "shutdown" },
  { type: "signal.check", nonce: "00" },
  ...signals(times),
];

export const callOf = (
  input: Pick<CallInput, "direction" | "peerKind"> & Partial<Pick<CallInput, "isWaiting" | "isAccepted">>,
): ChartEnvironment => ({
  machine: callMachine,
  input: {
    ...address,
    media: "audio",
    timeouts,
    isAccepted: false,
    isWaiting: false,
    resumed: null,
    ...input,
  },
  events: toCall,
  activities: { peerConnection: fromEngine },
  silent,
});

const fromBob = (callId: string, signal: object): AnyEventObject => ({
  type: "signal.received",
  from: "bob",
  callId,
  signal,
});

/** Our call is call-1, and bob's is call-2. */
export const managerWith = (selfId: string): ChartEnvironment => ({
  machine: callManagerMachine,
  input: { timeouts },
  events: (times) => [
    { type: "signalling.ready", selfId },
    { type: "user.start", callId: "call-1", peerId: "bob", media: "audio" },
    ...["call-1", "call-2"].flatMap((callId) => [
      { type: "user.toCall", callId, event: { type: "user.hangup" } },
      { type: "user.toCall", callId, event: { type: "user.accept", media: null } },
      fromBob(callId, { type: "call-hangup" }),
      fromBob(callId, { type: "call-ack" }),
      fromBob(callId, { type: "call-offer", sdp: `description ${times}` }),
      fromBob(callId, { type: "call-answer", sdp: `description ${times}` }),
    ]),
    fromBob("call-2", { type: "call-request", mode: "native", mediaType: "audio" }),
    { type: "availability.changed", videoDisabled: true, cause: "setting" },
    { type: "availability.changed", videoDisabled: false },
    { type: "manager.close", reason: "shutdown" },
  ],
  activities: { peerConnection: () => bare("peer.connected peer.disconnected peer.failed") },
  silent,
});
