// The shared screen's region of the media chart. Its activity captures nothing before the user has chosen, and stops capturing
// when the chart leaves `sharing`. The camera's region goes on as it is, so the camera's picture returns at once.

import type { ScreenEndReason } from "../../rpc-schema/index.ts";
import { errorText } from "../error-text.ts";
import { type MediaContext, mediaSetup } from "./model.ts";
import { ifOff, ifOn, sendMediaState } from "./parts.ts";
import type { OpenScreen } from "./shared-screen.ts";

const keepRequest = {
  type: "keepScreenRequest",
  params: ({ event }: { event: { source: string | null } }) => ({ source: event.source }),
} as const;
const keepOpen = {
  type: "keepScreenOpen",
  params: ({ event }: { event: OpenScreen }) => ({ kind: event.kind, name: event.name }),
} as const;
const keepNotTaken = {
  type: "keepScreenEnd",
  params: ({ context }: { context: MediaContext }) => ({
    reason: "notTaken" as const,
    why: context.videoRefusal ?? null,
  }),
} as const;
const keepStopped = { type: "keepScreenEnd", params: { reason: "stopped", why: null } } as const;
const keepBroken = {
  type: "keepScreenEnd",
  params: ({ event }: { event: { error: unknown } }) => ({
    reason: "failed" as const,
    why: errorText(event.error),
  }),
} as const;
const keepEnd = {
  type: "keepScreenEnd",
  params: ({ event }: { event: { reason: ScreenEndReason; why: string } }) => ({
    reason: event.reason,
    why: event.why,
  }),
} as const;

export const screen = mediaSetup.createStateConfig({
  initial: "off",
  states: {
    off: {
      on: {
        "user.shareScreen": [
          {
            description: "The link may be able to offer a place for the picture",
            guard: { type: "isScreenNotTaken", params: ({ event }) => ({ on: event.on }) },
            actions: [keepNotTaken, { type: "requestVideo", params: { isAsked: true } }],
          },
          { guard: ifOn, target: "sharing", actions: keepRequest },
        ],
      },
    },
    sharing: {
      initial: "choosing",
      invoke: {
        src: "screen",
        id: "screen",
        input: ({ context: { callId, screen } }) => ({ callId, source: screen?.source ?? null }),
        onError: { target: "off", actions: keepBroken },
      },
      on: {
        "user.shareScreen": [
          { guard: ifOff, target: "off", actions: keepStopped },
          { description: "Another source is chosen", target: "sharing", reenter: true, actions: keepRequest },
        ],
        "device.screenEnded": { target: "off", actions: keepEnd },
      },
      states: {
        choosing: {
          on: { "device.screenOpened": { target: "live", actions: keepOpen } },
        },
        live: {
          entry: sendMediaState,
          exit: ["closeScreen", sendMediaState],
          on: {
            "device.screenHidden": { description: "The last picture stays", actions: "hideScreen" },
            "device.screenShown": { actions: "showScreen" },
            "video.negotiated": {
              description: "The other side takes no picture any more",
              guard: "isVideoRefused",
              target: "#media.screen.off",
              actions: keepNotTaken,
            },
          },
        },
      },
    },
  },
});
