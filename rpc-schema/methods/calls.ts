// Making, answering and steering calls, and what is told about them.

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

/** Numbers of one call over the last second, as WebRTC's getStats names them. `null`: not known yet. */
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
  sendFps: z.number(),
  receiveFps: z.number(),
  sendWidth: z.number(),
  sendHeight: z.number(),
  receiveWidth: z.number(),
  receiveHeight: z.number(),
  captureToSendMs: z.number().nullable().describe("median from the camera's stamp to WebRTC's source"),
  pictureHoldMs: z
    .number()
    .describe("by how much remote pictures are held back now, so that lips fit the sound"),
  frames: z
    .object({
      captured: z.number(),
      captureDropped: z.number(),
      sent: z.number().describe("given to WebRTC's source"),
      received: z.number().describe("out of WebRTC's sink"),
      remote: z.lazy(() => frameCountsSchema),
      local: z.lazy(() => frameCountsSchema),
    })
    .describe("the frame ledger since the start of the call"),
});
/**
 * Where the pictures of one source went on their way to the host's page; `offered` is the sum of the others. A picture
 * counts once for each subscriber of its source, because each decides for itself.
 */
export const frameCountsSchema = z.object({
  offered: z.number(),
  unwatched: z.number().describe("nobody was subscribed"),
  paced: z.number().describe("left out to keep maxFps"),
  replaced: z.number().describe("a newer picture took its place before it was encoded"),
  failed: z.number().describe("could not be encoded or written"),
  written: z.number().describe("handed to the host"),
  waiting: z.number().describe("held or being encoded at this moment"),
});
export type FrameCounts = z.infer<typeof frameCountsSchema>;
export type CallStatistics = z.infer<typeof callStatisticsSchema>;

/** A call's record is below 8 KiB; a host may refuse to keep more than this. */
export const MAX_SNAPSHOT_CHARS = 64 * 1024;

/** Why no call can be made or taken here at all. */
const noCallErrors = ["callsUnavailable", "callsDisabled", "callsInPage"] as const;

/** `servingErrors` stand in every one; `initialize` alone is served earlier. */
export const callMethods = {
  "call.start": method(
    "Calls a peer; progress comes as call.changed, the end as call.ended",
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
    "Takes an incoming call; `media` says whether our camera opens, without it as the caller wished",
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
  "call.setMicrophone": method("Unmutes or mutes; muted samples stop at capture", onOff, done, [
    ...servingErrors,
    "unknownCall",
    "wrongCallState",
  ]),
  "call.setCamera": method("Opens or closes the camera; the other side is told", onOff, done, [
    ...servingErrors,
    "unknownCall",
    "wrongCallState",
  ]),
  "call.useDevice": method(
    "Changes the device of a running call, without a new negotiation",
    z.object({ callId: callIdSchema, kind: deviceKindSchema, deviceId: z.string().min(1) }),
    done,
    [...servingErrors, "unknownCall", "wrongCallState", "unknownDevice"],
  ),
  "call.list": method(
    "Every call that has not ended",
    noParams,
    z.object({ calls: z.array(callInfoSchema) }),
    [...servingErrors],
  ),
  "call.stats": method("The newest statistics of one call", byCallId, callStatisticsSchema, [
    ...servingErrors,
    "unknownCall",
    "wrongCallState",
  ]),
  "call.snapshot": method(
    "The picture shown at this moment, lossless",
    z.object({ callId: callIdSchema, source: frameSourceSchema }),
    z.object({ width: z.number().int(), height: z.number().int(), dataUrl: z.string() }),
    [...servingErrors, "unknownCall", "noPicture"],
  ),
};

/** For one call they come in order: incoming or changed first, ended last. */
export const callNotifications = {
  "call.incoming": notification("Somebody calls; it rings until accepted, rejected or ended", callInfoSchema),
  "call.changed": notification("Phase, devices, remote media or quality of a call changed", callInfoSchema),
  "call.ended": notification(
    "The call is over; nothing more is told about it",
    z.object({
      callId: callIdSchema,
      peerId: peerIdSchema,
      reason: endReasonSchema,
      endedBy: endedBySchema,
      detail: z.string().optional().describe("for a log: what exactly failed"),
      replacedBy: callIdSchema.optional().describe("with reason superseded: the call that goes on instead"),
      durationMs: z.number().int().describe("connected time, 0 when it never was"),
    }),
  ),
  "calls.persisted": notification(
    "What a plugin that is started anew needs to go on with the call; the host keeps the last one, for `resume` of initialize",
    z.object({
      snapshot: z
        .string()
        .max(MAX_SNAPSHOT_CHARS)
        .nullable()
        .describe("opaque, without secrets; null: nothing to go on with"),
      callId: callIdSchema.optional().describe("the call that it is about"),
    }),
  ),
  "call.statistics": notification("Once a second while connected", callStatisticsSchema),
  "call.levels": notification(
    "Sound levels ten times a second while connected, 0 (silence) to 1 (full scale), peak since the last one",
    z.object({ callId: callIdSchema, microphone: z.number(), speaker: z.number() }),
  ),
};
