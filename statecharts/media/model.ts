// The types, actions and guards of the media chart. An activity opens each device and keeps it open. Leaving the
// activity's state closes the device.

import { assign, raise, sendParent, sendTo, setup } from "xstate";
import type { DeviceKind, MediaKind, MediaLevel, ScreenEndReason } from "../../rpc-schema/index.ts";
import type { LinkReport, VideoRequest } from "../link/model.ts";
import { externalAction, externalActivity } from "../not-provided.ts";
import * as choice from "./choice.ts";
import {
  type DeviceContext,
  type DeviceEnvironment,
  MAX_RETRY_ROUNDS,
  NO_DEVICE,
  type OpenDevice,
} from "./choice.ts";
import {
  NO_SCREEN,
  type OpenScreen,
  SCREEN_LOST_IN_CRASH,
  type ScreenContext,
  type ScreenEnd,
} from "./shared-screen.ts";

export interface MediaInput {
  readonly callId: string;
  readonly peerId: string;
  /** With audio the camera stays off until the user switches it on. */
  readonly media: MediaKind;
  /** What the user chose before this chart began: before a crash, or before the accept. Null without a choice. */
  readonly resumed: ResumedMedia | null;
}

/** The user's choices when the previous process crashed, or when the call was accepted. */
export interface ResumedMedia {
  readonly isMicrophoneOn: boolean;
  readonly isCameraOn: boolean;
  readonly devices: Readonly<Record<DeviceKind, Pick<DeviceContext, "choice" | "first">>>;
  /** The screen was shared, or the user was about to choose what. Absent: it was not. */
  readonly isSharing?: true;
}

export interface MediaContext extends MediaInput {
  readonly isMicrophoneOn: boolean;
  readonly camera: DeviceContext;
  readonly microphone: DeviceContext;
  readonly speaker: DeviceContext;
  /** Null until the first list arrives. */
  readonly environment: DeviceEnvironment | null;
  /** Why video is paused although the camera is open; null while it is sent. */
  readonly videoPauseReason: string | null;
  /** Why the other side takes no picture; null if it does. Absent until a description or the kind of the peer tells. */
  readonly videoRefusal?: string | null;
  /** Absent until the user first asked to share the screen. */
  readonly screen?: ScreenContext;
}

interface Loss {
  readonly why: string;
  /** The device that should have replaced the open one, which is closed already. Absent: the open device itself. */
  readonly deviceId?: string;
}

/** The changed settings that a call in progress applies at once. */
export interface LiveSettingsChange {
  /** The new value for each kind of device that changed. */
  readonly preferred: Readonly<Partial<Record<DeviceKind, string>>>;
  /** Whether the processing of the voice changed. */
  readonly isVoiceChanged: boolean;
  /** Whether the maximum size or rate of the camera's frames changed. */
  readonly isVideoChanged: boolean;
}

/** user.*: the host's page; device.*: the activity of a device; devices.*: the list of devices; link.*: the link chart. */
export type MediaEvent =
  | { type: "user.setMicrophone"; on: boolean }
  | { type: "user.setCamera"; on: boolean }
  | { type: "user.useCamera"; deviceId: string }
  | { type: "user.useMicrophone"; deviceId: string }
  | { type: "user.useSpeaker"; deviceId: string }
  | { type: "user.shareScreen"; on: boolean; source: string | null }
  | ({ type: "device.screenOpened" } & OpenScreen)
  | { type: "device.screenHidden" }
  | { type: "device.screenShown" }
  | { type: "device.screenEnded"; reason: ScreenEndReason; why: string }
  | ({ type: "device.cameraOpened" } & OpenDevice)
  | ({ type: "device.microphoneOpened" } & OpenDevice)
  | ({ type: "device.speakerOpened" } & OpenDevice)
  | { type: "device.cameraAbsent" }
  | { type: "device.cameraRefused"; deviceId: string; why: string }
  | ({ type: "device.cameraLost" } & Loss)
  | ({ type: "device.microphoneLost" } & Loss)
  | ({ type: "device.speakerLost" } & Loss)
  | { type: "device.cameraInterrupted"; why: string }
  | { type: "device.cameraResumed" }
  | { type: "device.microphoneInterrupted"; why: string }
  | { type: "device.microphoneResumed" }
  | { type: "device.speakerInterrupted"; why: string }
  | { type: "device.speakerResumed" }
  | ({ type: "settings.changed" } & LiveSettingsChange)
  | { type: "settings.voiceChanged" }
  | { type: "settings.videoChanged" }
  | ({ type: "devices.changed" } & Omit<DeviceEnvironment, "previousDevices">)
  | { type: "devices.updated" }
  | { type: "signal.reconnect" }
  | { type: "video.pauseChanged"; why: string | null }
  | Extract<LinkReport, { type: "link.videoNegotiated" }>
  | { type: "video.negotiated" };

export interface DeviceInput {
  readonly callId: string;
  readonly choice: string | null;
}

/** The activity lets the user choose, and captures until it is stopped. */
export interface ScreenInput extends Pick<MediaInput, "callId"> {
  readonly source: string | null;
}

export interface CameraInput extends DeviceInput {
  /** False: the activity opens no device before the command `allow`, because it is unknown whether our picture is taken. */
  readonly isAllowed: boolean;
}

/** Switches to another device, without a gap where the devices allow it. */
export interface UseCommand {
  readonly type: "use";
  readonly choice: string;
}
/** `renew` opens the same camera again with the current settings. */
export type CameraCommand = UseCommand | { type: "renew" } | { type: "allow" };
/** Commands to the microphone's activity; `process` applies the current settings for the voice. */
export type MicrophoneCommand = { type: "mute" } | { type: "unmute" } | { type: "process" } | UseCommand;

export type MediaState = Pick<MediaInput, "callId" | "peerId"> & {
  readonly microphone: boolean;
  /** A picture is sent, of the camera or the screen. */
  readonly camera: boolean;
  /** The picture is the screen. Absent: it is not. */
  readonly screen?: true;
  readonly mediaLevel: MediaLevel;
  readonly mediaLevelReason: string | null;
};

interface OfKind {
  readonly kind: DeviceKind;
}

/** Delay before each round of retries. A driver recovers within a second, or not at all. */
const RETRY_MS = [500, 1_000, 2_000, 4_000, 8_000];
/** A device that works for this long resets the retries. */
const STEADY_MS = 10_000;

export const initialMedia = ({ input }: { input: MediaInput }): MediaContext => ({
  ...input,
  isMicrophoneOn: input.resumed?.isMicrophoneOn ?? true,
  camera: { ...NO_DEVICE, ...input.resumed?.devices.camera },
  microphone: { ...NO_DEVICE, ...input.resumed?.devices.microphone },
  speaker: { ...NO_DEVICE, ...input.resumed?.devices.speaker },
  environment: null,
  videoPauseReason: null,
  ...(input.resumed?.isSharing ? { screen: { ...NO_SCREEN, end: SCREEN_LOST_IN_CRASH } } : {}),
});

/** @returns an assigner that updates the context of the kind in `params.kind` */
function change<P extends OfKind>(
  how: (device: DeviceContext, params: P, context: MediaContext) => Partial<DeviceContext>,
) {
  return ({ context }: { context: MediaContext }, params: P) => {
    const device = context[params.kind];
    return { [params.kind]: { ...device, ...how(device, params, context) } };
  };
}

function opened(
  device: DeviceContext,
  { kind, deviceId, deviceName }: OfKind & OpenDevice,
  { environment }: MediaContext,
): Partial<DeviceContext> {
  const open = { deviceId, deviceName };
  const first = device.first ?? (choice.isBuiltIn(deviceId) ? null : deviceId);
  const after = { ...device, open, first };
  const isPreferred = choice.preferredId(after, environment, kind) === deviceId;
  return {
    open,
    first,
    interruption: null,
    why: isPreferred ? null : device.why,
    offered: choice.availablePreferred(after, environment, kind),
  };
}

function failed(
  device: DeviceContext,
  { kind, why, deviceId }: OfKind & Loss,
  { environment }: MediaContext,
): Partial<DeviceContext> {
  const preferred = choice.preferredId(device, environment, kind);
  const culprit = deviceId ?? device.open?.deviceId ?? device.substitute ?? preferred;
  // A substitute that did not open explains nothing: the user needs the fault of the device that was lost.
  const explainsLoss = device.open !== null || culprit === preferred;
  return {
    open: null,
    why: explainsLoss ? why : (device.why ?? why),
    interruption: null,
    offered: null,
    failedIds: culprit === null ? device.failedIds : [...device.failedIds, culprit],
  };
}

const isVideoRefused = ({ videoRefusal }: MediaContext): boolean => typeof videoRefusal === "string";

const mayRetry = (device: DeviceContext, { environment }: MediaContext, kind: DeviceKind): boolean => {
  if (device.retryRounds >= MAX_RETRY_ROUNDS || device.offered !== null) return false;
  return environment === null || choice.candidates(device, environment, kind, []).length > 0;
};

/** @returns whether the user must confirm that the returned device is opened */
const mustAsk = (device: DeviceContext, { environment }: MediaContext, kind: DeviceKind): boolean =>
  environment?.whenDeviceReturns === "offer" && choice.hasReturned(device, environment, kind);

const retryTime =
  (kind: DeviceKind) =>
  ({ context }: { context: MediaContext }) =>
    RETRY_MS[context[kind].retryRounds] ?? STEADY_MS;

const mediaBase = setup({
  types: {
    input: {} as MediaInput,
    context: {} as MediaContext,
    events: {} as MediaEvent,
  },
  actors: {
    camera: externalActivity<CameraCommand, CameraInput>("camera"),
    microphone: externalActivity<MicrophoneCommand, DeviceInput>("microphone"),
    speaker: externalActivity<UseCommand, DeviceInput>("speaker"),
    screen: externalActivity<{ type: "none" }, ScreenInput>("screen"),
    deviceList: externalActivity<{ type: "none" }, Pick<MediaInput, "callId">>("deviceList"),
  },
  actions: {
    sendMediaState: externalAction<MediaState>("sendMediaState"),
    mute: sendTo("microphone", { type: "mute" } satisfies MicrophoneCommand),
    unmute: sendTo("microphone", { type: "unmute" } satisfies MicrophoneCommand),
    process: sendTo("microphone", { type: "process" } satisfies MicrophoneCommand),
    allowCamera: sendTo("camera", { type: "allow" } satisfies CameraCommand),
    renewCamera: sendTo("camera", { type: "renew" } satisfies CameraCommand),
    switchCamera: sendTo(
      "camera",
      (_, { choice }: { choice: string }): UseCommand => ({ type: "use", choice }),
    ),
    switchMicrophone: sendTo(
      "microphone",
      (_, { choice }: { choice: string }): UseCommand => ({ type: "use", choice }),
    ),
    switchSpeaker: sendTo(
      "speaker",
      (_, { choice }: { choice: string }): UseCommand => ({ type: "use", choice }),
    ),
    /** An open device stays open until the new one is open. */
    keepChoice: assign(
      change<OfKind & { deviceId: string }>(({ open, interruption }, { deviceId }) => ({
        ...NO_DEVICE,
        open,
        interruption,
        choice: deviceId,
      })),
    ),
    /** The choice stays unchanged: a user who left it to the settings gets another device when this one is lost. */
    keepOpen: assign(change<OfKind & OpenDevice>(opened)),
    keepFailed: assign(change<OfKind & Loss>(failed)),
    keepRefused: assign(
      change<OfKind & { deviceId: string; why: string }>(({ failedIds }, { deviceId, why }) => ({
        why,
        failedIds: [...failedIds, deviceId],
      })),
    ),
    keepClosed: assign(change<OfKind>(() => ({ open: null, why: null, interruption: null, offered: null }))),
    /** The camera is wanted, but the other side takes no picture. */
    withholdCamera: assign(({ context }) => ({
      camera: {
        ...context.camera,
        ...{ open: null, interruption: null, offered: null },
        why: context.videoRefusal ?? null,
      },
    })),
    /** The link may be able to offer a place for the picture. */
    requestVideo: sendParent(
      (_, { isAsked }: { isAsked: boolean }): VideoRequest => ({ type: "media.videoWanted", isAsked }),
    ),
    setVideoRefusal: assign({ videoRefusal: (_, params: { whyNot: string | null }) => params.whyNot }),
    keepInterruption: assign(
      change<OfKind & { why: string | null }>((_, { why }) => ({ interruption: why })),
    ),
    resetDevice: assign(change<OfKind>(({ choice, first }) => ({ ...NO_DEVICE, choice, first }))),
    beginOpening: assign(change<OfKind>(() => ({ open: null, interruption: null }))),
    chooseNextDevice: assign(
      change<OfKind>((device, { kind }, { environment }) => ({
        substitute: choice.candidates(device, environment, kind)[0] ?? null,
      })),
    ),
    beginRetryRound: assign(
      change<OfKind>(({ retryRounds }) => ({ failedIds: [], retryRounds: retryRounds + 1 })),
    ),
    resetRetries: assign(change<OfKind>(() => ({ failedIds: [], retryRounds: 0 }))),
    dropSubstitute: assign(change<OfKind>(() => ({ substitute: null, offered: null }))),
    offer: assign(
      change<OfKind>((device, { kind }, { environment }) => ({
        offered: choice.availablePreferred(device, environment, kind),
      })),
    ),
    keepScreenRequest: assign((_, { source }: { source: string | null }) => ({
      screen: { source, open: null, end: null },
    })),
    keepScreenOpen: assign(({ context: { screen } }, open: OpenScreen) => ({
      screen: { ...(screen ?? NO_SCREEN), open },
    })),
    hideScreen: assign(({ context: { screen } }) =>
      screen?.open ? { screen: { ...screen, open: { ...screen.open, isHidden: true as const } } } : {},
    ),
    showScreen: assign(({ context: { screen } }) => {
      if (!screen?.open) return {};
      const { kind, name } = screen.open;
      return { screen: { ...screen, open: { kind, name } } };
    }),
    closeScreen: assign(({ context: { screen } }) => ({ screen: { ...(screen ?? NO_SCREEN), open: null } })),
    keepScreenEnd: assign(({ context: { screen } }, end: ScreenEnd) => ({
      screen: { ...(screen ?? NO_SCREEN), end },
    })),
    setMicrophoneOn: assign({ isMicrophoneOn: (_, params: { on: boolean }) => params.on }),
    setVideoPause: assign({ videoPauseReason: (_, params: { why: string | null }) => params.why }),
    setEnvironment: assign(({ context }, now: Omit<DeviceEnvironment, "previousDevices">) => {
      const environment = { ...now, previousDevices: context.environment?.devices ?? null };
      const again = (kind: DeviceKind) => ({
        ...context[kind],
        failedIds: choice.stillFailed(context[kind], environment, kind),
      });
      return {
        environment,
        camera: again("camera"),
        microphone: again("microphone"),
        speaker: again("speaker"),
      };
    }),
    /** Raised after the context has the new list, so that each region can react. */
    raiseDevicesUpdated: raise({ type: "devices.updated" }),
    raiseVideoNegotiated: raise({ type: "video.negotiated" }),
  },
  guards: {
    beginsWithCamera: ({ context: { resumed, media } }) => resumed?.isCameraOn ?? media === "video",
    isUninterrupted: ({ context }, { kind }: OfKind) => context[kind].interruption === null,
    isMicrophoneOn: ({ context }) => context.isMicrophoneOn,
    isPauseChange: ({ context }, params: { why: string | null }) => params.why !== context.videoPauseReason,
    isOn: (_, params: { on: boolean }) => params.on,
    isOff: (_, params: { on: boolean }) => !params.on,
    isVideoRefused: ({ context }) => isVideoRefused(context),
    isScreenNotTaken: ({ context }, { on }: { on: boolean }) => on && isVideoRefused(context),
    isVideoTaken: ({ context }) => !isVideoRefused(context),
    isOtherRefusal: ({ context }) => context.videoRefusal !== context.camera.why,
    hasAnother: ({ context }, { kind }: OfKind) =>
      choice.candidates(context[kind], context.environment, kind).length > 0,
    hasCandidate: ({ context }, { kind }: OfKind) =>
      !mustAsk(context[kind], context, kind) &&
      choice.candidates(context[kind], context.environment, kind).length > 0,
    mayRetry: ({ context }, { kind }: OfKind) => mayRetry(context[kind], context, kind),
    mayReturnToPreferred: ({ context }, { kind }: OfKind) =>
      choice.hasReturned(context[kind], context.environment, kind) && !mustAsk(context[kind], context, kind),
  },
  delays: {
    cameraRetry: retryTime("camera"),
    microphoneRetry: retryTime("microphone"),
    speakerRetry: retryTime("speaker"),
    steadyTime: STEADY_MS,
  },
});

/** Translates new settings into events that each region handles already. */
export const mediaSetup = mediaBase.extend({
  actions: {
    applySettings: mediaBase.enqueueActions(({ event, enqueue }) => {
      if (event.type !== "settings.changed") return;
      const { camera, microphone, speaker } = event.preferred;
      if (camera !== undefined) enqueue.raise({ type: "user.useCamera", deviceId: camera });
      if (microphone !== undefined) enqueue.raise({ type: "user.useMicrophone", deviceId: microphone });
      if (speaker !== undefined) enqueue.raise({ type: "user.useSpeaker", deviceId: speaker });
      // A device that is chosen gets all current settings anyway, also when it is the open one.
      if (event.isVoiceChanged && microphone === undefined) enqueue.raise({ type: "settings.voiceChanged" });
      if (event.isVideoChanged && camera === undefined) enqueue.raise({ type: "settings.videoChanged" });
    }),
  },
});
