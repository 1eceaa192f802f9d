// The words of the media chart: three devices, each opened, held and closed by an activity that the surroundings
// supply. An activity's life is the device's life: leaving its state closes the device.

import { assign, sendTo, setup } from "xstate";
import type { DeviceKind, MediaKind } from "../../rpc-schema/index.ts";
import { externalAction, externalActivity } from "../not-provided.ts";

export interface MediaInput {
  readonly callId: string;
  readonly peerId: string;
  /** audio: the camera stays off until the user switches it on. */
  readonly media: MediaKind;
}

export interface OpenDevice {
  readonly deviceId: string;
  readonly deviceName: string;
}

/** One device as the user left it. `choice` null: what the settings say. */
export interface DeviceContext {
  readonly choice: string | null;
  readonly open: OpenDevice | null;
  readonly why: string | null;
}

export interface MediaContext extends MediaInput {
  readonly isMicrophoneOn: boolean;
  readonly camera: DeviceContext;
  readonly microphone: DeviceContext;
  readonly speaker: DeviceContext;
}

/** user.*: the host's page; device.*: the activity that holds the device open. */
export type MediaEvent =
  | { type: "user.setMicrophone"; on: boolean }
  | { type: "user.setCamera"; on: boolean }
  | { type: "user.useCamera"; deviceId: string }
  | { type: "user.useMicrophone"; deviceId: string }
  | { type: "user.useSpeaker"; deviceId: string }
  | ({ type: "device.cameraOpened" } & OpenDevice)
  | ({ type: "device.microphoneOpened" } & OpenDevice)
  | ({ type: "device.speakerOpened" } & OpenDevice)
  | { type: "device.cameraAbsent" }
  | { type: "device.cameraLost"; why: string }
  | { type: "device.microphoneLost"; why: string }
  | { type: "device.speakerLost"; why: string };

export interface DeviceInput {
  readonly callId: string;
  readonly choice: string | null;
}

/** What the microphone's activity is told while it runs. */
export type MicrophoneCommand = { type: "mute" } | { type: "unmute" };

export type MediaAnnouncement = Pick<MediaInput, "callId" | "peerId"> & {
  readonly microphone: boolean;
  readonly camera: boolean;
};

const closedDevice: DeviceContext = { choice: null, open: null, why: null };

export const initialMedia = ({ input }: { input: MediaInput }): MediaContext => ({
  ...input,
  isMicrophoneOn: true,
  camera: closedDevice,
  microphone: closedDevice,
  speaker: closedDevice,
});

export const mediaSetup = setup({
  types: {
    input: {} as MediaInput,
    context: {} as MediaContext,
    events: {} as MediaEvent,
  },
  actors: {
    camera: externalActivity<{ type: "none" }, DeviceInput>("camera"),
    microphone: externalActivity<MicrophoneCommand, DeviceInput>("microphone"),
    speaker: externalActivity<{ type: "none" }, DeviceInput>("speaker"),
  },
  actions: {
    announce: externalAction<MediaAnnouncement>("announce"),
    mute: sendTo("microphone", { type: "mute" } satisfies MicrophoneCommand),
    unmute: sendTo("microphone", { type: "unmute" } satisfies MicrophoneCommand),
    keepChoice: assign((args, params: { kind: DeviceKind; deviceId: string }) => ({
      [params.kind]: { ...args.context[params.kind], choice: params.deviceId },
    })),
    /** The choice stays as it was: who left it to the settings gets another device when this one is lost. */
    keepOpen: assign((args, params: { kind: DeviceKind } & OpenDevice) => ({
      [params.kind]: {
        choice: args.context[params.kind].choice,
        open: { deviceId: params.deviceId, deviceName: params.deviceName },
        why: null,
      },
    })),
    keepClosed: assign((args, params: { kind: DeviceKind; why: string | null }) => ({
      [params.kind]: { ...args.context[params.kind], open: null, why: params.why },
    })),
    rememberMicrophone: assign({ isMicrophoneOn: (_, params: { on: boolean }) => params.on }),
  },
  guards: {
    isVideoCall: ({ context }) => context.media === "video",
    isMicrophoneOn: ({ context }) => context.isMicrophoneOn,
    isOn: (_, params: { on: boolean }) => params.on,
    isOff: (_, params: { on: boolean }) => !params.on,
  },
});
