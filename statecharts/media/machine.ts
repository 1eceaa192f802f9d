// What is captured and played during one call: microphone, camera and speaker side by side. A device is open only
// while its state says so, and the other side is told whenever what we capture changes.

import type { DeviceKind } from "../../rpc-schema/index.ts";
import { textOf } from "../link/model.ts";
import { initialMedia, type MediaContext, mediaSetup } from "./model.ts";

interface OnOff {
  event: { on: boolean };
}
const asked = ({ event }: OnOff) => ({ on: event.on });
const ifOn = { type: "isOn", params: asked } as const;
const ifOff = { type: "isOff", params: asked } as const;

const deviceInput =
  (kind: DeviceKind) =>
  ({ context }: { context: MediaContext }) => ({ callId: context.callId, choice: context[kind].choice });

const keepChoice = (kind: DeviceKind) =>
  ({
    type: "keepChoice",
    params: ({ event }: { event: { deviceId: string } }) => ({ kind, deviceId: event.deviceId }),
  }) as const;

const keepOpen = (kind: DeviceKind) =>
  ({
    type: "keepOpen",
    params: ({ event }: { event: { deviceId: string; deviceName: string } }) => ({
      kind,
      deviceId: event.deviceId,
      deviceName: event.deviceName,
    }),
  }) as const;

const keepLost = (kind: DeviceKind) =>
  ({
    type: "keepClosed",
    params: ({ event }: { event: { why: string } }) => ({ kind, why: event.why }),
  }) as const;

const keepBroken = (kind: DeviceKind) =>
  ({
    type: "keepClosed",
    params: ({ event }: { event: { error: unknown } }) => ({ kind, why: textOf(event.error) }),
  }) as const;

const keepClosed = (kind: DeviceKind) => ({ type: "keepClosed", params: { kind, why: null } }) as const;

const announce = (captures: { camera?: boolean; microphone?: boolean }) =>
  ({
    type: "announce",
    params: ({ context }: { context: MediaContext }) => ({
      callId: context.callId,
      peerId: context.peerId,
      camera: captures.camera ?? context.camera.open !== null,
      microphone: captures.microphone ?? (context.microphone.open !== null && context.isMicrophoneOn),
    }),
  }) as const;

const camera = mediaSetup.createStateConfig({
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "isVideoCall", target: "open" }, { target: "off" }] },
    off: {
      entry: [keepClosed("camera"), announce({ camera: false })],
      on: {
        "user.setCamera": { guard: ifOn, target: "open" },
        "user.useCamera": { actions: keepChoice("camera") },
      },
    },
    open: {
      initial: "opening",
      entry: keepClosed("camera"),
      invoke: {
        src: "camera",
        id: "camera",
        input: deviceInput("camera"),
        onError: { target: "lost", actions: keepBroken("camera") },
      },
      on: {
        "user.setCamera": { guard: ifOff, target: "off" },
        "user.useCamera": { target: "open", reenter: true, actions: keepChoice("camera") },
        "device.cameraLost": { target: "lost", actions: keepLost("camera") },
        "device.cameraAbsent": { description: "The user wants none, which is no fault", target: "off" },
      },
      states: {
        opening: { on: { "device.cameraOpened": { target: "live", actions: keepOpen("camera") } } },
        live: { entry: announce({ camera: true }) },
      },
    },
    lost: {
      entry: announce({ camera: false }),
      on: {
        "user.setCamera": [{ guard: ifOn, target: "open" }, { target: "off" }],
        "user.useCamera": { target: "open", actions: keepChoice("camera") },
      },
    },
  },
});

const microphone = mediaSetup.createStateConfig({
  initial: "open",
  on: {
    "user.setMicrophone": { actions: { type: "rememberMicrophone", params: asked } },
  },
  states: {
    open: {
      initial: "opening",
      entry: keepClosed("microphone"),
      invoke: {
        src: "microphone",
        id: "microphone",
        input: deviceInput("microphone"),
        onError: { target: "lost", actions: keepBroken("microphone") },
      },
      on: {
        "user.useMicrophone": { target: "open", reenter: true, actions: keepChoice("microphone") },
        "device.microphoneLost": { target: "lost", actions: keepLost("microphone") },
      },
      states: {
        opening: {
          on: {
            "device.microphoneOpened": [
              { guard: "isMicrophoneOn", target: "live", actions: keepOpen("microphone") },
              { target: "muted", actions: keepOpen("microphone") },
            ],
          },
        },
        live: {
          entry: ["unmute", announce({ microphone: true })],
          on: {
            "user.setMicrophone": {
              guard: ifOff,
              target: "muted",
              actions: { type: "rememberMicrophone", params: asked },
            },
          },
        },
        muted: {
          entry: ["mute", announce({ microphone: false })],
          on: {
            "user.setMicrophone": {
              guard: ifOn,
              target: "live",
              actions: { type: "rememberMicrophone", params: asked },
            },
          },
        },
      },
    },
    lost: {
      entry: announce({ microphone: false }),
      on: {
        "user.setMicrophone": {
          guard: ifOn,
          target: "open",
          actions: { type: "rememberMicrophone", params: asked },
        },
        "user.useMicrophone": { target: "open", actions: keepChoice("microphone") },
      },
    },
  },
});

const speaker = mediaSetup.createStateConfig({
  initial: "open",
  states: {
    open: {
      initial: "opening",
      entry: keepClosed("speaker"),
      invoke: {
        src: "speaker",
        id: "speaker",
        input: deviceInput("speaker"),
        onError: { target: "lost", actions: keepBroken("speaker") },
      },
      on: {
        "user.useSpeaker": { target: "open", reenter: true, actions: keepChoice("speaker") },
        "device.speakerLost": { target: "lost", actions: keepLost("speaker") },
      },
      states: {
        opening: { on: { "device.speakerOpened": { target: "live", actions: keepOpen("speaker") } } },
        live: {},
      },
    },
    lost: { on: { "user.useSpeaker": { target: "open", actions: keepChoice("speaker") } } },
  },
});

export const mediaMachine = mediaSetup.createMachine({
  id: "media",
  description: "The devices of one call",
  type: "parallel",
  context: initialMedia,
  states: { camera, microphone, speaker },
});
