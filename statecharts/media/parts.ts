// Actions and guards that the regions of the media chart share, with the kind of their device.

import type { DeviceKind } from "../../rpc-schema/index.ts";
import { errorText } from "../error-text.ts";
import { preferredId } from "./choice.ts";
import { mediaLevelState } from "./level.ts";
import type { MediaContext } from "./model.ts";

interface OnOff {
  event: { on: boolean };
}
const wantedState = ({ event }: OnOff) => ({ on: event.on });
export const ifOn = { type: "isOn", params: wantedState } as const;
export const ifOff = { type: "isOff", params: wantedState } as const;
export const setMicrophoneOn = { type: "setMicrophoneOn", params: wantedState } as const;

const isScreenLive = ({ screen }: MediaContext) => (screen?.open ?? null) !== null;

/** Derived from the open devices only, so that no state can send a wrong value. */
export const sendMediaState = {
  type: "sendMediaState",
  params: ({ context }: { context: MediaContext }) => ({
    callId: context.callId,
    peerId: context.peerId,
    camera: isScreenLive(context) || (context.camera.open !== null && context.camera.interruption === null),
    microphone: context.microphone.open !== null && context.isMicrophoneOn,
    ...(isScreenLive(context) ? { screen: true as const } : {}),
    ...mediaLevelState(context),
  }),
} as const;

/** The actions and guards of a region, with the kind of its device. */
export function partsFor<K extends DeviceKind>(kind: K) {
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
    isUninterrupted: { type: "isUninterrupted", params: of },
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
