// Microphone, camera, speaker and shared screen of one call, in parallel. A device is open only while its state is `open`. The next best
// device replaces one that fails, and the other side is notified of the remaining media.

import { camera } from "./camera.ts";
import { initialMedia, mediaSetup } from "./model.ts";
import { ifOff, ifOn, partsFor, sendMediaState, setMicrophoneOn } from "./parts.ts";
import { screen } from "./screen.ts";

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
    "link.videoNegotiated": {
      actions: [
        { type: "setVideoRefusal", params: ({ event }) => ({ whyNot: event.whyNot }) },
        "raiseVideoNegotiated",
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
  states: { camera, microphone, speaker, screen },
});
