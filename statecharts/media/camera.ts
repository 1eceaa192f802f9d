// The camera's region of the media chart.

import { mediaSetup } from "./model.ts";
import { ifOff, ifOn, partsFor, sendMediaState } from "./parts.ts";

const askedVideo = { type: "requestVideo", params: { isAsked: true } } as const;
const unaskedVideo = { type: "requestVideo", params: { isAsked: false } } as const;
const ofCamera = partsFor("camera");
export const camera = mediaSetup.createStateConfig({
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
    withheld: {
      description: "The user wants the camera, but the other side takes no picture. It stays closed",
      entry: ["withholdCamera", sendMediaState],
      always: { guard: "isVideoTaken", target: "open", actions: ofCamera.resetDevice },
      on: {
        "user.setCamera": [
          { guard: ifOff, target: "off" },
          { description: "The user asks again", actions: askedVideo },
        ],
        "user.useCamera": { actions: [ofCamera.keepChoice, "withholdCamera"] },
        "video.negotiated": {
          description: "Still refused, for another reason",
          guard: "isOtherRefusal",
          target: "withheld",
          reenter: true,
        },
      },
    },
    open: {
      initial: "opening",
      entry: ofCamera.beginOpening,
      always: { guard: "isVideoRefused", target: "withheld", actions: unaskedVideo },
      invoke: {
        src: "camera",
        id: "camera",
        input: ({ context }) => ({
          ...ofCamera.input({ context }),
          isAllowed: context.videoRefusal === null,
        }),
        onError: { target: "failed", actions: ofCamera.keepBroken },
      },
      on: {
        "user.setCamera": { guard: ifOff, target: "off" },
        "device.cameraLost": { target: "failed", actions: ofCamera.keepLost },
        "device.cameraInterrupted": {
          description: "Nothing that it sends can be shown",
          actions: [ofCamera.keepInterruption, sendMediaState],
        },
        "device.cameraResumed": { actions: [ofCamera.endInterruption, sendMediaState] },
        "device.cameraAbsent": { description: "The user chose no camera, which is no fault", target: "off" },
      },
      states: {
        opening: {
          on: {
            "device.cameraOpened": { target: "live", actions: ofCamera.keepOpen },
            "user.useCamera": { target: "#media.camera.open", reenter: true, actions: ofCamera.keepChoice },
            "settings.videoChanged": { actions: "renewCamera" },
            "video.negotiated": {
              description: "The activity waits for this before it opens a device",
              guard: "isVideoTaken",
              actions: "allowCamera",
            },
          },
        },
        live: {
          entry: sendMediaState,
          after: { steadyTime: { actions: ofCamera.resetRetries } },
          on: {
            "device.cameraOpened": [
              {
                description: "The switch is complete",
                guard: ofCamera.isUninterrupted,
                actions: ofCamera.keepOpen,
              },
              {
                description: "The switch from a camera whose frames could not be shown is complete",
                actions: [ofCamera.keepOpen, sendMediaState],
              },
            ],
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
