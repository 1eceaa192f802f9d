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
import { choice, count, named, unixMs } from "../named.ts";
import { frameSourceSchema } from "./frames.ts";

const byCallId = z.object({ callId: callIdSchema });
const onOff = (meaning: string) => z.object({ callId: callIdSchema, on: z.boolean().describe(meaning) });

const bitsPerSecond = (what: string) => z.number().min(0).describe(`${what}, bits per second`);

/** `offered` is the sum of the others. */
export const frameCountsSchema = named(
  "FrameCounts",
  z.object({
    offered: count().describe("all frames of the source: the sum of the other counts"),
    unwatched: count().describe("there was no subscriber"),
    paced: count().describe("left out because of maxFps"),
    replaced: count().describe("replaced by a newer frame before it was encoded"),
    failed: count().describe("could not be encoded or written"),
    written: count().describe("written to the host"),
    waiting: count().describe("waiting or being encoded at the moment"),
  }),
  "What happened to the frames of one source. A frame counts once for each subscriber of its source",
);
export type FrameCounts = z.infer<typeof frameCountsSchema>;

/** The names are those of WebRTC's getStats where it has the figure. */
export const callStatisticsSchema = named(
  "CallStatistics",
  z.object({
    callId: callIdSchema,
    at: unixMs().describe("end of the second that was measured, Unix milliseconds"),
    quality: callQualitySchema,
    roundTripMs: z.number().min(0).nullable().describe("to the peer and back, milliseconds"),
    sendVideoBps: bitsPerSecond("video that is sent"),
    sendAudioBps: bitsPerSecond("sound that is sent"),
    receiveVideoBps: bitsPerSecond("video that is received"),
    receiveAudioBps: bitsPerSecond("sound that is received"),
    availableSendBps: z
      .number()
      .nullable()
      .describe("what WebRTC's congestion control would let through, bits per second"),
    packetsLost: z.number().describe("received streams, since the start of the call"),
    fractionLost: z.number().nullable().describe("0 to 1, received streams over the last second"),
    concealedSound: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .optional()
      .describe(
        "0 to 1, over the last second: the played sound that the decoder made up, because packets were lost or late; null while no sound arrives",
      ),
    jitterMs: z.number().nullable().describe("of the received packets, milliseconds"),
    sendFps: z
      .number()
      .min(0)
      .describe("frames that are sent, per second; 0 while only placeholders are sent"),
    receiveFps: z.number().min(0).describe("frames that are received, per second"),
    sendWidth: z.number().min(0).describe("of the frames that are sent, pixels; 0 without frames"),
    sendHeight: z.number().min(0).describe("of the frames that are sent, pixels; 0 without frames"),
    receiveWidth: z.number().min(0).describe("of the frames that are received, pixels; 0 without frames"),
    receiveHeight: z.number().min(0).describe("of the frames that are received, pixels; 0 without frames"),
    captureToSendMs: z
      .number()
      .nullable()
      .describe("median from the camera's time stamp to WebRTC's source, milliseconds"),
    pictureHoldMs: z
      .number()
      .describe("how long remote frames are delayed at present, so that they match the sound, milliseconds"),
    frames: named(
      "CallFrameCounts",
      z.object({
        captured: count().describe("delivered by the camera"),
        captureDropped: count().describe(
          "replaced by a newer frame before it was used, or too damaged to be shown (`captureFaulty`)",
        ),
        captureFaulty: count().optional().describe("too damaged to be shown"),
        captureDamaged: count()
          .optional()
          .describe(
            "with missing or wrong rows: `captureFaulty`, and those shown with rows of the frame before",
          ),
        captureRepaired: count()
          .optional()
          .describe("unlike the standard, but shown whole; such as JPEG with extra bytes"),
        sent: count().describe("the camera's frames that were passed to WebRTC's source"),
        placeholders: count()
          .optional()
          .describe(
            "black pictures passed to WebRTC's source while the camera sends none; not part of `sent`",
          ),
        received: count().describe("received from WebRTC's sink"),
        remote: frameCountsSchema.describe("remote frames on their way to the host's page"),
        local: frameCountsSchema.describe("local frames on their way to the host's page"),
      }),
      "Frame counts since the start of the call",
    ),
  }),
  "Figures of one call over the last second. `null`: not known yet",
);
export type CallStatistics = z.infer<typeof callStatisticsSchema>;

/** The snapshot of a call has less than 8 KiB; a host may refuse more than this. */
export const MAX_SNAPSHOT_CHARS = 64 * 1024;

/** The errors of a plugin that cannot make or take calls at all. */
const noCallErrors = ["callsUnavailable", "callsDisabled", "callsInPage"] as const;

/** Every method has the `servingErrors`. */
export const callMethods = {
  "call.start": method(
    "Calls a peer. The answer comes first, then the progress as call.changed and the end as call.ended",
    z.object({ peerId: peerIdSchema.describe("the peer to call"), media: mediaKindSchema }),
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
    "Accepts an incoming call. `media` decides whether our camera opens; without it, the caller's choice decides. A camera or microphone that was set with call.setCamera or call.setMicrophone before stays so, except that `audio` leaves the camera closed",
    z.object({
      callId: callIdSchema,
      media: mediaKindSchema.optional().describe("absent: as the caller chose"),
    }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState", ...noCallErrors],
  ),
  "call.reject": method(
    "Declines an incoming call",
    z.object({
      callId: callIdSchema,
      reason: choice("RejectReason", "The end reason that the caller gets", {
        rejected: "the user declined",
        busy: "the user is in another call",
        unavailable: "the user cannot take calls at the moment",
      })
        .optional()
        .describe("absent: rejected"),
    }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState"],
  ),
  "call.hangup": method("Ends a call in any phase", byCallId, done, [...servingErrors, "unknownCall"]),
  "call.setMicrophone": method(
    "Unmutes or mutes the microphone. Muted samples are dropped at capture. Before the accept it sets what will be (`wanted` of CallInfo), and no microphone opens",
    onOff("false mutes the microphone"),
    done,
    [...servingErrors, "unknownCall", "wrongCallState"],
  ),
  "call.setCamera": method(
    "Opens or closes the camera and informs the other side, in voice calls too. Before the accept it sets what will be (`wanted` of CallInfo); a caller's camera opens at once, as the own picture that only this side sees",
    onOff("false closes the camera"),
    done,
    [...servingErrors, "unknownCall", "wrongCallState"],
  ),
  "call.useDevice": method(
    "Switches a call in progress to another device, without a new negotiation. The answer comes before the device opens; when it does not open, the old one stays, and the log has a warning",
    z.object({
      callId: callIdSchema,
      kind: deviceKindSchema,
      deviceId: z
        .string()
        .min(1)
        .describe(
          "`auto`, or an id of this kind from devices.list; a camera has no `none` here, because call.setCamera closes it",
        ),
    }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState", "unknownDevice"],
  ),
  "call.shareScreen": method(
    "Shares a monitor or a window in place of the camera, or ends that. The answer comes before the user has chosen in the desktop's dialog; `local.screen` of CallInfo follows. The camera stays as it is, and its picture returns at the end",
    z.object({
      callId: callIdSchema,
      on: z.boolean().describe("false ends the sharing"),
      source: z
        .string()
        .min(1)
        .max(256)
        .optional()
        .describe(
          "an id of screen.sources, where its chooser is `host`; another one switches what is shared",
        ),
    }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState", "noScreen", "unknownScreen"],
  ),
  "call.list": method(
    "Lists every call that has not ended",
    noParams,
    z.object({ calls: z.array(callInfoSchema).describe("every call that has not ended") }),
    [...servingErrors],
  ),
  "call.stats": method(
    "Returns the newest statistics of one call. There are none in its first second",
    byCallId,
    callStatisticsSchema,
    [...servingErrors, "unknownCall", "wrongCallState"],
  ),
  "call.snapshot": method(
    "Returns the current frame of a source, lossless",
    z.object({ callId: callIdSchema, source: frameSourceSchema.describe("whose frame") }),
    z.object({
      width: count().describe("pixels"),
      height: count().describe("pixels"),
      dataUrl: z.string().describe("a PNG image"),
    }),
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
      peerId: peerIdSchema.describe("the other side"),
      reason: endReasonSchema,
      endedBy: endedBySchema.describe("the side that ended the call"),
      detail: z
        .string()
        .optional()
        .describe(
          "what exactly failed, for a log. With connectTimeout and connectionLost it says why there is no path, and a host may show it",
        ),
      replacedBy: callIdSchema.optional().describe("with reason superseded: the call that continues instead"),
      durationMs: count().describe("how long the call was connected; 0 for a call that never was"),
    }),
  ),
  "calls.persisted": notification(
    "The state that a new plugin process needs to resume the call. The host keeps the last one for `resume` of initialize. Every host gets it",
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
    z.object({
      callId: callIdSchema,
      microphone: z.number().min(0).describe("of the sound that is sent; 0 while it is muted"),
      speaker: z.number().min(0).describe("of the sound that is received"),
      mutedMicrophone: z
        .number()
        .min(0)
        .optional()
        .describe(
          "of the sound that a muted microphone captures, about five times a second; the sound itself leaves neither the machine nor its process",
        ),
    }),
  ),
};
