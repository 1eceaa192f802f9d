// The signals that two peers exchange about one call, on the topic `call:<call id>`. The first five types and call-hangup come
// from Goop² 2.4, which ignores fields and types that it does not know.

import { z } from "zod";
import { mediaKindSchema, mediaLevelSchema } from "./common.ts";
import { endReasonSchema } from "./end-reasons.ts";
import { formerSignalFields } from "./former-names.ts";

const modeSchema = z.enum(["native", "browser"]).catch("native").optional();
/** Informative only, so a wrong value does not invalidate the signal. */
const platformSchema = z.string().max(64).optional().catch(undefined);

/** The script interface of Goop² sends this in place of mediaType. Only `video: false` has a meaning. */
const constraintsSchema = z.object({ video: z.unknown().optional() }).optional().catch(undefined);

/** Far above any real description. Limits how much memory a peer can use. */
const MAX_SDP_CHARS = 256 * 1024;
/** The text fills one line of the other user's page. */
export const MAX_WHY_CHARS = 300;
const sdpSchema = z.string().min(1).max(MAX_SDP_CHARS);

/** The limits are far above what any engine writes. */
export const candidateSchema = z.object({
  candidate: z.string().max(4096),
  sdpMid: z.string().max(256).nullish(),
  sdpMLineIndex: z.number().int().min(0).max(1024).nullish(),
  usernameFragment: z.string().max(256).nullish(),
});
/** A candidate line of RFC 8839 with its media line, as RTCIceCandidate.toJSON() returns it. */
export type Candidate = z.infer<typeof candidateSchema>;

/** The payload of one message between peers. Receivers ignore unknown fields and types. */
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
    reason: endReasonSchema.optional().catch(undefined).describe("not of Goop²; older peers do not send it"),
  }),
  z
    .object({
      type: z.literal("call-reconnect"),
      channelId: z.string().max(256).optional().catch(undefined),
      mediaType: mediaKindSchema.optional().catch(undefined),
    })
    .describe(
      "the sender lost its connection, for instance because its page was reloaded, and asks for a new one",
    ),
  z.object({ type: z.literal("call-reconnect-ack"), mode: modeSchema, platform: platformSchema }),
  z
    .object({ type: z.literal("call-ringing") })
    .describe("not of Goop²: the request arrived, and the callee's side rings"),
  z
    .object({
      type: z.literal("call-media"),
      microphone: z.boolean(),
      camera: z.boolean().describe("a picture is sent, of the camera or the screen"),
      screen: z.boolean().optional().catch(undefined).describe("the picture is the sender's screen"),
      mediaLevel: mediaLevelSchema.optional().catch(undefined),
      ...formerSignalFields(mediaLevelSchema),
      why: z.string().max(MAX_WHY_CHARS).optional().catch(undefined),
    })
    .describe("not of Goop²: what the sender captures at present, so that the other side can show a mute"),
  z
    .object({ type: z.literal("call-check"), nonce: z.string().length(64) })
    .describe("not of Goop²: the offerer's part of the check code, after the answer has the other part"),
]);
export type Signal = z.infer<typeof signalSchema>;
export type SignalType = Signal["type"];
