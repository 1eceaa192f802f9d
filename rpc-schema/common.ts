// Schemas that several methods share: ids, media kinds, and the state of one call.

import { z } from "zod";
import { sharedScreenSchema } from "./devices/screen.ts";
import { formerMediaLevelFields } from "./former-names.ts";
import { choice, count, named } from "./named.ts";

/** Safe in the path of a URL, because hosts put it there. Goop² calls it the channel. */
export const callIdSchema = named(
  "CallId",
  z
    .string()
    .min(1)
    .max(128)
    .regex(/^[A-Za-z0-9._~-]+$/, "expected letters, digits and . _ ~ - only"),
  "Opaque id of one call, the same on both sides",
);
export type CallId = z.infer<typeof callIdSchema>;

export const peerIdSchema = named(
  "PeerId",
  z.string().regex(/^[1-9A-HJ-NP-Za-km-z]{8,128}$/, "expected a libp2p peer id in base58"),
  "libp2p peer id in base58",
);
export type PeerId = z.infer<typeof peerIdSchema>;

export const mediaKindSchema = choice(
  "MediaKind",
  "What a call begins with. Either side can switch its camera during the call",
  { audio: "microphone only", video: "microphone and camera" },
);
export type MediaKind = z.infer<typeof mediaKindSchema>;

export const directionSchema = choice("Direction", "The side that called, seen from this side", {
  outgoing: "this side called",
  incoming: "the peer called",
});
export type Direction = z.infer<typeof directionSchema>;

export const sideSchema = choice(
  "Side",
  "One of the two sides of a call, seen from the process that reports it",
  {
    local: "this side",
    remote: "the other side",
  },
);
export type Side = z.infer<typeof sideSchema>;

export const deviceKindSchema = choice("DeviceKind", "The three kinds of devices", {
  camera: "captures the frames that are sent",
  microphone: "captures the sound that is sent",
  speaker: "plays the sound that is received",
});
export type DeviceKind = z.infer<typeof deviceKindSchema>;

const offeredDeviceSchema = named(
  "OfferedDevice",
  z.object({
    deviceId: z.string().describe("for call.useDevice"),
    deviceName: z.string().describe("for people"),
  }),
  "The chosen device, which is available again; call.useDevice switches to it",
);

export const deviceStateSchema = named(
  "DeviceState",
  z.object({
    state: choice("DeviceCondition", "Whether a device of a call works", {
      off: "not open",
      opening: "being opened, or being reopened after a failure, which `why` gives",
      live: "open and working",
      muted: "open, but its samples are dropped at capture",
      lost: "failed or unplugged; `why` gives the cause",
    }),
    deviceId: z.string().optional().describe("the device in use; absent where none is open"),
    deviceName: z.string().optional().describe("the same for people"),
    why: z
      .string()
      .optional()
      .describe(
        "for people: the failure, why another device than the chosen one is in use, or what keeps sound from passing, such as a microphone that the system's sound settings mute",
      ),
    offered: offeredDeviceSchema.optional(),
  }),
  "The state of one device of a call",
);
export type DeviceState = z.infer<typeof deviceStateSchema>;

export const remoteMediaSchema = choice("RemoteMedia", "What the other side reports to capture", {
  on: "it captures",
  off: "it is muted, or has no such device",
  unknown: "it has not reported yet, or never reports",
});
export type RemoteMedia = z.infer<typeof remoteMediaSchema>;

export const mediaLevelSchema = choice(
  "MediaLevel",
  "What one side can send at present, from most to least. A device that its user switched off still counts",
  {
    pictureAndVoice: "picture and sound",
    pictureOnly: "picture without sound",
    voiceOnly: "sound without picture",
    receiveOnly: "nothing; this side only receives",
  },
);
export type MediaLevel = z.infer<typeof mediaLevelSchema>;

const mediaLevelFields = {
  mediaLevel: mediaLevelSchema,
  mediaLevelReason: z
    .string()
    .optional()
    .describe("why the level is not higher; absent where nothing is wrong"),
  ...formerMediaLevelFields(mediaLevelSchema),
};

export const pictureStepSchema = choice(
  "PictureStep",
  "Steps that reduce the size and the rate of the frames when something cannot keep up",
  {
    full: "the full size and rate",
    threeQuarters: "three quarters of the width and height",
    half: "half of the width and height",
    quarter: "a quarter of the width and height, at half of the rate",
    thumbnail: "a quarter of the width and height, at a sixth of the rate",
    paused: "no frames; the sound goes on",
  },
);
export type PictureStep = z.infer<typeof pictureStepSchema>;

export const strainSchema = choice("Strain", "What cannot keep up with the frames", {
  link: "the network path to the peer",
  processor: "this machine",
  page: "the host's page, which draws too slowly",
});
export type Strain = z.infer<typeof strainSchema>;

const adaptationFields = {
  step: pictureStepSchema,
  strain: strainSchema.optional().describe("what could not keep up; absent at the step `full`"),
  reason: z.string().optional().describe("the same for people, with the measured value"),
};

export const callPhaseSchema = choice("CallPhase", "How far a call has come", {
  requesting: "the request is being sent, or the callee's side has not begun to ring",
  ringing: "the callee's side rings, until its user decides",
  connecting: "accepted, but no media flows yet",
  connected: "media flows",
  reconnecting: "the network path was lost, and ICE restarts; or the call is resumed after a crash",
  ended: "the call is over; call.ended has the reason",
});
export type CallPhase = z.infer<typeof callPhaseSchema>;

export const callQualitySchema = choice(
  "CallQuality",
  "Derived from the round trip and the loss of the last second",
  {
    unknown: "no round trip was measured yet",
    good: "round trip up to 300 ms, loss up to 2 %",
    fair: "round trip up to 800 ms, loss up to 8 %",
    poor: "more than that",
  },
);
export type CallQuality = z.infer<typeof callQualitySchema>;

const localMediaSchema = named(
  "LocalMedia",
  z.object({
    microphone: deviceStateSchema,
    camera: deviceStateSchema,
    speaker: deviceStateSchema,
    screen: sharedScreenSchema.optional().describe("absent before the accept"),
    ...mediaLevelFields,
  }),
  "The devices of this side, and what it can send with them",
);

const wantedMediaSchema = named(
  "WantedMedia",
  z.object({
    microphone: z.boolean().describe("the microphone will be on"),
    camera: z.boolean().describe("the camera will be on"),
  }),
  "What will be with the accept, as call.setMicrophone and call.setCamera set it. Present before the accept only; afterwards the states of the devices tell",
);

const remoteSideSchema = named(
  "RemoteSide",
  z.object({
    microphone: remoteMediaSchema,
    camera: remoteMediaSchema.describe("whether a picture comes, of the camera or the screen"),
    screen: z
      .boolean()
      .optional()
      .describe(
        "the picture is the other side's screen: show it whole, and let the user zoom. Absent: it is not",
      ),
    ...z.object(mediaLevelFields).partial().shape,
  }),
  "What the other side reports about itself; older peers report no level",
);

const sentPictureSchema = named(
  "SentPicture",
  z.object({
    ...adaptationFields,
    width: z.number().min(0).describe("pixels"),
    height: z.number().min(0).describe("pixels"),
    fps: z.number().min(0).describe("frames per second"),
  }),
  "The largest frames that are sent, of the camera or the screen; 0 by 0 without either",
);

const shownPictureSchema = named(
  "ShownPicture",
  z.object(adaptationFields),
  "The remote frames for the host's page; the step is relative to the received size and rate",
);

export const checkStateSchema = choice("CheckState", "Whether the two sides have a check code", {
  waiting: "the two plugins have not exchanged what the code is made of",
  code: "`checkCode` has it",
  unsupported: "the other side's program makes no code",
  failed: "the other side did not keep to the exchange, so there is no code: somebody may be in between",
});
export type CheckState = z.infer<typeof checkStateSchema>;

const callProtectionSchema = named(
  "CallProtection",
  z.object({
    path: choice(
      "MediaPath",
      "How sound and picture travel. They are encrypted between the two ends in both cases",
      {
        unknown: "there is no path yet",
        direct: "between the two sides",
        relayed: "through a TURN server, which cannot read them",
      },
    ),
    identity: choice(
      "IdentityProof",
      "Who vouches that the signals, which name the keys, come from the peer",
      {
        key: "the peer proved to our own libp2p node that it has the key of its peer id (Noise)",
        host: "the host, whose node carries the signals",
      },
    ),
    check: checkStateSchema,
    checkCode: z
      .string()
      .optional()
      .describe(
        "four words, the same at both sides if nobody is in between; for the users to read to each other. Present where `check` is `code`",
      ),
    checkCodeChanged: z
      .boolean()
      .optional()
      .describe("true when the call has a new connection since an earlier code, so that users compare again"),
  }),
  "What protects a call, and what its users can compare",
);
export type CallProtection = z.infer<typeof callProtectionSchema>;

export const callInfoSchema = named(
  "CallInfo",
  z.object({
    callId: callIdSchema,
    peerId: peerIdSchema.describe("the other side"),
    peerLabel: z.string().describe("the other side's name for people; empty where it has none"),
    direction: directionSchema,
    media: mediaKindSchema,
    phase: callPhaseSchema,
    createdAt: count().describe("when the call began, Unix milliseconds"),
    connectedAt: count()
      .optional()
      .describe(
        "when media first flowed, Unix milliseconds by the clock as it is set now; changes when the clock is set, so that the duration stays right",
      ),
    local: localMediaSchema,
    wanted: wantedMediaSchema.optional(),
    remote: remoteSideSchema,
    sending: sentPictureSchema,
    showing: shownPictureSchema,
    quality: callQualitySchema,
    protection: callProtectionSchema.optional(),
  }),
  "The state of one call, for the host's page",
);
export type CallInfo = z.infer<typeof callInfoSchema>;

export const unavailableCauseSchema = choice("UnavailableCause", "Why calls are impossible", {
  user: "the user switched calls off with the setting videoDisabled",
  engine: "WebRTC or the native addon does not load",
  device: "there is neither camera nor microphone",
  permission: "this user may not open the devices",
});
export type UnavailableCause = z.infer<typeof unavailableCauseSchema>;

export const availabilitySchema = named(
  "Availability",
  z.object({
    videoDisabled: z.boolean().describe("true while calls are impossible"),
    cause: unavailableCauseSchema.optional().describe("present whenever videoDisabled is true"),
    why: z.string().optional().describe("for people: what to do; present whenever videoDisabled is true"),
  }),
  "Whether this machine can make calls",
);
export type Availability = z.infer<typeof availabilitySchema>;

export const contactSchema = named(
  "Contact",
  z.object({
    peerId: peerIdSchema,
    label: z.string().describe("the peer's name for people; may be empty"),
    addresses: z.array(z.string()).describe("multiaddrs; empty where the host carries the signals"),
    reachable: z.boolean().describe("the peer is connected, or was seen a short time ago"),
    videoDisabled: z
      .boolean()
      .describe("calls are switched off at the peer, so call.start refuses to call it"),
  }),
  "A peer that can be called: discovered, added by its address, or given by the host",
);
export type Contact = z.infer<typeof contactSchema>;
