// Schemas of the shared screen: what can be shared, and the state of what is shared.

import { z } from "zod";
import { choice, count, named } from "../named.ts";

export const screenSourceSchema = named(
  "ScreenSource",
  z.object({
    id: z.string().min(1).describe("for call.shareScreen; valid while the monitor or window exists"),
    name: z.string().describe("the window's title or the monitor's output; empty for all monitors together"),
    kind: choice("ScreenKind", "What of the screen is shared", {
      monitor: "one monitor, or all of them",
      window: "one window, without what covers it",
    }),
    isPrimary: z.boolean().describe("whether it is the user's main monitor"),
    width: count().describe("pixels"),
    height: count().describe("pixels"),
  }),
  "A monitor or a window that can be shared",
);
export type ScreenSource = z.infer<typeof screenSourceSchema>;

export const screenEndReasonSchema = choice("ScreenEndReason", "Why the screen is not shared", {
  stopped: "this side ended it with call.shareScreen",
  stoppedByDesktop: "the user ended it in the desktop's own display of what is shared",
  cancelled: "the user closed the desktop's dialog",
  refused: "the desktop does not allow it",
  closed: "the window was closed, or the monitor is not there any more",
  notTaken: "the other side takes no picture",
  failed: "capturing failed; `why` gives the cause",
});
export type ScreenEndReason = z.infer<typeof screenEndReasonSchema>;

export const sharedScreenSchema = named(
  "SharedScreen",
  z.object({
    state: choice("ScreenCondition", "Whether this side's screen is shared", {
      off: "not shared; `ended` says why it is not any more",
      choosing: "the desktop asks the user, or the source is being opened. Nothing is captured",
      live: "captured and sent in place of the camera",
    }),
    kind: screenSourceSchema.shape.kind.optional(),
    name: z.string().optional().describe("the window's title or the monitor, while it is shared"),
    hidden: z
      .boolean()
      .optional()
      .describe(
        "the shared window is minimised: its last picture stays at the other side until it is shown again",
      ),
    ended: screenEndReasonSchema.optional().describe("why it last ended or did not begin"),
    why: z.string().optional().describe("the same for people"),
  }),
  "The shared screen of this side. A page must show at all times that it is shared",
);
export type SharedScreen = z.infer<typeof sharedScreenSchema>;
