// What is captured and played during one call: microphone, camera and speaker side by side. A device is open only
// while its state says so; one that fails makes way for the next best, and the other side is told what that leaves.

import type { DeviceKind } from "../../rpc-schema/index.ts";
import { errorText } from "../link/model.ts";
import { preferredId } from "./choice.ts";
import { mediaLevelState } from "./level.ts";
import { initialMedia, type MediaContext, mediaSetup } from "./model.ts";

interface OnOff {
  event: { on: boolean };
}
const asked = ({ event }: OnOff) => ({ on: event.on });
const ifOn = { type: "isOn", params: asked } as const;
const ifOff = { type: "isOff", params: asked } as const;
const rememberMicrophone = { type: "rememberMicrophone", params: asked } as const;

/** Follows from what is open alone, so that no state can say it wrongly. */
const announce = {
  type: "announce",
  params: ({ context }: { context: MediaContext }) => ({
    callId: context.callId,
    peerId: context.peerId,
    camera: context.camera.open !== null,
    microphone: context.microphone.open !== null && context.isMicrophoneOn,
    ...mediaLevelState(context),
  }),
} as const;

/** What the three regions say alike, each of its own device. */
function wordsFor<K extends DeviceKind>(kind: K) {
  const of = { kind };
  return {
    input: ({ context }: { context: MediaContext }) => ({
      callId: context.callId,
      choice: context[kind].instead ?? context[kind].choice,
    }),
    keepChoice: {
      type: "keepChoice",
      params: ({ event }: { event: { deviceId: string } }) => ({ kind, deviceId: event.deviceId }),
    },
    keepOpen: {
      type: "keepOpen",
      params: ({ event }: { event: { deviceId: string; deviceName: string } }) => ({
        kind,
        deviceId: event.deviceId,
        deviceName: event.deviceName,
      }),
    },
    keepLost: {
      type: "keepFailed",
      params: ({ event }: { event: { why: string; deviceId?: string } }) => ({
        kind,
        why: event.why,
        ...(event.deviceId === undefined ? {} : { deviceId: event.deviceId }),
      }),
    },
    keepBroken: {
      type: "keepFailed",
      params: ({ event }: { event: { error: unknown } }) => ({ kind, why: errorText(event.error) }),
    },
    keepClosed: { type: "keepClosed", params: of },
    keepInterruption: {
      type: "keepInterruption",
      params: ({ event }: { event: { why: string } }) => ({ kind, why: event.why }),
    },
    endInterruption: { type: "keepInterruption", params: { kind, why: null } },
    beginAnew: { type: "beginAnew", params: of },
    beginOpening: { type: "beginOpening", params: of },
    beginRound: { type: "beginRound", params: of },
    becomeSteady: { type: "becomeSteady", params: of },
    takeNext: { type: "takeNext", params: of },
    stopStandingIn: { type: "stopStandingIn", params: of },
    offer: { type: "offer", params: of },
    hasAnother: { type: "hasAnother", params: of },
    hasCandidate: { type: "hasCandidate", params: of },
    mayRetry: { type: "mayRetry", params: of },
    mayTakeBack: { type: "mayTakeBack", params: of },
    toChosen: ({ event }: { event: { deviceId: string } }) => ({ choice: event.deviceId }),
    toPreferred: ({ context }: { context: MediaContext }) => ({
      choice: preferredId(context[kind], context.around, kind) ?? "auto",
    }),
  } as const;
}

const ofCamera = wordsFor("camera");
const camera = mediaSetup.createStateConfig({
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "beginsWithCamera", target: "open" }, { target: "off" }] },
    off: {
      entry: [ofCamera.keepClosed, announce],
      on: {
        "user.setCamera": { guard: ifOn, target: "open", actions: ofCamera.beginAnew },
        "user.useCamera": { actions: ofCamera.keepChoice },
      },
    },
    open: {
      initial: "opening",
      entry: ofCamera.beginOpening,
      invoke: {
        src: "camera",
        id: "camera",
        input: ofCamera.input,
        onError: { target: "failed", actions: ofCamera.keepBroken },
      },
      on: {
        "user.setCamera": { guard: ifOff, target: "off" },
        "device.cameraLost": { target: "failed", actions: ofCamera.keepLost },
        "device.cameraAbsent": { description: "The user wants none, which is no fault", target: "off" },
      },
      states: {
        opening: {
          on: {
            "device.cameraOpened": { target: "live", actions: ofCamera.keepOpen },
            "user.useCamera": { target: "#media.camera.open", reenter: true, actions: ofCamera.keepChoice },
          },
        },
        live: {
          entry: announce,
          after: { steadyTime: { actions: ofCamera.becomeSteady } },
          on: {
            "device.cameraOpened": { description: "The switch is done", actions: ofCamera.keepOpen },
            "settings.picture": { actions: "renewCamera" },
            "device.cameraRefused": {
              description: "The one asked for does not open, so the old one stays",
              actions: {
                type: "keepRefused",
                params: ({ event }) => ({ kind: "camera", deviceId: event.deviceId, why: event.why }),
              },
            },
            "user.useCamera": {
              actions: [ofCamera.keepChoice, { type: "switchCamera", params: ofCamera.toChosen }],
            },
            "devices.known": [
              {
                guard: ofCamera.mayTakeBack,
                actions: [ofCamera.stopStandingIn, { type: "switchCamera", params: ofCamera.toPreferred }],
              },
              { actions: ofCamera.offer },
            ],
          },
        },
      },
    },
    // Passed through at once, since only here the context knows which device failed.
    failed: {
      always: [
        { guard: ofCamera.hasAnother, target: "open", actions: ofCamera.takeNext },
        { target: "lost" },
      ],
    },
    lost: {
      entry: announce,
      after: {
        cameraRetry: {
          guard: ofCamera.mayRetry,
          target: "open",
          actions: [ofCamera.beginRound, ofCamera.takeNext],
        },
      },
      on: {
        "user.setCamera": [{ guard: ifOn, target: "open", actions: ofCamera.beginAnew }, { target: "off" }],
        "user.useCamera": { target: "open", actions: ofCamera.keepChoice },
        "devices.known": [
          { guard: ofCamera.hasCandidate, target: "open", actions: ofCamera.takeNext },
          { actions: ofCamera.offer },
        ],
      },
    },
  },
});

// Regions are written out, though alike, because each has its own events and its own idea of being on.
const ofMicrophone = wordsFor("microphone");
const whileMicrophoneIsOpen = {
  "device.microphoneOpened": { description: "The switch is done", actions: ofMicrophone.keepOpen },
  "user.useMicrophone": {
    actions: [ofMicrophone.keepChoice, { type: "switchMicrophone", params: ofMicrophone.toChosen }],
  },
  "devices.known": [
    {
      guard: ofMicrophone.mayTakeBack,
      actions: [ofMicrophone.stopStandingIn, { type: "switchMicrophone", params: ofMicrophone.toPreferred }],
    },
    { actions: ofMicrophone.offer },
  ],
} as const;
const microphone = mediaSetup.createStateConfig({
  initial: "open",
  on: { "user.setMicrophone": { actions: rememberMicrophone } },
  states: {
    open: {
      initial: "opening",
      entry: ofMicrophone.beginOpening,
      invoke: {
        src: "microphone",
        id: "microphone",
        input: ofMicrophone.input,
        onError: { target: "failed", actions: ofMicrophone.keepBroken },
      },
      on: {
        "device.microphoneLost": { target: "failed", actions: ofMicrophone.keepLost },
        "device.microphoneInterrupted": { actions: ofMicrophone.keepInterruption },
        "device.microphoneResumed": { actions: ofMicrophone.endInterruption },
        "settings.voice": { actions: "process" },
      },
      states: {
        opening: {
          on: {
            "device.microphoneOpened": [
              { guard: "isMicrophoneOn", target: "live", actions: ofMicrophone.keepOpen },
              { target: "muted", actions: ofMicrophone.keepOpen },
            ],
            "user.useMicrophone": {
              target: "#media.microphone.open",
              reenter: true,
              actions: ofMicrophone.keepChoice,
            },
          },
        },
        live: {
          entry: ["unmute", announce],
          after: { steadyTime: { actions: ofMicrophone.becomeSteady } },
          on: {
            ...whileMicrophoneIsOpen,
            "user.setMicrophone": { guard: ifOff, target: "muted", actions: rememberMicrophone },
          },
        },
        muted: {
          entry: ["mute", announce],
          after: { steadyTime: { actions: ofMicrophone.becomeSteady } },
          on: {
            ...whileMicrophoneIsOpen,
            "user.setMicrophone": { guard: ifOn, target: "live", actions: rememberMicrophone },
          },
        },
      },
    },
    failed: {
      always: [
        { guard: ofMicrophone.hasAnother, target: "open", actions: ofMicrophone.takeNext },
        { target: "lost" },
      ],
    },
    lost: {
      entry: announce,
      after: {
        microphoneRetry: {
          guard: ofMicrophone.mayRetry,
          target: "open",
          actions: [ofMicrophone.beginRound, ofMicrophone.takeNext],
        },
      },
      on: {
        "user.setMicrophone": {
          guard: ifOn,
          target: "open",
          actions: [rememberMicrophone, ofMicrophone.beginAnew],
        },
        "user.useMicrophone": { target: "open", actions: ofMicrophone.keepChoice },
        "devices.known": [
          { guard: ofMicrophone.hasCandidate, target: "open", actions: ofMicrophone.takeNext },
          { actions: ofMicrophone.offer },
        ],
      },
    },
  },
});

const ofSpeaker = wordsFor("speaker");
const speaker = mediaSetup.createStateConfig({
  initial: "open",
  states: {
    open: {
      initial: "opening",
      entry: ofSpeaker.beginOpening,
      invoke: {
        src: "speaker",
        id: "speaker",
        input: ofSpeaker.input,
        onError: { target: "failed", actions: ofSpeaker.keepBroken },
      },
      on: {
        "device.speakerLost": { target: "failed", actions: ofSpeaker.keepLost },
        "device.speakerInterrupted": { actions: ofSpeaker.keepInterruption },
        "device.speakerResumed": { actions: ofSpeaker.endInterruption },
      },
      states: {
        opening: {
          on: {
            "device.speakerOpened": { target: "live", actions: ofSpeaker.keepOpen },
            "user.useSpeaker": {
              target: "#media.speaker.open",
              reenter: true,
              actions: ofSpeaker.keepChoice,
            },
          },
        },
        live: {
          after: { steadyTime: { actions: ofSpeaker.becomeSteady } },
          on: {
            "device.speakerOpened": { description: "The switch is done", actions: ofSpeaker.keepOpen },
            "user.useSpeaker": {
              actions: [ofSpeaker.keepChoice, { type: "switchSpeaker", params: ofSpeaker.toChosen }],
            },
            "devices.known": [
              {
                guard: ofSpeaker.mayTakeBack,
                actions: [ofSpeaker.stopStandingIn, { type: "switchSpeaker", params: ofSpeaker.toPreferred }],
              },
              { actions: ofSpeaker.offer },
            ],
          },
        },
      },
    },
    failed: {
      always: [
        { guard: ofSpeaker.hasAnother, target: "open", actions: ofSpeaker.takeNext },
        { target: "lost" },
      ],
    },
    lost: {
      after: {
        speakerRetry: {
          guard: ofSpeaker.mayRetry,
          target: "open",
          actions: [ofSpeaker.beginRound, ofSpeaker.takeNext],
        },
      },
      on: {
        "user.useSpeaker": { target: "open", actions: ofSpeaker.keepChoice },
        "devices.known": [
          { guard: ofSpeaker.hasCandidate, target: "open", actions: ofSpeaker.takeNext },
          { actions: ofSpeaker.offer },
        ],
      },
    },
  },
});

export const mediaMachine = mediaSetup.createMachine({
  id: "media",
  description: "The devices of one call",
  type: "parallel",
  context: initialMedia,
  invoke: {
    src: "watchDevices",
    id: "watchDevices",
    input: ({ context: { callId } }) => ({ callId }),
    onError: { description: "Without a list a lost device is still tried again" },
  },
  on: {
    "devices.changed": {
      actions: [
        {
          type: "keepSurroundings",
          params: ({ event: { devices, wished, whenDeviceReturns } }) => ({
            devices,
            wished,
            whenDeviceReturns,
          }),
        },
        "tellRegions",
      ],
    },
    "settings.changed": {
      description: "As if the user had chosen in the call",
      actions: "followSettings",
    },
    "signal.reconnect": { description: "Whoever comes back has forgotten what we said", actions: announce },
    "picture.held": {
      guard: { type: "isNews", params: ({ event }) => ({ why: event.why }) },
      actions: [{ type: "keepHeld", params: ({ event }) => ({ why: event.why }) }, announce],
    },
  },
  states: { camera, microphone, speaker },
});
