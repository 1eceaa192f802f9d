// Schemas that several methods share: ids, media kinds, devices, and the state of one call.

import { z } from "zod";
import { formerMediaLevelFields } from "./former-names.ts";

/** Opaque. Safe in the path of a URL, because hosts put it there. Goop² calls it the channel. */
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

/** audio: microphone only; video: microphone and camera. Either side can switch its camera during the call. */
export const mediaKindSchema = z.enum(["audio", "video"]);
export type MediaKind = z.infer<typeof mediaKindSchema>;

/** Seen from this side. */
export const directionSchema = z.enum(["outgoing", "incoming"]);
export type Direction = z.infer<typeof directionSchema>;

export const deviceKindSchema = z.enum(["camera", "microphone", "speaker"]);
export type DeviceKind = z.infer<typeof deviceKindSchema>;

/**
 * monitor: captures what a speaker plays, which is this computer's own sound; null: an empty device that a server shows while there is no real one.
 * `auto` opens neither.
 */
export const soundKindSchema = z.enum(["microphone", "speaker", "monitor", "null"]);
export type SoundKind = z.infer<typeof soundKindSchema>;

/**
 * Settings and call.useDevice take the `id`. It names the same device after a restart. Only devices of a sound server have
 * the optional fields.
 */
export const deviceSchema = z.object({
  id: z.string().min(1),
  name: z.string().describe("as the desktop shows it"),
  isDefault: z.boolean().describe("whether `auto` opens it"),
  kind: soundKindSchema.optional(),
  port: z
    .object({ name: z.string(), available: z.enum(["yes", "no", "unknown"]) })
    .optional()
    .describe("the connector in use, such as Headset, and whether something is plugged in"),
  isMuted: z.boolean().optional().describe("whether the system's sound settings mute it"),
  volume: z.number().optional().describe("in per cent of the nominal volume, in the system's sound settings"),
});
export type Device = z.infer<typeof deviceSchema>;

/** Includes the devices that the plugin itself provides, such as test-pattern and tone. */
export const deviceListSchema = z.object({
  cameras: z.array(deviceSchema),
  microphones: z.array(deviceSchema),
  speakers: z.array(deviceSchema),
});
export type DeviceList = z.infer<typeof deviceListSchema>;

/**
 * - off: not open.
 * - opening: being opened, or being reopened after a failure, which `why` gives.
 * - live: open and working.
 * - muted: open, but its samples are dropped at capture.
 * - lost: failed or unplugged; `why` gives the cause.
 *
 * In the other states `why` gives the reason why another device than the chosen one is in use, or what keeps sound from
 * passing, such as a microphone that the system's sound settings mute.
 */
export const deviceStateSchema = z.object({
  state: z.enum(["off", "opening", "live", "muted", "lost"]),
  deviceId: z.string().optional(),
  deviceName: z.string().optional(),
  why: z.string().optional(),
  offered: z
    .object({ deviceId: z.string(), deviceName: z.string() })
    .optional()
    .describe("the chosen device is available again; call.useDevice switches to it"),
});
export type DeviceState = z.infer<typeof deviceStateSchema>;

/** What the other side reports to capture; unknown until it does, and with peers that never report it. */
export const remoteMediaSchema = z.enum(["on", "off", "unknown"]);
export type RemoteMedia = z.infer<typeof remoteMediaSchema>;

/** What one side can send at present, from most to least. A device that its user switched off still counts. */
export const mediaLevelSchema = z.enum(["pictureAndVoice", "pictureOnly", "voiceOnly", "receiveOnly"]);
export type MediaLevel = z.infer<typeof mediaLevelSchema>;

const mediaLevelFields = {
  mediaLevel: mediaLevelSchema,
  mediaLevelReason: z
    .string()
    .optional()
    .describe("why the level is not higher; absent where nothing is wrong"),
  ...formerMediaLevelFields(mediaLevelSchema),
};

/** Steps that reduce the size and the rate of the frames when something cannot keep up. `paused`: no frames. */
export const pictureStepSchema = z.enum(["full", "threeQuarters", "half", "quarter", "thumbnail", "paused"]);
export type PictureStep = z.infer<typeof pictureStepSchema>;

/** link: the network path to the peer; processor: this machine; page: the host's page, which draws too slowly. */
export const strainSchema = z.enum(["link", "processor", "page"]);
export type Strain = z.infer<typeof strainSchema>;

const adaptationFields = {
  step: pictureStepSchema,
  strain: strainSchema.optional().describe("what could not keep up; absent at the step `full`"),
  reason: z.string().optional().describe("the same for people, with the measured value"),
};

/**
 * requesting: the request is being sent; ringing: the callee's side rings; connecting: accepted, but no media flows yet;
 * reconnecting: the network path was lost, and ICE restarts.
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

/** Derived from round trip and loss of the last second; unknown until a round trip was measured. */
export const callQualitySchema = z.enum(["unknown", "good", "fair", "poor"]);
export type CallQuality = z.infer<typeof callQualitySchema>;

/** The state of one call, for the host's page. Times are Unix milliseconds. */
export const callInfoSchema = z.object({
  callId: callIdSchema,
  peerId: peerIdSchema,
  peerLabel: z.string(),
  direction: directionSchema,
  media: mediaKindSchema,
  phase: callPhaseSchema,
  createdAt: z.number().int(),
  connectedAt: z
    .number()
    .int()
    .optional()
    .describe(
      "Unix milliseconds by the clock as it is set now; changes when the clock is set, so that the duration stays right",
    ),
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
    .describe("the largest frames that are sent; 0 by 0 without a camera"),
  showing: z
    .object(adaptationFields)
    .describe("the remote frames for the host's page; the step is relative to the received size and rate"),
  quality: callQualitySchema,
});
export type CallInfo = z.infer<typeof callInfoSchema>;

/**
 * user: the setting videoDisabled; engine: WebRTC or the addon does not load; device: there is neither camera nor
 * microphone; permission: this user may not open the devices.
 */
export const unavailableCauseSchema = z.enum(["user", "engine", "device", "permission"]);
export type UnavailableCause = z.infer<typeof unavailableCauseSchema>;

/** `cause` and `why` are present whenever videoDisabled is true. `why` explains to people what to do. */
export const availabilitySchema = z.object({
  videoDisabled: z.boolean(),
  cause: unavailableCauseSchema.optional(),
  why: z.string().optional(),
});
export type Availability = z.infer<typeof availabilitySchema>;

/** A peer that was discovered or added by address, and that can be called. */
export const contactSchema = z.object({
  peerId: peerIdSchema,
  label: z.string(),
  addresses: z.array(z.string()),
  reachable: z.boolean(),
  videoDisabled: z.boolean().describe("calls are switched off at the peer, so call.start refuses to call it"),
});
export type Contact = z.infer<typeof contactSchema>;
