// The plugin's settings with their defaults. `initialize` gives any part of them, and `settings.update` changes any part.

import { z } from "zod";
import { choice, named, nameOf } from "../named.ts";

const multiaddrSchema = named(
  "Multiaddr",
  z.string().regex(/^\//, "expected a multiaddr such as /ip4/127.0.0.1/tcp/4001"),
  "An address of libp2p, such as /ip4/127.0.0.1/tcp/4001",
);

/**
 * RFC 7064 section 3.1 (stun) and RFC 7065 section 3.1 (turn), as far as the engine reads them: no `//`, no user, a host of
 * ASCII. A URL that it does not read would end each call.
 */
const ICE_URL =
  /^(stun|stuns|turn|turns):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?([?]transport=(udp|tcp|UDP|TCP))?$/;
const MAX_PORT = 65_535;

const iceUrlSchema = named(
  "IceServerUrl",
  z
    .string()
    .regex(ICE_URL, "expected a stun: or turn: URL with a host, and no slashes")
    .refine(hasPort, `expected a port from 1 to ${MAX_PORT}`),
  "A URL with the scheme stun, stuns, turn or turns",
);

function hasPort(url: string): boolean {
  const text = ICE_URL.exec(url)?.[3];
  const port = Number(text?.slice(1) ?? MAX_PORT);
  return port >= 1 && port <= MAX_PORT;
}

/** RTCIceServer of W3C webrtc-pc, whose section 4.4.1.6 demands both fields for TURN. */
export const iceServerSchema = named(
  "IceServer",
  z
    .strictObject({
      urls: z.array(iceUrlSchema).min(1).describe("such as stun:stun.example.org:3478"),
      username: z.string().optional().describe("of a TURN server, which needs one"),
      credential: z.string().optional().describe("password for a TURN server, which needs one"),
    })
    .superRefine(({ urls, username, credential }, { addIssue }) => {
      if (!urls.some((url) => url.startsWith("turn"))) return;
      const needed = { username, credential };
      for (const [field, value] of Object.entries(needed)) {
        if (!value)
          addIssue({ code: "custom", path: [field], message: `expected the ${field} of the TURN server` });
      }
    }),
  "A STUN or TURN server",
);
export type IceServer = z.infer<typeof iceServerSchema>;

const pictureSchema = named(
  "PictureSettings",
  z.strictObject({
    width: z.number().int().min(64).max(3840).default(1280).describe("pixels"),
    height: z.number().int().min(64).max(2160).default(720).describe("pixels"),
    fps: z.number().int().min(1).max(60).default(30).describe("frames per second"),
  }),
  "A size and a rate of frames",
).prefault({});

/** Marks a setting that the plugin reads once, when it starts. The documents for hosts carry the mark under this name. */
const NEEDS_RESTART = "x-needs-restart";
const atStart = { [NEEDS_RESTART]: true };

const waitMs = (defaultMs: number, meaning: string) =>
  z.number().int().min(10).max(3_600_000).default(defaultMs).describe(`${meaning}, milliseconds`);

/** Every timeout of the statecharts. The defaults suit people, and tests shorten them. */
export const timeoutsSchema = named(
  "Timeouts",
  z.strictObject({
    requestMs: waitMs(10_000, "time for the peer's signalling to acknowledge the call request"),
    ringMs: waitMs(60_000, "time until an unanswered call ends, on both sides"),
    negotiationMs: waitMs(20_000, "time for the exchange of offer and answer after the accept"),
    gatherMs: z
      .number()
      .int()
      .min(0)
      .max(5_000)
      .default(300)
      .describe("how long an offer or an answer waits for ICE candidates that it can include, milliseconds"),
    connectMs: waitMs(20_000, "time to find a network path after the descriptions were exchanged"),
    lostMs: waitMs(4_000, "time from a disconnection to the ICE restart"),
    restartMs: waitMs(20_000, "time for an ICE restart to find a network path"),
    hangupMs: waitMs(
      700,
      "time to send a hang-up; shorter than the second that the host grants for the exit",
    ),
  }),
  "Every wait of a call",
).prefault({});
export type Timeouts = z.infer<typeof timeoutsSchema>;

/** `parse({})` gives the defaults. Strict, because a misspelt setting is a mistake of the user. */
export const settingsSchema = named(
  "Settings",
  z.strictObject({
    videoDisabled: z
      .boolean()
      .default(false)
      .describe("switches calls off: peers learn about it, and no device is opened"),
    mode: choice("ModeSetting", "Who makes the calls", {
      auto: "whichever suits the system",
      native: "the plugin",
      browser: "the host's page",
    })
      .default("auto")
      .describe("who makes the calls")
      .meta(atStart),
    debugging: z.boolean().default(false).describe("log every signal and every change of state"),
    recording: choice("RecordingSetting", "What an event log contains", {
      off: "no log is written",
      masked: "no secrets, addresses or names of devices",
      full: "everything; for your own use only",
    })
      .default("off")
      .describe("write an event log of each run into the host's dataDir"),
    camera: z.string().min(1).default("auto").describe("auto, test-pattern, none, or a camera's id"),
    microphone: z.string().min(1).default("auto").describe("auto, tone, none, or a microphone's id"),
    speaker: z.string().min(1).default("auto").describe("auto, none, or a speaker's id"),
    ringer: z
      .string()
      .min(1)
      .default("auto")
      .describe(
        "the speaker on which incoming calls ring: auto (the system's default, or none where the setting speaker is none), none, or a speaker's id",
      ),
    ringtone: choice("RingtoneSetting", "Whether the plugin plays the sounds around a call", {
      on: "it rings, and plays the tones of a call that rings, is busy or has ended",
      off: "it plays none of them",
    })
      .default("on")
      .describe("whether the plugin rings and plays the tones around a call"),
    notifications: z
      .boolean()
      .default(true)
      .describe("show a desktop notification with Answer and Decline while a call comes in"),
    toneHz: z.number().min(50).max(8_000).default(440).describe("frequency of the microphone `tone`, hertz"),
    echoCancellation: z
      .boolean()
      .default(true)
      .describe("remove the speaker's sound from the microphone's signal"),
    noiseSuppression: z.boolean().default(true).describe("remove steady noise from the microphone's signal"),
    automaticGain: z.boolean().default(true).describe("keep the voice at an even level"),
    whenDeviceReturns: choice("ReturningDeviceSetting", "What happens to a device that returns in a call", {
      take: "the call switches to it",
      offer: "the call names it in `offered`, and call.useDevice switches to it",
    })
      .default("take")
      .describe("what happens in a call when a lost device, or the preferred one, is available again"),
    adaptation: z
      .boolean()
      .default(true)
      .describe("send smaller and fewer frames while the network, the processor or the page cannot keep up"),
    picture: pictureSchema.describe("largest frames that are captured and sent"),
    maxVideoBitrateBps: z
      .number()
      .int()
      .min(50_000)
      .max(20_000_000)
      .default(1_500_000)
      .describe("ceiling of the video that is sent, bits per second"),
    iceServers: z
      .array(iceServerSchema)
      .max(16)
      .default([{ urls: ["stun:stun.l.google.com:19302"] }])
      .describe("STUN and TURN servers that help to find a path to the peer"),
    relayOnly: z
      .boolean()
      .default(false)
      .describe(
        "sound and picture go only through a TURN server of iceServers, so that the peer's WebRTC learns none of our addresses; from the next connection on. The peer may still learn them from the plugin's libp2p node or from the host's signalling",
      ),
    signalling: named(
      "SignallingSettings",
      z.strictObject({
        listen: z
          .array(multiaddrSchema)
          .max(16)
          .default(["/ip4/0.0.0.0/tcp/0"])
          .describe(
            "multiaddrs on which the plugin's node listens; port 0 means any; media uses every network interface",
          )
          .meta(atStart),
        peers: z
          .array(multiaddrSchema)
          .max(256)
          .default([])
          .describe("peers to dial at the start, each ending in /p2p/<id>")
          .meta(atStart),
        mdns: z.boolean().default(true).describe("find peers on the local network").meta(atStart),
        presence: z
          .boolean()
          .default(true)
          .describe("announce this plugin to its peers, and follow their announcements")
          .meta(atStart),
        relays: z
          .array(multiaddrSchema)
          .max(16)
          .default([])
          .describe("circuit relays (v2) through which peers reach this plugin, each ending in /p2p/<id>")
          .meta(atStart),
      }),
      "The plugin's own libp2p node; without effect where the host carries the signals",
    )
      .prefault({})
      .describe("the plugin's own libp2p node"),
    timeouts: timeoutsSchema.describe("how long a call waits for what; tests shorten them"),
  }),
  "The settings in force, defaults filled in",
);
/** Complete settings, defaults filled in. */
export type Settings = z.infer<typeof settingsSchema>;
/** Settings as a host can give them: any part. */
export type SettingsInput = z.input<typeof settingsSchema>;

/** Any part of T, at any depth. Arrays are replaced as a whole. */
export type DeepPartial<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { [K in keyof T]?: DeepPartial<T[K]> }
    : T;

/** The paths of the settings that take effect at the next start only, such as `signalling.listen`. */
export const settingsReadAtStart: readonly string[] = pathsReadAtStart(settingsSchema, "");

function pathsReadAtStart(schema: z.ZodType, path: string): string[] {
  if (schema.meta()?.[NEEDS_RESTART] === true) return [path];
  const inner = withoutDefault(schema);
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries<z.ZodType>(inner.shape).flatMap(([key, field]) =>
    pathsReadAtStart(field, path === "" ? key : `${path}.${key}`),
  );
}

/** A change of settings. Only the given fields change, so none of them has a default. */
export const settingsChangeSchema = partial(settingsSchema) as z.ZodType<DeepPartial<Settings>>;

function partial(schema: z.ZodType): z.ZodType {
  const inner = withoutDefault(schema);
  if (!(inner instanceof z.ZodObject)) return inner;
  const fields = Object.entries<z.ZodType>(inner.shape).map(([key, field]) => [
    key,
    withMetaOf(field, partial(field).optional()),
  ]);
  const changed = z.strictObject(Object.fromEntries(fields));
  const name = nameOf(inner);
  return name === undefined ? changed : named(`${name}Change`, changed, `Any part of ${name}`);
}

function withoutDefault(schema: z.ZodType): z.ZodType {
  if (!(schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault)) return schema;
  return withoutDefault(schema.unwrap() as z.ZodType);
}

/**
 * The settings in force, as the plugin reports them. Unlike {@link settingsSchema} it lets unknown settings through, since a
 * newer plugin may have more, and those that an older plugin lacks get their defaults.
 */
export const reportedSettingsSchema = tolerant(settingsSchema) as unknown as typeof settingsSchema;

function tolerant(schema: z.ZodType): z.ZodType {
  const copy = withMetaOf(schema, tolerantCopy(schema));
  const name = nameOf(schema);
  return name === undefined || copy === schema ? copy : named(name, copy);
}

/** Nothing is copied from a schema to itself, because a copy of a named schema has no name. */
function withMetaOf(schema: z.ZodType, copy: z.ZodType): z.ZodType {
  const described = schema.meta();
  return described === undefined || copy === schema ? copy : copy.meta(described);
}

function tolerantCopy(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodDefault) {
    return tolerant(schema.unwrap() as z.ZodType).default(schema.def.defaultValue);
  }
  if (schema instanceof z.ZodPrefault) {
    return tolerant(schema.unwrap() as z.ZodType).prefault(schema.def.defaultValue);
  }
  if (schema instanceof z.ZodArray) {
    return schema.clone({ ...schema.def, element: tolerant(schema.element as z.ZodType) });
  }
  if (!(schema instanceof z.ZodObject)) return schema;
  const fields = Object.entries<z.ZodType>(schema.shape).map(([key, field]) => [key, tolerant(field)]);
  return z.object(Object.fromEntries(fields));
}
