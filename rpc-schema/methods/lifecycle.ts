// The life of the plugin: initialize → initialized → work → shutdown → exit.

import { z } from "zod";
import { availabilitySchema, peerIdSchema } from "../common.ts";
import { done, method, noParams, notification, servingErrors } from "../definition.ts";
import { choice, named } from "../named.ts";
import { reportedSettingsSchema, settingsChangeSchema } from "../settings/settings.ts";
import { offeredVersions, PROTOCOL_VERSIONS } from "../version.ts";

/** An open list, so that each side can have features that the other one does not know. */
const capabilitiesSchema = z
  .array(named("Capability", z.string().max(64), "Name of an optional feature"))
  .max(64);

const pageOriginSchema = named(
  "PageOrigin",
  z.string().regex(/^[a-z]+:\/\/[^/]+$/, "expected an origin such as http://127.0.0.1:8080"),
  "An origin such as http://127.0.0.1:8080",
);

const hostInfoSchema = named(
  "HostInfo",
  z.object({
    name: z.string().describe("name of the application, for logs"),
    version: z.string().optional().describe("version of the application, for logs"),
    webviewCanCall: z
      .boolean()
      .optional()
      .describe(
        "the host's page has RTCPeerConnection and getUserMedia; absent: only Linux counts as a system without them",
      ),
  }),
  "The application that started the plugin",
);

const pluginInfoSchema = named(
  "PluginInfo",
  z.object({
    name: z.string().describe("name of the package"),
    version: z.string().describe("version of the package"),
  }),
  "The plugin that answers",
);

const identitySchema = named(
  "Identity",
  z.object({ label: z.string().max(4096).describe("the user's name, which peers see") }),
  "The user of this side",
);

const carrierSchema = named(
  "HostTransport",
  z.object({ selfId: peerIdSchema.describe("the host's own peer id") }),
  "The host carries the signals over its own node",
);

const protocolVersionSchema = named(
  "ProtocolVersion",
  z.literal(PROTOCOL_VERSIONS),
  "A version of this contract. The highest one is the version that this document describes",
);

/** `initialize` comes first and only once, `shutdown` comes last. Settings can change at any time in between. */
export const lifecycleMethods = {
  initialize: method(
    "First request. Negotiates the version, and gives the plugin its settings and the user's label. On a busy machine the answer can take 30 s",
    z
      .object({
        protocolVersions: z
          .array(z.number().int())
          .min(1)
          .max(16)
          .optional()
          .describe(
            "every version that the host speaks; the plugin answers the highest one that it speaks too",
          ),
        protocolVersion: z
          .number()
          .int()
          .min(1)
          .optional()
          .describe("a host that speaks one version only can send it in place of protocolVersions"),
        capabilities: capabilitiesSchema
          .optional()
          .describe("optional features of the host; the plugin ignores names that it does not know"),
        host: hostInfoSchema,
        identity: identitySchema,
        dataDir: z
          .string()
          .regex(/^\//, "expected an absolute path")
          .optional()
          .describe(
            "absolute path of the folder for the plugin's key and the missed calls, which is created if it is missing; without it, both are kept in memory only",
          ),
        carrier: carrierSchema
          .optional()
          .describe("the host carries the signals over its own node; without it, the plugin runs a node"),
        pageOrigins: z
          .array(pageOriginSchema)
          .max(16)
          .default([])
          .describe("origins of the pages that may fetch frames from the plugin's loopback server"),
        settings: settingsChangeSchema.optional().describe("the others have their defaults"),
        resume: z
          .string()
          .optional()
          .describe(
            "the last snapshot of calls.persisted, when the previous plugin died in a call; an unusable one is ignored, with a warning in the log",
          ),
      })
      .refine((params) => offeredVersions(params).length > 0, {
        path: ["protocolVersions"],
        error: "expected the versions that the host speaks",
      }),
    z.object({
      protocolVersion: protocolVersionSchema.describe("the version that both sides use from now on"),
      capabilities: capabilitiesSchema
        .optional()
        .describe("optional features of the plugin; absent in version 1"),
      plugin: pluginInfoSchema,
      mode: choice("Mode", "The side that makes the calls", {
        native: "the plugin",
        browser: "the host's page; the plugin then refuses calls with callsInPage",
      }),
      settings: reportedSettingsSchema.describe("the settings in force, defaults filled in"),
    }),
    ["unsupportedProtocolVersion", "alreadyInitialized"],
  ),
  shutdown: method(
    "Ends every call and releases every device, then answers. `exit` follows",
    noParams,
    done,
    [...servingErrors],
  ),
  "settings.update": method(
    "Changes the named settings and keeps the others. A wrong setting refuses the whole change",
    z.object({ settings: settingsChangeSchema.describe("the settings to change") }),
    z.object({
      settings: reportedSettingsSchema.describe("the settings in force"),
      restartNeeded: z.array(z.string()).describe("changed settings that take effect at the next start only"),
    }),
    [...servingErrors],
  ),
};

/** `exit` is accepted at any time, `initialized` only after the answer to `initialize`. */
export const lifecycleHostNotifications = {
  initialized: notification(
    "The host is ready for notifications. The plugin starts its signalling, also over the host's node; calls can start after signalling.changed with the state ready",
    noParams,
  ),
  exit: notification("Exit now, with status 0 after shutdown and status 1 without it", noParams),
};

export const lifecyclePluginNotifications = {
  "signalling.changed": notification(
    "State of the signalling",
    z.object({
      state: choice("SignallingState", "Whether signals can be sent and received", {
        starting: "calls are refused with signallingUnavailable",
        ready: "calls can start",
        failed: "it does not work; `why` has the reason",
        stopped: "the plugin shuts down; version 1 does not have this value",
      }),
      peerId: peerIdSchema.optional().describe("this side's own peer id; absent before it is known"),
      addresses: z
        .array(z.string())
        .describe(
          "multiaddrs, each ending in /p2p/<peerId>; only /p2p/<peerId> where the host carries the signals",
        ),
      why: z.string().optional().describe("for people: why it failed"),
    }),
  ),
  "availability.changed": notification(
    "Whether this machine can make calls, after `initialized` and at every change. A host that carries the signals announces it to its peers",
    availabilitySchema,
  ),
};
