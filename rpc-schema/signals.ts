// What two peers say to each other about one call, on the topic `call:<call id>`. The first five types and
// call-hangup are the host's own (Goop² 2.4); fields and types that it does not know, it ignores.

import { z } from "zod";
import { mediaKindSchema, mediaLevelSchema } from "./common.ts";
import { endReasonSchema } from "./end-reasons.ts";

const modeSchema = z.enum(["native", "browser"]).catch("native").optional();
/** Told for information only, so whatever stands there does not cost the signal. */
const platformSchema = z.string().max(64).optional().catch(undefined);

/** What the host's script interface sends in place of mediaType; only `video: false` has a meaning. */
const constraintsSchema = z.object({ video: z.unknown().optional() }).optional().catch(undefined);

/** No description of ours or of a browser comes near this; it bounds what a peer can make us hold. */
const MAX_SDP_CHARS = 256 * 1024;
/** A line on the other user's page. */
export const MAX_WHY_CHARS = 300;
const sdpSchema = z.string().min(1).max(MAX_SDP_CHARS);

/** Not strict, like all signals: a newer peer may say more. Bounds are far above what any engine writes. */
export const candidateSchema = z.object({
  candidate: z.string().max(4096),
  sdpMid: z.string().max(256).nullish(),
  sdpMLineIndex: z.number().int().min(0).max(1024).nullish(),
  usernameFragment: z.string().max(256).nullish(),
});
/** RFC 8839 candidate line with its place, as RTCIceCandidate.toJSON() gives it. */
export type Candidate = z.infer<typeof candidateSchema>;

/** Params of one message on the wire, not of the host's RPC. */
export const signalSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("call-request"),
    mode: modeSchema,
    platform: platformSchema,
    mediaType: mediaKindSchema.optional().catch(undefined),
    constraints: constraintsSchema,
  }),
  z.object({ type: z.literal("call-ack"), mode: modeSchema, platform: platformSchema }),
  z.object({ type: z.literal("call-offer"), sdp: sdpSchema }),
  z.object({ type: z.literal("call-answer"), sdp: sdpSchema }),
  z.object({ type: z.literal("ice-candidate"), candidate: candidateSchema }),
  z.object({
    type: z.literal("call-hangup"),
    reason: endReasonSchema.optional().catch(undefined).describe("ours; absent from older peers"),
  }),
  z
    .object({
      type: z.literal("call-reconnect"),
      channelId: z.string().max(256).optional().catch(undefined),
      mediaType: mediaKindSchema.optional().catch(undefined),
    })
    .describe("the sender lost its connection, as a page does that was loaded anew, and asks for another"),
  z.object({ type: z.literal("call-reconnect-ack"), mode: modeSchema, platform: platformSchema }),
  z
    .object({ type: z.literal("call-ringing") })
    .describe("ours: the request arrived and the user is being asked"),
  z
    .object({
      type: z.literal("call-media"),
      microphone: z.boolean(),
      camera: z.boolean(),
      mediaLevel: mediaLevelSchema.optional().catch(undefined),
      rung: mediaLevelSchema
        .optional()
        .catch(undefined)
        .describe("former name of mediaLevel, until version 1 is dropped"),
      why: z.string().max(MAX_WHY_CHARS).optional().catch(undefined),
    })
    .describe("ours: what the sender captures at present, so that mute shows at the other side"),
]);
export type Signal = z.infer<typeof signalSchema>;
export type SignalType = Signal["type"];
