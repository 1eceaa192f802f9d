// A look at oneself without a call: the own picture, the microphone's level, one's own voice, and a test sound. A call's own
// picture while it rings is a preview with nothing but a camera.

import { errorText } from "../error-text.ts";
import { initialPreview, partsOf, previewSetup } from "./model.ts";

const ofCamera = partsOf("camera");
const chooseCamera = { type: "keepCameraChoice", params: ofCamera.toChosen } as const;
const camera = previewSetup.createStateConfig({
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "wantsCamera", target: "open" }, { target: "off" }] },
    off: {
      description: "Not asked for, or the user has chosen none",
      entry: ofCamera.keepClosed,
      on: { "user.useCamera": { guard: "wantsCamera", target: "open", actions: chooseCamera } },
    },
    open: {
      initial: "opening",
      entry: ofCamera.beginOpening,
      invoke: {
        src: "camera",
        id: "camera",
        input: ({ context }) => ({ callId: context.callId, choice: context.cameraChoice, isAllowed: true }),
        onError: { target: "lost", actions: ofCamera.keepBroken },
      },
      on: {
        "device.cameraLost": { target: "lost", actions: ofCamera.keepLost },
        "device.cameraAbsent": "off",
        "device.cameraInterrupted": { actions: ofCamera.keepWhy },
        "device.cameraResumed": { actions: ofCamera.endFault },
        "settings.videoChanged": { actions: "renewCamera" },
      },
      states: {
        opening: {
          on: {
            "device.cameraOpened": { target: "live", actions: ofCamera.keepOpen },
            "user.useCamera": { target: "#preview.camera.open", reenter: true, actions: chooseCamera },
          },
        },
        live: {
          on: {
            "device.cameraOpened": { description: "The switch is complete", actions: ofCamera.keepOpen },
            "device.cameraRefused": {
              description: "The new camera does not open, so the old one stays",
              actions: ofCamera.keepWhy,
            },
            "user.useCamera": {
              actions: [chooseCamera, { type: "switchCamera", params: ofCamera.toChosen }],
            },
          },
        },
      },
    },
    lost: {
      on: {
        "user.useCamera": { target: "open", actions: chooseCamera },
        "devices.changed": { description: "It may be plugged in again", target: "open" },
      },
    },
  },
});

const ofMicrophone = partsOf("microphone");
const chooseMicrophone = { type: "keepMicrophoneChoice", params: ofMicrophone.toChosen } as const;
const microphone = previewSetup.createStateConfig({
  initial: "choosing",
  states: {
    choosing: { always: [{ guard: "wantsMicrophone", target: "open" }, { target: "off" }] },
    off: {},
    open: {
      initial: "opening",
      entry: ofMicrophone.beginOpening,
      invoke: {
        src: "microphone",
        id: "microphone",
        input: ({ context }) => ({ callId: context.callId, choice: context.microphoneChoice }),
        onError: { target: "lost", actions: ofMicrophone.keepBroken },
      },
      on: {
        "device.microphoneLost": { target: "lost", actions: ofMicrophone.keepLost },
        "device.microphoneInterrupted": { actions: ofMicrophone.keepWhy },
        "device.microphoneResumed": { actions: ofMicrophone.endFault },
        "settings.voiceChanged": { actions: "process" },
      },
      states: {
        opening: {
          on: {
            "device.microphoneOpened": { target: "live", actions: ofMicrophone.keepOpen },
            "user.useMicrophone": {
              target: "#preview.microphone.open",
              reenter: true,
              actions: chooseMicrophone,
            },
          },
        },
        live: {
          on: {
            "device.microphoneOpened": {
              description: "The switch is complete",
              actions: ofMicrophone.keepOpen,
            },
            "user.useMicrophone": {
              actions: [chooseMicrophone, { type: "switchMicrophone", params: ofMicrophone.toChosen }],
            },
          },
        },
      },
    },
    lost: {
      on: {
        "user.useMicrophone": { target: "open", actions: chooseMicrophone },
        "devices.changed": { description: "It may be plugged in again", target: "open" },
      },
    },
  },
});

const endSoundFault = { type: "keepSoundFault", params: { why: null } } as const;
const keepSoundFault = {
  type: "keepSoundFault",
  params: ({ event }: { event: { error: unknown } }) => ({ why: errorText(event.error) }),
} as const;
const playing = (what: "recording" | "testSound") =>
  previewSetup.createStateConfig({
    description: "The speaker is open until the sound is over",
    invoke: {
      src: "playSound",
      input: ({ context }) => ({ callId: context.callId, what }),
      onDone: "quiet",
      onError: { target: "quiet", actions: keepSoundFault },
    },
    after: {
      playTimeout: {
        target: "quiet",
        actions: { type: "keepSoundFault", params: { why: "the speaker did not play it in time" } },
      },
    },
  });
const sound = previewSetup.createStateConfig({
  initial: "quiet",
  states: {
    quiet: {
      on: {
        "user.hearYourself": { guard: "hearsMicrophone", target: "recording", actions: endSoundFault },
        "user.testSound": { target: "testing", actions: endSoundFault },
      },
    },
    recording: {
      description: "One's own voice, into memory",
      invoke: {
        src: "record",
        input: ({ context }) => ({ callId: context.callId }),
        onError: { target: "quiet", actions: keepSoundFault },
      },
      after: { recordTime: "playing" },
      on: { "device.microphoneLost": { description: "Half a sentence is no use", target: "quiet" } },
    },
    playing: playing("recording"),
    testing: playing("testSound"),
  },
});

export const previewMachine = previewSetup.createMachine({
  id: "preview",
  description: "A look at oneself without a call",
  context: initialPreview,
  type: "parallel",
  invoke: {
    src: "deviceList",
    id: "deviceList",
    input: ({ context }) => ({ callId: context.callId }),
    onError: { description: "Without the list a lost device is tried again on the user's choice only" },
  },
  on: { "settings.changed": { actions: "applySettings" } },
  states: { camera, microphone, sound },
});
