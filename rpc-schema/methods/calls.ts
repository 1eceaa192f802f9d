// Methods that start, answer and control calls, and notifications about calls.

import { z } from "zod";
import {
  callIdSchema,
  callInfoSchema,
  callQualitySchema,
  deviceKindSchema,
  mediaKindSchema,
  peerIdSchema,
} from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { endedBySchema, endReasonSchema } from "../end-reasons.ts";
import { frameSourceSchema } from "./frames.ts";

const byCallId = z.object({ callId: callIdSchema });
const onOff = z.object({ callId: callIdSchema, on: z.boolean() });

/** Figures of one call over the last second, with the names of WebRTC's getStats. `null`: not known yet. */
export const callStatisticsSchema = z.object({
  callId: callIdSchema,
  at: z.number().describe("Unix milliseconds"),
  quality: callQualitySchema,
  roundTripMs: z.number().nullable(),
  sendVideoBps: z.number(),
  sendAudioBps: z.number(),
  receiveVideoBps: z.number(),
  receiveAudioBps: z.number(),
  availableSendBps: z.number().nullable(),
  packetsLost: z.number().describe("received streams, since the start of the call"),
  fractionLost: z.number().nullable().describe("0 to 1, received streams over the last second"),
  jitterMs: z.number().nullable(),
  sendFps: z.number().describe("0 while only placeholders are sent"),
  receiveFps: z.number(),
  sendWidth: z.number(),
  sendHeight: z.number(),
  receiveWidth: z.number(),
  receiveHeight: z.number(),
  captureToSendMs: z.number().nullable().describe("median from the camera's time stamp to WebRTC's source"),
  pictureHoldMs: z
    .number()
    .describe("how long remote frames are delayed at present, so that they match the sound"),
  frames: z
    .object({
      captured: z.number(),
      captureDropped: z
        .number()
        .describe(
          "replaced by a newer frame before it was used, or too damaged to be shown (`captureFaulty`)",
        ),
      captureFaulty: z.number().optional().describe("too damaged to be shown"),
      captureDamaged: z
        .number()
        .optional()
        .describe(
          "with missing or wrong rows: `captureFaulty`, and those shown with rows of the frame before",
        ),
      captureRepaired: z
        .number()
        .optional()
        .describe("unlike the standard, but shown whole; such as JPEG with extra bytes"),
      sent: z.number().describe("the camera's frames that were passed to WebRTC's source"),
      placeholders: z
        .number()
        .optional()
        .describe("black pictures passed to WebRTC's source while the camera sends none; not part of `sent`"),
      received: z.number().describe("received from WebRTC's sink"),
      remote: z.lazy(() => frameCountsSchema),
      local: z.lazy(() => frameCountsSchema),
    })
    .describe("the frame counts since the start of the call"),
});
/**
 * What happened to the frames of one source on their way to the host's page. `offered` is the sum of the others. A frame
 * counts once for each subscriber of its source.
 */
export const frameCountsSchema = z.object({
  offered: z.number(),
  unwatched: z.number().describe("there was no subscriber"),
  paced: z.number().describe("left out because of maxFps"),
  replaced: z.number().describe("replaced by a newer frame before it was encoded"),
  failed: z.number().describe("could not be encoded or written"),
  written: z.number().describe("written to the host"),
  waiting: z.number().describe("waiting or being encoded at the moment"),
});
export type FrameCounts = z.infer<typeof frameCountsSchema>;
export type CallStatistics = z.infer<typeof callStatisticsSchema>;

/** The snapshot of a call has less than 8 KiB; a host may refuse more than this. */
export const MAX_SNAPSHOT_CHARS = 64 * 1024;

/** The errors of a plugin that cannot make or take calls at all. */
const noCallErrors = ["callsUnavailable", "callsDisabled", "callsInPage"] as const;

/** Every method has the `servingErrors`. */
export const callMethods = {
  "call.start": method(
    "Calls a peer. The answer comes first, then the progress as call.changed and the end as call.ended",
    z.object({ peerId: peerIdSchema, media: mediaKindSchema }),
    z.object({ callId: callIdSchema }),
    [
      ...servingErrors,
      "alreadyInCall",
      "invalidPeer",
      "signallingUnavailable",
      ...noCallErrors,
      "peerCallsDisabled",
    ],
  ),
  "call.accept": method(
    "Accepts an incoming call. `media` decides whether our camera opens; without it, the caller's choice decides",
    z.object({ callId: callIdSchema, media: mediaKindSchema.optional() }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState", ...noCallErrors],
  ),
  "call.reject": method(
    "Declines an incoming call",
    z.object({ callId: callIdSchema, reason: z.enum(["rejected", "busy", "unavailable"]).optional() }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState"],
  ),
  "call.hangup": method("Ends a call in any phase", byCallId, done, [...servingErrors, "unknownCall"]),
  "call.setMicrophone": method(
    "Unmutes or mutes the microphone. Muted samples are dropped at capture",
    onOff,
    done,
    [...servingErrors, "unknownCall", "wrongCallState"],
  ),
  "call.setCamera": method("Opens or closes the camera and informs the other side", onOff, done, [
    ...servingErrors,
    "unknownCall",
    "wrongCallState",
  ]),
  "call.useDevice": method(
    "Switches a call in progress to another device, without a new negotiation",
    z.object({ callId: callIdSchema, kind: deviceKindSchema, deviceId: z.string().min(1) }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState", "unknownDevice"],
  ),
  "call.list": method(
    "Lists every call that has not ended",
    noParams,
    z.object({ calls: z.array(callInfoSchema) }),
    [...servingErrors],
  ),
  "call.stats": method("Returns the newest statistics of one call", byCallId, callStatisticsSchema, [
    ...servingErrors,
    "unknownCall",
    "wrongCallState",
  ]),
  "call.snapshot": method(
    "Returns the current frame of a source, lossless",
    z.object({ callId: callIdSchema, source: frameSourceSchema }),
    z.object({ width: z.number().int(), height: z.number().int(), dataUrl: z.string() }),
    [...servingErrors, "unknownCall", "noPicture"],
  ),
};

/** For one call they are ordered: call.incoming or call.changed is first, call.ended is last. */
export const callNotifications = {
  "call.incoming": notification(
    "A peer calls. The call rings until it is accepted, rejected or ended",
    callInfoSchema,
  ),
  "call.changed": notification(
    "The phase, devices, remote media or quality of a call changed",
    callInfoSchema,
  ),
  "call.ended": notification(
    "A call has ended. It is the last notification about the call",
    z.object({
      callId: callIdSchema,
      peerId: peerIdSchema,
      reason: endReasonSchema,
      endedBy: endedBySchema,
      detail: z.string().optional().describe("what exactly failed, for a log"),
      replacedBy: callIdSchema.optional().describe("with reason superseded: the call that continues instead"),
      durationMs: z.number().int().describe("how long the call was connected; 0 for a call that never was"),
    }),
  ),
  "calls.persisted": notification(
    "The state that a new plugin process needs to resume the call. The host keeps the last one for `resume` of initialize",
    z.object({
      snapshot: z
        .string()
        .max(MAX_SNAPSHOT_CHARS)
        .nullable()
        .describe("opaque, without secrets; null: there is nothing to resume"),
      callId: callIdSchema.optional().describe("the call that can be resumed"),
    }),
  ),
  "call.statistics": notification(
    "Statistics of a call, once a second while it is connected",
    callStatisticsSchema,
  ),
  "call.levels": notification(
    "Peak sound levels since the last notification, from 0 (silence) to 1 (full scale), ten times a second while the call is connected",
    z.object({ callId: callIdSchema, microphone: z.number(), speaker: z.number() }),
  ),
};
