// The types, actions and guards of the preview chart. Its activities are those of the media chart, so a device fails here with
// the same sentence as in a call.

import { assign, sendTo, setup } from "xstate";
import { errorText } from "../error-text.ts";
import type { OpenDevice } from "../media/choice.ts";
import type {
  CameraCommand,
  CameraInput,
  DeviceInput,
  LiveSettingsChange,
  MediaEvent,
  MicrophoneCommand,
  UseCommand,
} from "../media/model.ts";
import { externalActivity, externalPromise } from "../not-provided.ts";

export interface PreviewInput {
  /** The id of the preview; of a call, for the own picture while it rings. The effects know the devices by it. */
  readonly callId: string;
  readonly camera: boolean;
  readonly microphone: boolean;
  /** The user's choice; null: as the settings say. */
  readonly cameraChoice: string | null;
}

export interface PreviewDevice {
  readonly open: OpenDevice | null;
  /** Why it does not work; null while it does. */
  readonly why: string | null;
}

export interface PreviewContext extends PreviewInput {
  readonly microphoneChoice: string | null;
  readonly devices: Readonly<Record<PreviewKind, PreviewDevice>>;
  /** Why the last sound was not played; null if it was. */
  readonly soundWhy: string | null;
}

export type PreviewKind = "camera" | "microphone";

type OfDevices = Extract<
  MediaEvent,
  {
    type:
      | `device.${PreviewKind}${string}`
      | "user.useCamera"
      | "user.useMicrophone"
      | "settings.videoChanged"
      | "settings.voiceChanged";
  }
>;
export type PreviewEvent =
  | OfDevices
  | { type: "user.hearYourself" }
  | { type: "user.testSound" }
  | ({ type: "settings.changed" } & LiveSettingsChange)
  | Extract<MediaEvent, { type: "devices.changed" }>;

/** What is played: the sound that was just recorded, which is dropped then, or the test sound. */
export interface PlayInput {
  readonly callId: string;
  readonly what: "recording" | "testSound";
}

/** Long enough for a sentence. */
const RECORD_MS = 3_000;
/** The longest sound takes four seconds, and a slow sound server some more to open the speaker. */
const PLAY_LIMIT_MS = 15_000;
const NOTHING: PreviewDevice = { open: null, why: null };

export const initialPreview = ({ input }: { input: PreviewInput }): PreviewContext => ({
  ...input,
  microphoneChoice: null,
  devices: { camera: NOTHING, microphone: NOTHING },
  soundWhy: null,
});

interface OfKind {
  readonly kind: PreviewKind;
}
type Change = OfKind & { readonly device: Partial<PreviewDevice> };

const previewBase = setup({
  types: { input: {} as PreviewInput, context: {} as PreviewContext, events: {} as PreviewEvent },
  actors: {
    camera: externalActivity<CameraCommand, CameraInput>("camera"),
    microphone: externalActivity<MicrophoneCommand, DeviceInput>("microphone"),
    deviceList: externalActivity<{ type: "none" }, { callId: string }>("deviceList"),
    record: externalActivity<{ type: "none" }, { callId: string }>("record"),
    playSound: externalPromise<void, PlayInput>("playSound"),
  },
  actions: {
    keepDevice: assign({
      devices: ({ context }, { kind, device }: Change) => ({
        ...context.devices,
        [kind]: { ...context.devices[kind], ...device },
      }),
    }),
    keepCameraChoice: assign({ cameraChoice: (_, { choice }: { choice: string }) => choice }),
    keepMicrophoneChoice: assign({ microphoneChoice: (_, { choice }: { choice: string }) => choice }),
    keepSoundFault: assign({ soundWhy: (_, { why }: { why: string | null }) => why }),
    switchCamera: sendTo(
      "camera",
      (_, { choice }: { choice: string }): UseCommand => ({ type: "use", choice }),
    ),
    switchMicrophone: sendTo(
      "microphone",
      (_, { choice }: { choice: string }): UseCommand => ({ type: "use", choice }),
    ),
    renewCamera: sendTo("camera", { type: "renew" } satisfies CameraCommand),
    process: sendTo("microphone", { type: "process" } satisfies MicrophoneCommand),
  },
  guards: {
    wantsCamera: ({ context }) => context.camera,
    wantsMicrophone: ({ context }) => context.microphone,
    hearsMicrophone: ({ context }) => context.devices.microphone.open !== null,
  },
  delays: { recordTime: RECORD_MS, playTimeout: PLAY_LIMIT_MS },
});

/** Translates new settings into events that each region handles already. */
export const previewSetup = previewBase.extend({
  actions: {
    applySettings: previewBase.enqueueActions(({ event, enqueue }) => {
      if (event.type !== "settings.changed") return;
      const { camera, microphone } = event.preferred;
      if (camera !== undefined) enqueue.raise({ type: "user.useCamera", deviceId: camera });
      if (microphone !== undefined) enqueue.raise({ type: "user.useMicrophone", deviceId: microphone });
      // A device that is chosen gets all current settings anyway, also when it is the open one.
      if (event.isVideoChanged && camera === undefined) enqueue.raise({ type: "settings.videoChanged" });
      if (event.isVoiceChanged && microphone === undefined) enqueue.raise({ type: "settings.voiceChanged" });
    }),
  },
});

/** The actions of a region, with the kind of its device. */
export function partsOf(kind: PreviewKind) {
  return {
    keepOpen: {
      type: "keepDevice",
      params: ({ event }: { event: OpenDevice }): Change => ({
        kind,
        device: { open: { deviceId: event.deviceId, deviceName: event.deviceName }, why: null },
      }),
    },
    keepLost: {
      type: "keepDevice",
      params: ({ event }: { event: { why: string } }): Change => ({
        kind,
        device: { open: null, why: event.why },
      }),
    },
    keepBroken: {
      type: "keepDevice",
      params: ({ event }: { event: { error: unknown } }): Change => ({
        kind,
        device: { open: null, why: errorText(event.error) },
      }),
    },
    keepWhy: {
      type: "keepDevice",
      params: ({ event }: { event: { why: string } }): Change => ({ kind, device: { why: event.why } }),
    },
    keepClosed: { type: "keepDevice", params: { kind, device: NOTHING } satisfies Change },
    beginOpening: { type: "keepDevice", params: { kind, device: { open: null } } satisfies Change },
    endFault: { type: "keepDevice", params: { kind, device: { why: null } } satisfies Change },
    toChosen: ({ event }: { event: { deviceId: string } }) => ({ choice: event.deviceId }),
  } as const;
}
