// Microphone, camera and speaker of one call, in parallel. A device is open only while its state is `open`. The next best
// device replaces one that fails, and the other side is notified of the remaining media.

import type { DeviceKind } from "../../rpc-schema/index.ts";
import { errorText } from "../error-text.ts";
import { preferredId } from "./choice.ts";
import { mediaLevelState } from "./level.ts";
import { initialMedia, type MediaContext, mediaSetup } from "./model.ts";

interface OnOff {
  event: { on: boolean };
}
const wantedState = ({ event }: OnOff) => ({ on: event.on });
const ifOn = { type: "isOn", params: wantedState } as const;
const ifOff = { type: "isOff", params: wantedState } as const;
const setMicrophoneOn = { type: "setMicrophoneOn", params: wantedState } as const;

/** Derived from the open devices only, so that no state can send a wrong value. */
const sendMediaState = {
  type: "sendMediaState",
  params: ({ context }: { context: MediaContext }) => ({
    callId: context.callId,
    peerId: context.peerId,
    camera: context.camera.open !== null,
    microphone: context.microphone.open !== null && context.isMicrophoneOn,
    ...mediaLevelState(context),
  }),
} as const;

/** The actions and guards of a region, with the kind of its device. */
function partsFor<K extends DeviceKind>(kind: K) {
  const of = { kind };
  return {
    input: ({ context }: { context: MediaContext }) => ({
      callId: context.callId,
      choice: context[kind].substitute ?? context[kind].choice,
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
    resetDevice: { type: "resetDevice", params: of },
    beginOpening: { type: "beginOpening", params: of },
    beginRetryRound: { type: "beginRetryRound", params: of },
    resetRetries: { type: "resetRetries", params: of },
    chooseNextDevice: { type: "chooseNextDevice", params: of },
    dropSubstitute: { type: "dropSubstitute", params: of },
    offer: { type: "offer", params: of },
    hasAnother: { type: "hasAnother", params: of },
    hasCandidate: { type: "hasCandidate", params: of },
    mayRetry: { type: "mayRetry", params: of },
    mayReturnToPreferred: { type: "mayReturnToPreferred", params: of },
    toChosen: ({ event }: { event: { deviceId: string } }) => ({ choice: event.deviceId }),
    toPreferred: ({ context }: { context: MediaContext }) => ({
      choice: preferredId(context[kind], context.environment, kind) ?? "auto",
    }),
  } as const;
}

const ofCamera = partsFor("camera");
const camera = mediaSetup.createStateConfig({
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "beginsWithCamera", target: "open" }, { target: "off" }] },
    off: {
      entry: [ofCamera.keepClosed, sendMediaState],
      on: {
        "user.setCamera": { guard: ifOn, target: "open", actions: ofCamera.resetDevice },
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
        "device.cameraAbsent": { description: "The user chose no camera, which is no fault", target: "off" },
      },
      states: {
        opening: {
          on: {
            "device.cameraOpened": { target: "live", actions: ofCamera.keepOpen },
            "user.useCamera": { target: "#media.camera.open", reenter: true, actions: ofCamera.keepChoice },
          },
        },
        live: {
          entry: sendMediaState,
          after: { steadyTime: { actions: ofCamera.resetRetries } },
          on: {
            "device.cameraOpened": { description: "The switch is complete", actions: ofCamera.keepOpen },
            "settings.videoChanged": { actions: "renewCamera" },
            "device.cameraRefused": {
              description: "The new camera does not open, so the old one stays",
              actions: {
                type: "keepRefused",
                params: ({ event }) => ({ kind: "camera", deviceId: event.deviceId, why: event.why }),
              },
            },
            "user.useCamera": {
              actions: [ofCamera.keepChoice, { type: "switchCamera", params: ofCamera.toChosen }],
            },
            "devices.updated": [
              {
                guard: ofCamera.mayReturnToPreferred,
                actions: [ofCamera.dropSubstitute, { type: "switchCamera", params: ofCamera.toPreferred }],
              },
              { actions: ofCamera.offer },
            ],
          },
        },
      },
    },
    // A transient state: its guards read the context after the failed device was stored.
    failed: {
      always: [
        { guard: ofCamera.hasAnother, target: "open", actions: ofCamera.chooseNextDevice },
        { target: "lost" },
      ],
    },
    lost: {
      entry: sendMediaState,
      after: {
        cameraRetry: {
          guard: ofCamera.mayRetry,
          target: "open",
          actions: [ofCamera.beginRetryRound, ofCamera.chooseNextDevice],
        },
      },
      on: {
        "user.setCamera": [{ guard: ifOn, target: "open", actions: ofCamera.resetDevice }, { target: "off" }],
        "user.useCamera": { target: "open", actions: ofCamera.keepChoice },
        "devices.updated": [
          { guard: ofCamera.hasCandidate, target: "open", actions: ofCamera.chooseNextDevice },
          { actions: ofCamera.offer },
        ],
      },
    },
  },
});

// The regions are similar but written out, because each has its own events and its own meaning of on.
const ofMicrophone = partsFor("microphone");
const whileMicrophoneIsOpen = {
  "device.microphoneOpened": { description: "The switch is complete", actions: ofMicrophone.keepOpen },
  "user.useMicrophone": {
    actions: [ofMicrophone.keepChoice, { type: "switchMicrophone", params: ofMicrophone.toChosen }],
  },
  "devices.updated": [
    {
      guard: ofMicrophone.mayReturnToPreferred,
      actions: [ofMicrophone.dropSubstitute, { type: "switchMicrophone", params: ofMicrophone.toPreferred }],
    },
    { actions: ofMicrophone.offer },
  ],
} as const;
const microphone = mediaSetup.createStateConfig({
  initial: "open",
  on: { "user.setMicrophone": { actions: setMicrophoneOn } },
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
        "settings.voiceChanged": { actions: "process" },
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
          entry: ["unmute", sendMediaState],
          after: { steadyTime: { actions: ofMicrophone.resetRetries } },
          on: {
            ...whileMicrophoneIsOpen,
            "user.setMicrophone": { guard: ifOff, target: "muted", actions: setMicrophoneOn },
          },
        },
        muted: {
          entry: ["mute", sendMediaState],
          after: { steadyTime: { actions: ofMicrophone.resetRetries } },
          on: {
            ...whileMicrophoneIsOpen,
            "user.setMicrophone": { guard: ifOn, target: "live", actions: setMicrophoneOn },
          },
        },
      },
    },
    failed: {
      always: [
        { guard: ofMicrophone.hasAnother, target: "open", actions: ofMicrophone.chooseNextDevice },
        { target: "lost" },
      ],
    },
    lost: {
      entry: sendMediaState,
      after: {
        microphoneRetry: {
          guard: ofMicrophone.mayRetry,
          target: "open",
          actions: [ofMicrophone.beginRetryRound, ofMicrophone.chooseNextDevice],
        },
      },
      on: {
        "user.setMicrophone": {
          guard: ifOn,
          target: "open",
          actions: [setMicrophoneOn, ofMicrophone.resetDevice],
        },
        "user.useMicrophone": { target: "open", actions: ofMicrophone.keepChoice },
        "devices.updated": [
          { guard: ofMicrophone.hasCandidate, target: "open", actions: ofMicrophone.chooseNextDevice },
          { actions: ofMicrophone.offer },
        ],
      },
    },
  },
});

const ofSpeaker = partsFor("speaker");
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
          after: { steadyTime: { actions: ofSpeaker.resetRetries } },
          on: {
            "device.speakerOpened": { description: "The switch is complete", actions: ofSpeaker.keepOpen },
            "user.useSpeaker": {
              actions: [ofSpeaker.keepChoice, { type: "switchSpeaker", params: ofSpeaker.toChosen }],
            },
            "devices.updated": [
              {
                guard: ofSpeaker.mayReturnToPreferred,
                actions: [ofSpeaker.dropSubstitute, { type: "switchSpeaker", params: ofSpeaker.toPreferred }],
              },
              { actions: ofSpeaker.offer },
            ],
          },
        },
      },
    },
    failed: {
      always: [
        { guard: ofSpeaker.hasAnother, target: "open", actions: ofSpeaker.chooseNextDevice },
        { target: "lost" },
      ],
    },
    lost: {
      after: {
        speakerRetry: {
          guard: ofSpeaker.mayRetry,
          target: "open",
          actions: [ofSpeaker.beginRetryRound, ofSpeaker.chooseNextDevice],
        },
      },
      on: {
        "user.useSpeaker": { target: "open", actions: ofSpeaker.keepChoice },
        "devices.updated": [
          { guard: ofSpeaker.hasCandidate, target: "open", actions: ofSpeaker.chooseNextDevice },
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
    src: "deviceList",
    id: "deviceList",
    input: ({ context: { callId } }) => ({ callId }),
    onError: { description: "Without a list, a lost device is still retried" },
  },
  on: {
    "devices.changed": {
      actions: [
        {
          type: "setEnvironment",
          params: ({ event: { devices, preferred, whenDeviceReturns } }) => ({
            devices,
            preferred,
            whenDeviceReturns,
          }),
        },
        "raiseDevicesUpdated",
      ],
    },
    "settings.changed": {
      description: "The same as a choice of the user in the call",
      actions: "applySettings",
    },
    "signal.reconnect": {
      description: "A peer that reconnects has lost our media state",
      actions: sendMediaState,
    },
    "video.pauseChanged": {
      guard: { type: "isPauseChange", params: ({ event }) => ({ why: event.why }) },
      actions: [{ type: "setVideoPause", params: ({ event }) => ({ why: event.why }) }, sendMediaState],
    },
  },
  states: { camera, microphone, speaker },
});
