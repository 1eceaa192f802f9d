// The words that several methods share: ids, media kinds, devices, and the state of one call.

import { z } from "zod";
import { formerMediaLevelFields } from "./former-names.ts";

/** Opaque and URL-path safe, since hosts put it into paths; the goop wire calls it the channel. */
export const callIdSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(/^[A-Za-z0-9._~-]+$/, "expected letters, digits and . _ ~ - only")
  .describe("Opaque id of one call, the same on both sides");
export type CallId = z.infer<typeof callIdSchema>;

export const peerIdSchema = z
  .string()
  .regex(/^[1-9A-HJ-NP-Za-km-z]{8,128}$/, "expected a libp2p peer id in base58")
  .describe("libp2p peer id in base58");
export type PeerId = z.infer<typeof peerIdSchema>;

/** audio: microphone only; video: microphone and camera. Either side may still switch its camera. */
export const mediaKindSchema = z.enum(["audio", "video"]);
export type MediaKind = z.infer<typeof mediaKindSchema>;

/** Seen from this side. */
export const directionSchema = z.enum(["outgoing", "incoming"]);
export type Direction = z.infer<typeof directionSchema>;

export const deviceKindSchema = z.enum(["camera", "microphone", "speaker"]);
export type DeviceKind = z.infer<typeof deviceKindSchema>;

/** `id` is what settings and call.useDevice take. It names the same device after a restart. */
export const deviceSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  isDefault: z.boolean(),
});
export type Device = z.infer<typeof deviceSchema>;

/** Entries that the plugin makes itself, such as test-pattern and tone, stand beside what is plugged in. */
export const deviceListSchema = z.object({
  cameras: z.array(deviceSchema),
  microphones: z.array(deviceSchema),
  speakers: z.array(deviceSchema),
});
export type DeviceList = z.infer<typeof deviceListSchema>;

/**
 * off: not open; opening: not working yet, or not any more and tried again, with the reason; muted: open, its samples
 * dropped at capture; lost: failed or unplugged. `why` says how it was lost, or, with another state, why it is not the
 * device that was wished for.
 */
export const deviceStateSchema = z.object({
  state: z.enum(["off", "opening", "live", "muted", "lost"]),
  deviceId: z.string().optional(),
  deviceName: z.string().optional(),
  why: z.string().optional(),
  offered: z
    .object({ deviceId: z.string(), deviceName: z.string() })
    .optional()
    .describe("the device wished for is there again; call.useDevice takes it"),
});
export type DeviceState = z.infer<typeof deviceStateSchema>;

/** What the other side says it captures; unknown until it says so, and with peers that never do. */
export const remoteMediaSchema = z.enum(["on", "off", "unknown"]);
export type RemoteMedia = z.infer<typeof remoteMediaSchema>;

/** What one side can send at present, from the most to the least. What its user switched off is no fault. */
export const mediaLevelSchema = z.enum(["pictureAndVoice", "pictureOnly", "voiceOnly", "receiveOnly"]);
export type MediaLevel = z.infer<typeof mediaLevelSchema>;

const mediaLevelFields = {
  mediaLevel: mediaLevelSchema,
  mediaLevelReason: z.string().optional().describe("why it is not more; absent where the user wants it so"),
  ...formerMediaLevelFields(mediaLevelSchema),
};

/** Steps by which a picture gets smaller and rarer when something cannot keep up; `paused`: none at all. */
export const pictureStepSchema = z.enum(["full", "threeQuarters", "half", "quarter", "thumbnail", "paused"]);
export type PictureStep = z.infer<typeof pictureStepSchema>;

/** link: the way to the peer; processor: this machine; page: the host's page draws too slowly. */
export const strainSchema = z.enum(["link", "processor", "page"]);
export type Strain = z.infer<typeof strainSchema>;

const adaptationFields = {
  step: pictureStepSchema,
  strain: strainSchema.optional().describe("what could not keep up; absent at the step `full`"),
  reason: z.string().optional().describe("the same for people, with the figure that decided"),
};

/**
 * requesting: the request is on its way; ringing: it rings at the callee; connecting: accepted, media not yet
 * flowing; reconnecting: the path was lost and is being sought again.
 */
export const callPhaseSchema = z.enum([
  "requesting",
  "ringing",
  "connecting",
  "connected",
  "reconnecting",
  "ended",
]);
export type CallPhase = z.infer<typeof callPhaseSchema>;

/** From round trip and loss of the last second; unknown until a round trip was measured. */
export const callQualitySchema = z.enum(["unknown", "good", "fair", "poor"]);
export type CallQuality = z.infer<typeof callQualitySchema>;

/** One call as the host's page shows it. Times are Unix milliseconds. */
export const callInfoSchema = z.object({
  callId: callIdSchema,
  peerId: peerIdSchema,
  peerLabel: z.string(),
  direction: directionSchema,
  media: mediaKindSchema,
  phase: callPhaseSchema,
  createdAt: z.number().int(),
  connectedAt: z.number().int().optional(),
  local: z.object({
    microphone: deviceStateSchema,
    camera: deviceStateSchema,
    speaker: deviceStateSchema,
    ...mediaLevelFields,
  }),
  remote: z.object({
    microphone: remoteMediaSchema,
    camera: remoteMediaSchema,
    ...z.object(mediaLevelFields).partial().shape,
  }),
  sending: z
    .object({ ...adaptationFields, width: z.number(), height: z.number(), fps: z.number() })
    .describe("the picture sent, at most; 0 by 0 without a camera"),
  showing: z
    .object(adaptationFields)
    .describe("the remote picture on its way to the host's page: its step is a share of what came"),
  quality: callQualitySchema,
});
export type CallInfo = z.infer<typeof callInfoSchema>;

/**
 * user: the setting videoDisabled; engine: WebRTC or the addon does not load; device: neither camera nor microphone;
 * permission: there are devices, but this user may not open them.
 */
export const unavailableCauseSchema = z.enum(["user", "engine", "device", "permission"]);
export type UnavailableCause = z.infer<typeof unavailableCauseSchema>;

/** `cause` and `why` are there whenever videoDisabled is true; `why` is for people and says what to do about it. */
export const availabilitySchema = z.object({
  videoDisabled: z.boolean(),
  cause: unavailableCauseSchema.optional(),
  why: z.string().optional(),
});
export type Availability = z.infer<typeof availabilitySchema>;

/** A peer that was found on the network or given by address, and may be called. */
export const contactSchema = z.object({
  peerId: peerIdSchema,
  label: z.string(),
  addresses: z.array(z.string()),
  reachable: z.boolean(),
  videoDisabled: z.boolean().describe("calls are switched off at the peer; call.start refuses it"),
});
export type Contact = z.infer<typeof contactSchema>;
